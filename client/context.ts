/**
 * What every part of a session is handed: the ports to the outside and the options, defaults filled in.
 *
 * @module
 */

import { encodeBase64url } from '../shared/encode-base64url.ts'
import type { DpopMode } from './dpop/binding.ts'
import type { Peers } from './dpop/peers.ts'
import type { SessionEvent } from './events.ts'
import type { GrantType } from './grants/grant-type.ts'
import type { Store } from './stores/store.ts'
import type { KnownAuthMethod } from './token/client-authentication.ts'
import type { ClientKey } from './token/private-key-jwt.ts'

/** The web's `fetch`, and nothing more. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/**
 * Who the host is. With `id`: pre-registered at `issuer`, and used nowhere else. With `metadataUrl`: the document there, at servers that
 * read such documents. Without, and elsewhere: registered on the fly, with the descriptive members.
 */
export interface ClientOptions {
  /** The client id that the authorization server handed out. */
  readonly id?: string
  /** The URL of the host's client ID metadata document: its id at every server that reads such documents (`clientDocument` makes one). */
  readonly metadataUrl?: string
  /**
   * The redirect URIs that `id` is registered with, or that the document lists. Interactions then use one of them; a loopback one without
   * a port stands for any port. Default: for a document whatever is asked for, with `/callback` as the loopback path.
   */
  readonly redirectUris?: readonly string[]
  /** Needs `id` and `issuer` beside it: a secret is never offered to whichever server a resource happens to name. */
  readonly secret?: string
  /** The key that the client proves itself with (`privateKeyJwt`). Beside `id` it needs `issuer`; beside `metadataUrl` the document names it. */
  readonly auth?: ClientKey
  /**
   * The issuer that the client is for, byte for byte: no other is used. Without it an `id` is bound to the first issuer that it is used at.
   */
  readonly issuer?: string
  /** How `secret` is sent. Default: what the server's metadata allows, basic before post. */
  readonly authMethod?: KnownAuthMethod
  /** The name that the consent page shows. Default `MCP client`. */
  readonly name?: string
  /** It acts by itself, and registers as an agent. A document says so with `clientDocument({ agent: true })`. */
  readonly agent?: true
  readonly uri?: string
  readonly logoUri?: string
  readonly softwareId?: string
  readonly softwareVersion?: string
}

/** The id that the host has given, of either kind; `undefined`: it registers itself. What is kept for one is nothing to another. */
export const configuredId = ({ id, metadataUrl }: ClientOptions): string | undefined => id ?? metadataUrl

/** The one authorization server that the grant or the client is for; `undefined`: whichever the resource names. */
export const configuredIssuer = ({ grant, client }: Pick<ClientContext, 'grant' | 'client'>): string | undefined =>
  grant?.issuer ?? client.issuer

/** Deviations from the specifications, each for a server that needs it. None is on by default. */
export interface ClientCompat {
  /**
   * Accept protected resource metadata whose `resource` is a parent of the URL (same origin, path prefix), as the official SDKs do.
   * RFC 9728 section 3.3 wants the very same identifier: a parent's metadata may speak for a neighbour.
   */
  readonly acceptParentResource?: boolean
  /**
   * Where a resource publishes no metadata (every place for it answers 4xx), take its origin for its authorization server, as MCP
   * 2025-03-26 did; where that publishes none either, `/authorize`, `/token` and `/register` there.
   */
  readonly authorizeAtOrigin?: boolean
  /** Send this `resource` instead of the one in the metadata, or none at all. MCP wants it in every request. */
  readonly resourceParameter?: string | 'omit'
}

/** Picks one of the listed issuers; `undefined` refuses them all. `held` are those that this client has credentials for. */
export type ChooseAuthorizationServer = (
  issuers: readonly string[],
  context: { readonly resource: string; readonly held: readonly string[] },
) => string | undefined | Promise<string | undefined>

/** The session's ports and settings. Times in seconds. */
export interface ClientContext {
  /** The resource's URL: scheme and host in lower case, otherwise as it was given. */
  readonly resource: string
  readonly profile: string
  readonly client: ClientOptions
  readonly scope: readonly string[]
  readonly compat: ClientCompat
  readonly dpop: DpopMode
  /** `undefined`: the authorization code, through a person's browser. */
  readonly grant: GrantType | undefined
  readonly store: Store
  /** Every request of the session goes through it, so that no nonce is missed. */
  readonly fetch: Fetch
  /** What the origins said by which proofs are made. */
  readonly peers: Peers
  readonly now: () => number
  /** Waits for some seconds; rejects with the signal's reason. Default: as `setTimeout` does. */
  readonly sleep: ((seconds: number, signal: AbortSignal) => Promise<void>) | undefined
  readonly timeout: number
  readonly signal: AbortSignal | undefined
  readonly emit: (event: SessionEvent) => void
  readonly choose: ChooseAuthorizationServer
}

/** 32 random octets: a `state`, a code verifier, a generation. */
export function randomToken(octets = 32): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(octets)))
}
