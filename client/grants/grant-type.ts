/**
 * How a session gets its tokens where that is not the authorization code: a small object that a host passes in, ours or its own.
 *
 * @see RFC 6749 section 4 (the grants), section 4.5 (extension grants)
 * @see RFC 7521 section 4.1: assertions as grants
 * @module
 */
import type { ForeignTokenResponse } from '../../shared/foreign-token-response.ts'
import type { Fetch } from '../context.ts'
import type { ValidatedServerMetadata } from '../discovery/discovery.ts'
import type { StoredKey } from '../dpop/stored-key.ts'
import type { JsonAnswer } from '../http/request-json.ts'
import type { GrantMachinery } from '../session/by-grant.ts'
import type { ClientAuthentication } from '../token/client-authentication.ts'

/** Form parameters; `undefined` is left out, several values become several parameters. */
export type FormParameters = Readonly<Record<string, string | readonly string[] | undefined>>

/** What a grant is given for one authorization. Everything has been discovered and checked. */
export interface GrantStep {
  /** The session's resource: the MCP server's URL. */
  readonly resource: string
  /** The `resource` parameter, which `token` adds by itself: as the resource's metadata has it, unless `compat` says otherwise. */
  readonly indicator: string | undefined
  /** The authorization server that was chosen; the audience of an assertion. */
  readonly issuer: string
  readonly server: ValidatedServerMetadata
  /** The client's id at this server; `undefined` where the grant does without one (`anonymous`). */
  readonly clientId: string | undefined
  /** What to ask for. Empty: leave the parameter out. */
  readonly scope: readonly string[]
  /**
   * Asks the token endpoint. `resource`, the client's authentication and a proof of its DPoP key are added.
   *
   * @throws {SallyportError} `invalid_grant`, `invalid_client`, `grant_unsupported`, `token_request_failed` (with `oauthError`),
   *   `server_unavailable`, and what the network brings
   */
  readonly token: (params: FormParameters & { readonly grant_type: string }) => Promise<ForeignTokenResponse>
  /** What authenticates the client at an endpoint of this server, fresh for one request. Give it to nobody else. */
  readonly authentication: () => Promise<ClientAuthentication>
  /**
   * Sends a form to any URL that the URL policy admits, with a time limit, and nothing that is not given here. Returns every status.
   *
   * @throws {SallyportError} `url_refused`, `redirect_refused`, `network_error`, `timeout`, `aborted`, `response_too_large`
   */
  readonly post: (
    url: string,
    params: FormParameters,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<JsonAnswer>
  /**
   * Shows a code for another device through the session's interactions.
   *
   * @throws {SallyportError} `interaction_unavailable` where none of them can
   */
  readonly show: (code: DeviceCode) => Promise<void>
  /** The session's own `fetch`, bare: neither checked nor bounded. */
  readonly fetch: Fetch
  /** Seconds since the epoch. */
  readonly now: () => number
  /** Waits for some seconds; rejects when the authorization is over. */
  readonly sleep: (seconds: number) => Promise<void>
  /** Aborts when the authorization is over: given up, or because `obtain` has settled. */
  readonly signal: AbortSignal
}

/** What a person needs to sign in on another device. */
export interface DeviceCode {
  /** To be shown as it is, e.g. `WDJB-MJHT`. */
  readonly userCode: string
  /** Where to enter it. Checked: https, or http on loopback. */
  readonly verificationUri: string
  /** The same with the code in it: for a link or a QR code. */
  readonly verificationUriComplete: string | undefined
  /** Seconds since the epoch. */
  readonly expiresAt: number
  /** Aborts when the code is of no use any more: used, expired, or given up. */
  readonly signal: AbortSignal
}

/**
 * What makes a grant. `obtain` runs each time that tokens are needed and cannot be refreshed; what it resolves with is stored, bound to resource,
 * issuer and client, and refreshed if it can be. What it throws that is no `SallyportError` becomes the `cause` of `grant_failed`.
 *
 * @example
 * const assertion = defineGrant({
 *   name: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
 *   unattended: true,
 *   obtain: async ({ issuer, token }) =>
 *     token({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: await signFor(issuer) }),
 * })
 * createSession(url, { grant: assertion })
 */
export interface GrantDefinition {
  /** The `grant_type`, for traces and for keeping the tokens of machines apart from those of persons. */
  readonly name: string
  /** No person is waited for, so `session.fetch` may run it. */
  readonly unattended?: boolean
  /** Its tokens are a person's, though nobody is waited for: in a store that is shared, each person has a `profile`. */
  readonly personal?: boolean
  /** Works without a client id (RFC 7521 section 4.1); a configured one is used all the same. */
  readonly anonymous?: boolean
  /** Asked for where the resource's challenge names no scope, and the session's options neither. */
  readonly scope?: readonly string[]
  /**
   * Where this grant can only be used; any other server is `client_issuer_mismatch`. To be set wherever what the grant sends would be worth
   * something elsewhere: the resource alone names the server, and anybody can run a resource.
   */
  readonly issuer?: string
  /** Throws for a server that cannot have it, before anything is registered there. */
  readonly checkServer?: (server: ValidatedServerMetadata) => void
  /** The key that its tokens are to be bound to, because what it begins with is bound to that one. Default: a new one. */
  readonly key?: () => Promise<StoredKey | undefined>
  readonly obtain: (step: GrantStep) => Promise<ForeignTokenResponse>
}

/** A grant that can be handed in. `defineGrant` makes one. */
export interface GrantType extends GrantDefinition {
  /** How sessions run it. It comes along with the grant: those that sign a person in with a browser need not load it. */
  readonly machinery: GrantMachinery
}
