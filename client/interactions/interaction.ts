/**
 * How a person (or a program in a person's place) gets from an authorization URL to a callback: a capability that a host passes in.
 * The default is none, so that a server process can never open a browser by accident.
 *
 * @module
 */
import type { Fetch } from '../context.ts'
import type { DeviceCode } from '../grants/grant-type.ts'

/** What becomes of a callback that somebody presents: it is another's, or it settles the flow in one way or the other. */
export type Verdict = 'foreign' | 'accepted' | 'denied' | 'refused'

/** What an interaction may know before there is a URL. */
export interface InteractionContext {
  readonly resource: string
  readonly issuer: string
  /** Set when an interaction before this one in the list has fixed it: use it, or decline. */
  readonly redirectUri: string | undefined
  /**
   * Set when the client is known by certain redirect URIs: use one of them (`registeredLoopback` finds it), or decline. A loopback one
   * without a port stands for any port.
   */
  readonly registered?: readonly string[] | undefined
  /** Set when the redirect URI may be made up: a path segment of this issuer's own, a second defence against mix-up. */
  readonly issuerSegment: string | undefined
  readonly signal: AbortSignal
}

/** What an interaction is given to show. */
export interface InteractionRequest {
  /** Checked: https, or http on loopback, no control characters. */
  readonly url: string
  /** Judges a callback without using it up. `foreign`: keep waiting. */
  readonly judge: (params: URLSearchParams) => Verdict
  readonly fetch: Fetch
  /** Aborts when the flow is over: answered elsewhere, expired, or given up. */
  readonly signal: AbortSignal
}

/** Ready to receive: sockets are bound, so the redirect URI is the real one. */
export interface PreparedInteraction {
  readonly redirectUri: string
  /** Shows the URL; resolves with the callback URL. */
  readonly open: (request: InteractionRequest) => Promise<string>
  readonly close: () => Promise<void>
}

/**
 * A way to interact. Several in a list work side by side on one redirect URI: the first answer counts.
 *
 * @example const session = createSession(url, { interaction: [loopback(), paste(process.stdin)] })
 */
export interface Interaction {
  readonly name: string
  /** No person is waited for, so `session.fetch` may wait for it. */
  readonly unattended?: boolean
  /** Gets ready; `undefined` where it cannot work here. */
  readonly prepare: (context: InteractionContext) => Promise<PreparedInteraction | undefined>
  /** Shows a code to be entered on another device, for as long as its signal has not aborted. Rejecting ends the sign-in. */
  readonly showCode?: (code: DeviceCode) => Promise<void>
}
