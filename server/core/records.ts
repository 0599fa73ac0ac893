/**
 * What the authorization server remembers. Rows are converted to these once, in the store.
 * Times are seconds since the epoch. A `hash` stands for a secret that itself is never stored: base64url(SHA-256), behind the locator where
 * there is one (`tokens/opaque-token.ts`).
 *
 * @module
 */
import type { ClientJwks } from '../../shared/client-jwks.ts'
import type { ApplicationType, ClientAuthMethod, ClientRegistrationRequest } from '../../shared/client-metadata.ts'
import type { ScopeHierarchy } from '../../shared/scope.ts'

/**
 * Whether tokens must be bound to a key: `optional`: they are where the client proves one; `required`; `nonce`: required, and every proof
 * needs a nonce of ours.
 */
export type DpopPolicy = 'optional' | 'required' | 'nonce'

/** A registered client. */
export interface Client {
  readonly id: string
  readonly name: string | null
  readonly redirectUris: readonly string[]
  /** How it may prove itself; not empty. The first is what it is told that it registered. */
  readonly authMethods: readonly ClientAuthMethod[]
  /** The newest first. Another one is accepted too until it expires, so that a secret can be changed without haste. */
  readonly secrets: readonly ClientSecret[]
  /** Its public keys; null: it has none, or publishes them at `jwksUri`. */
  readonly jwks: ClientJwks | null
  readonly jwksUri: string | null
  readonly grantTypes: readonly string[]
  readonly responseTypes: readonly string[]
  readonly applicationType: ApplicationType
  /** The scope it registered: advice, not a limit. */
  readonly scope: string | null
  /** The most that an administrator lets it have; null: whatever the resource offers. */
  readonly scopeCeiling: readonly string[] | null
  /** The identifier of the resource that it is, for a resource server: it may look at that resource's tokens. */
  readonly resource: string | null
  /** Of its tokens, whichever resource they are for. */
  readonly dpop: DpopPolicy
  /** Whether it is software that acts by itself: as it says, or as an administrator says. */
  readonly agent: boolean
  /** Descriptive members of its metadata (`client_uri`, `logo_uri`, ...), echoed and shown. */
  readonly metadata: ClientDescription
  /** Who registered it: an administrator, or the client itself. */
  readonly origin: 'administrator' | 'dynamic' | 'document'
  readonly issuedAt: number
  /** To an hour; of a document, when it was last read. Null: never. */
  readonly lastUsedAt: number | null
  /** When it may be forgotten, unless it is used before; null: never. */
  readonly expiresAt: number | null
}

/** A client secret. */
export interface ClientSecret {
  readonly hash: string
  /** 0: never. */
  readonly expiresAt: number
}

/** The keys that a client publishes, as they were when they were last read. */
export interface PublishedKeySet {
  /** Where they are. */
  readonly jwksUri: string
  readonly jwks: ClientJwks
  readonly fetchedAt: number
  /** Until then they are certainly kept. */
  readonly keptUntil: number
}

export type ClientDescription = Pick<
  ClientRegistrationRequest,
  'client_uri' | 'logo_uri' | 'tos_uri' | 'policy_uri' | 'contacts' | 'software_id' | 'software_version'
>

/** An initial access token: an administrator's permission to register clients. */
export interface RegistrationToken {
  /** What the administrator calls it. */
  readonly name: string
  readonly hash: string
  readonly createdAt: number
  readonly expiresAt: number
  /** How many clients it may still register; null: as many as it likes. */
  readonly usesLeft: number | null
}

/** A protected resource (an MCP server) that tokens may be issued for. */
export interface Resource {
  /** The identifier, the `aud` of its tokens, compared as a string. */
  readonly identifier: string
  /** Other spellings that clients may send for it, e.g. with a trailing slash. */
  readonly aliases: readonly string[]
  readonly name: string | null
  /** Each scope with the sentence that the consent page shows. */
  readonly scopes: Readonly<Record<string, string>>
  /** Scopes with the narrower ones that they imply. Without cycles. */
  readonly scopeHierarchy: ScopeHierarchy
  /** Granted when a request names no scope and that is allowed; null: all scopes. */
  readonly defaultScopes: readonly string[] | null
  /** Of its access tokens; null: as the settings say for all. */
  readonly accessTokenLifetime: number | null
  /** Of its access tokens, whichever client they are for. */
  readonly dpop: DpopPolicy
}

