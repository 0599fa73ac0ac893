/**
 * The port to URLs that someone else named: client metadata documents, keys, logos. `server/outbound/` implements it.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 8.6: no special-use addresses, neither for the document nor for what it names
 * @see MCP 2026-07-28, security best practices, "SSRF"
 * @module
 */
import type { Result } from '../../shared/result.ts'
import type { UrlProblem } from '../../shared/url-policy.ts'

/** The one door to URLs that someone else named. */
export interface Outbound {
  /** Never throws. Asks once, follows nothing, remembers nothing. */
  get(url: string, request: OutboundRequest): Promise<Result<OutboundAnswer, OutboundFailure>>
}

/** What to ask for at a URL that someone else named. */
export interface OutboundRequest {
  /** The media types wanted, as the header `Accept` lists them. What comes may be of any: look at its `content-type`. */
  readonly accept: string
  /** The longest body that is taken. */
  readonly maxBytes: number
  /** The `etag` of the copy at hand: the answer may then be 304. */
  readonly etag?: string
  readonly signal?: AbortSignal
}

/** The same door for a server that the operator named: what is asked there may bring a form and credentials. */
export interface OutboundDoor extends Outbound {
  /** Never throws. Asks once, follows nothing, remembers nothing. Refusals have an answer, too. */
  ask(url: string, question: OutboundQuestion): Promise<Result<OutboundReply, OutboundFailure>>
}

export interface OutboundQuestion extends Omit<OutboundRequest, 'etag'> {
  /** Posted; left out: it is a GET. */
  readonly form?: URLSearchParams
  /** The header of that name. */
  readonly authorization?: string
}

export interface OutboundReply {
  readonly status: 200 | 400 | 401 | 403
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer>
}

export interface OutboundAnswer {
  /** 304 only for a request with an `etag`. */
  readonly status: 200 | 304
  /** Of what was sent: `age`, `cache-control`, `content-type`, `date`, `etag` and `expires`. */
  readonly headers: Headers
  /** Empty with 304. */
  readonly body: Uint8Array<ArrayBuffer>
}

/** Why there is no answer. Constants: they may be logged, and hold nothing that a stranger wrote. */
export type OutboundFailure =
  /** The URL was not asked at all, or its name resolves to a special-use address. */
  | UrlProblem
  | 'forbidden_port'
  | 'unresolvable'
  | 'unreachable'
  | 'bad_tls'
  | 'timeout'
  /** By the caller's signal. */
  | 'aborted'
  /** Too many are under way here. */
  | 'busy'
  | 'redirected'
  /** 408, 425 and 429: at another time there may be an answer. */
  | 'not_now'
  /** The rest of 4xx, and 5xx. */
  | 'client_error'
  | 'server_error'
  | 'unexpected_status'
  /** Compressed, although that was not asked for. */
  | 'encoded'
  | 'too_large'
  /** Not HTTP, or not all of it arrived. */
  | 'broken_answer'
