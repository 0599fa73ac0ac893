/**
 * An identity provider that an administrator trusts to sign people in.
 *
 * @module
 */
import type { JWK } from 'jose'

export interface OidcProvider {
  /** In the addresses of this server: letters, digits, `-`. */
  readonly id: string
  /** On the sign-in page. */
  readonly name: string
  /** As its metadata and its tokens say it, byte for byte. */
  readonly issuer: string
  readonly clientId: string
  readonly clientAuth: UpstreamClientAuth
  /** Beside `openid`. */
  readonly scopes: readonly string[]
  /** Of verified e-mail addresses whose people may come; null: any, or none. */
  readonly domains: readonly string[] | null
  /** One of which a person has to be in; null: no matter. */
  readonly groups: readonly string[] | null
  readonly claims: ClaimNames
  readonly prompt: string | null
  /** More of the authorization request. What this server sets itself wins. */
  readonly parameters: Readonly<Record<string, string>>
  /** `create`: whoever may come gets an account with the first sign-in; `linked`: only who is linked to one. */
  readonly accounts: 'create' | 'linked'
  /** Whether what the ID token does not say is asked for at the userinfo endpoint. */
  readonly userinfo: boolean
  readonly algorithms: readonly string[]
  /** For whom else its ID tokens may be. */
  readonly audiences: readonly string[]
  /** Whether who signs out here is signed out there. */
  readonly signOut: boolean
  /** Whether who is signed out there loses what was granted here, beside the session. */
  readonly logoutEndsAccess: boolean
}

/** How this server proves itself at a provider. */
export type UpstreamClientAuth =
  | { readonly method: 'none' }
  | { readonly method: 'client_secret_basic' | 'client_secret_post'; readonly secret: string }
  | { readonly method: 'private_key_jwt'; readonly key: JWK }

/** What a provider calls what is wanted to know of a person. */
export interface ClaimNames {
  readonly username: string
  readonly name: string
  readonly email: string
  readonly groups: string
}
