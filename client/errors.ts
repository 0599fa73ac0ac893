/**
 * Everything that can go wrong in the client, as one class over one table.
 *
 * @see RFC 6749 section 5.2: `error`, `error_description`, `error_uri`
 * @module
 */
import { FINAL, INTERACTIVE, RETRYABLE, type SallyportErrorCode } from './error-codes.ts'

export type { SallyportErrorCode } from './error-codes.ts'

/** What an error may carry beside its code. */
export interface SallyportErrorDetails {
  readonly cause?: unknown
  /** The OAuth `error` that a server sent. */
  readonly oauthError?: string | undefined
  /** The server's own words. Show them as foreign text only. */
  readonly errorDescription?: string | undefined
  readonly errorUri?: string | undefined
  /** Seconds until a new attempt makes sense. */
  readonly retryAfter?: number | undefined
  /** The HTTP status that was answered. */
  readonly status?: number | undefined
  /** The URL, without query, that the failure is about. */
  readonly url?: string | undefined
}

type ErrorWords = { readonly [Name in 'error' | 'error_description' | 'error_uri']?: string | undefined }

/** A server's own words, as an error carries them. */
export const saidBy = ({ error, error_description, error_uri }: ErrorWords) => ({
  oauthError: error,
  errorDescription: error_description,
  errorUri: error_uri,
})

/** The stamp by which both generations of the MCP SDK let an error of a `fetch` through unwrapped. */
const AUTH_SEAM = Symbol.for('mcp.authSeamEscape')

/**
 * The one error class of the client.
 *
 * `code` tells what happened; `interactive` (a person must act), `retryable` (later may work) and `final` (the credential or
 * registration is dead) tell what to do. `message` is the code, and where to read about it (`describeError` has words); a server's own are on
 * `errorDescription` only.
 *
 * @example
 * try { await session.authorize() } catch (error) {
 *   if (error instanceof SallyportError && error.retryable) return retryIn(error.retryAfter ?? 5)
 *   throw error
 * }
 */
export class SallyportError extends Error {
  override readonly name: string = 'SallyportError'
  declare readonly code: SallyportErrorCode
  declare readonly interactive: boolean
  declare readonly retryable: boolean
  declare readonly final: boolean
  declare readonly oauthError: string | undefined
  declare readonly errorDescription: string | undefined
  declare readonly errorUri: string | undefined
  declare readonly retryAfter: number | undefined
  declare readonly status: number | undefined
  declare readonly url: string | undefined
  readonly [AUTH_SEAM] = true

  constructor(code: SallyportErrorCode, { cause, ...details }: SallyportErrorDetails = {}) {
    super(messageOf(code, cause), cause === undefined ? undefined : { cause })
    const nature = {
      interactive: INTERACTIVE.includes(code),
      retryable: RETRYABLE.includes(code),
      final: FINAL.includes(code),
    }
    Object.assign(this, { code, ...nature, ...details })
  }
}

/** Why a person is needed. `insufficient_scope` is not an expired sign-in: the present token keeps working for the rest. */
export type AuthorizationReason =
  | 'signed_out'
  | 'token_rejected'
  | 'refresh_rejected'
  | 'insufficient_scope'
  | 'authorization_server_changed'

/**
 * Thrown by `session.fetch` instead of waiting for a person. Call `session.authorize({ scope: error.scope })`, then repeat the
 * request. `code` is `insufficient_scope` where a valid token lacks scope, else `authorization_required`.
 *
 * @example
 * if (error instanceof AuthorizationRequiredError) await session.authorize({ scope: error.scope })
 */
export class AuthorizationRequiredError extends SallyportError {
  override readonly name = 'AuthorizationRequiredError'
  declare readonly reason: AuthorizationReason
  /** The resource that asks. */
  declare readonly resource: string
  /** The scopes to ask for: requested, granted and challenged together. Empty: let discovery choose. */
  declare readonly scope: readonly string[]

  constructor(
    reason: AuthorizationReason,
    resource: string,
    scope: readonly string[] = [],
    details: SallyportErrorDetails = {},
  ) {
    super(reason === 'insufficient_scope' ? 'insufficient_scope' : 'authorization_required', details)
    Object.assign(this, { reason, resource, scope })
  }
}

/**
 * Narrows to one of some codes.
 *
 * @example if (hasCode(error, 'network_error', 'timeout')) return 'offline'
 */
export function hasCode(error: unknown, ...codes: readonly SallyportErrorCode[]): error is SallyportError {
  return error instanceof SallyportError && codes.includes(error.code)
}

/** What is wrong with options is said by ourselves, so it may be in the message. */
const messageOf = (code: SallyportErrorCode, cause: unknown): string =>
  code === 'configuration' && cause instanceof Error
    ? `${code}: ${cause.message}`
    : `${code} (sallyport/docs/errors.md)`

/** The error for options that cannot work, and why. */
export const misconfigured = (why: string): SallyportError =>
  new SallyportError('configuration', { cause: new TypeError(why) })