/** One person's consent in action: the family of everything that was issued from one authorization. */
export interface Grant {
  readonly id: string
  readonly userId: string
  readonly clientId: string
  readonly resource: string
  readonly scopes: readonly string[]
  readonly createdAt: number
  /** The end of the family, however often it is refreshed. */
  readonly expiresAt: number
  readonly revokedAt: number | null
}

/** An authorization code. Client, resource and scopes are those of its grant. */
export interface AuthorizationCode {
  readonly hash: string
  readonly grantId: string
  readonly redirectUri: string
  /** S256 only. */
  readonly codeChallenge: string
  /** The thumbprint of the key that whoever redeems it must hold; null: any, or none. */
  readonly boundTo: string | null
  readonly expiresAt: number
  readonly consumedAt: number | null
}

/** A refresh token. Client, resource and scopes are those of its grant. */
export interface RefreshToken {
  readonly hash: string
  readonly grantId: string
  readonly createdAt: number
  /** The end of its idle time. */
  readonly expiresAt: number
  readonly consumedAt: number | null
  readonly successorHash: string | null
  /** The token itself, sealed for the bearer of its predecessor; null for the first of a grant, and once it was used. */
  readonly sealedValue: string | null
  /** The thumbprint of the key that whoever uses it must hold; null: any, or none. */
  readonly boundTo: string | null
}

/** What a person once agreed to for a client at a resource. */
export interface Consent {
  readonly userId: string
  readonly clientId: string
  readonly resource: string
  readonly scopes: readonly string[]
  readonly grantedAt: number
  /** What the client was then; null: not known, from a time when clients did not change. */
  readonly clientDigest: string | null
}

/** A person who can sign in. */
export interface User {
  readonly id: string
  readonly username: string
  readonly displayName: string | null
  /** An encoded scrypt hash with its parameters and salt; null: the person has no password here. */
  readonly passwordHash: string | null
  readonly createdAt: number
  /** Since when the person cannot sign in, and nothing is issued for them; null: they can. */
  readonly disabledAt: number | null
}

/** A person as an identity provider knows them: `issuer` and `subject` together, and nothing else, say who it is. */
export interface Identity {
  readonly issuer: string
  readonly subject: string
  readonly userId: string
  readonly linkedAt: number
  /** When the provider last said that this is one of its people. */
  readonly lastSeenAt: number
  /** The provider's refresh token, sealed; null: there is none. */
  readonly sealedRefreshToken: string | null
  /** When the provider is to be asked again; null: it is not asked. */
  readonly checkAt: number | null
}

/** A sign-in at an identity provider that has begun in a browser, and is awaited. */
export interface PendingSignIn {
  /** Hash of the `state`. */
  readonly hash: string
  /** Hash of the cookie of the browser that began it. */
  readonly browser: string
  /** The id of the provider in the settings. */
  readonly provider: string
  /** The query of the authorization request that it is for; null: none. */
  readonly request: string | null
  readonly expiresAt: number
}

/** A browser that a person signed in with. */
export interface Session {
  /** Hash of the cookie's value. */
  readonly hash: string
  readonly userId: string
  readonly createdAt: number
  readonly expiresAt: number
  /** The session at an identity provider that it came from; left out: from none. */
  readonly upstream?: UpstreamSession
}

/** A session at an identity provider. */
export interface UpstreamSession {
  readonly issuer: string
  readonly subject: string
  /** The provider's name for it; null: it gave none. */
  readonly sid: string | null
  /** The ID token, sealed for the bearer of the cookie: the provider wants it back when they sign out. */
  readonly sealedIdToken: string
}
