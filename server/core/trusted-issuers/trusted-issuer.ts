/**
 * Who may vouch for somebody here: the identity providers whose word for a person counts (ID-JAG), and the issuers of what workloads are known
 * by. Nobody is both, so that neither can pass for the other.
 *
 * @see RFC 7523 section 3: the issuer is one that the server trusts
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4.1: explicit configuration for each issuer
 * @see docs/adr/0185-who-vouches-for-people.md
 * @see docs/adr/0187-workloads-are-rules.md
 * @module
 */
import type { ClientJwks } from '../../../shared/client-jwks.ts'

/** An issuer that an administrator trusts. */
export interface TrustedIssuer {
  /** As its assertions say it, byte for byte. */
  readonly issuer: string
  readonly keys: KeySource
  /** What it may sign with. */
  readonly algorithms: readonly string[]
  /** How long an assertion may be good, from its `iat` to its `exp`. Seconds. */
  readonly longestLifetime: number
  /** Whether an assertion counts until it expires, and not just once. */
  readonly reusable: boolean
}

/** Where the keys of an issuer are: `discovery`: where its metadata says. */
export type KeySource =
  | { readonly kind: 'pinned'; readonly jwks: ClientJwks }
  | { readonly kind: 'published'; readonly jwksUri: string }
  | { readonly kind: 'discovery' }

/** An identity provider whose ID-JAGs are redeemed. */
export interface IdentityProvider extends TrustedIssuer {
  /** The one of its organisations whose people may come; null: it has none, and names none. */
  readonly tenant: string | null
  /** `strict`: only people who are linked to an account; `auto_map`: others get an account when they first come. */
  readonly subjects: 'strict' | 'auto_map'
  /** What one of them allows is allowed. */
  readonly rules: readonly AccessRule[]
}

/** Null: any. */
export interface AccessRule {
  readonly clients: readonly string[] | null
  readonly resources: readonly string[] | null
  readonly scopes: readonly string[] | null
}

/** A program that is known by what an issuer says of it. */
export interface Workload {
  readonly name: string
  readonly issuer: string
  /** Each of these claims has one of these values, or is a list that holds one. */
  readonly claims: Readonly<Record<string, readonly ClaimValue[]>>
  /** Where it may go. */
  readonly resources: readonly string[]
  /** The most that it may have; null: whatever the resource offers. */
  readonly scopes: readonly string[] | null
  /** Whether its tokens say that an agent acts. */
  readonly agent: boolean
}

export type ClaimValue = string | number | boolean

/** Enterprise-managed authorization. */
export interface XaaSettings {
  readonly providers: readonly IdentityProvider[]
  /** Whether clients that cannot prove who they are may redeem ID-JAGs. */
  readonly publicClients: boolean
}

/** Workload identity federation. `workloads`: the first that fits counts. */
export interface WifSettings {
  readonly issuers: readonly TrustedIssuer[]
  readonly workloads: readonly Workload[]
}
