/**
 * What went wrong, what to do about it, and the exit code.
 *
 * @module
 */
import { parseScope } from '../../shared/scope.ts'
import { describeError } from '../error-texts.ts'
import { AuthorizationRequiredError, SallyportError, type SallyportErrorCode } from '../errors.ts'

/** The exit codes, as the help text and docs/cli.md have them. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  signIn: 3,
  scope: 4,
  later: 5,
  answeredError: 6,
  interrupted: 130,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** A reason to stop, in words. */
export class Stop extends Error {
  readonly exitCode: ExitCode
  readonly code: string
  readonly hint: string | undefined

  constructor(exitCode: ExitCode, code: string, message: string, hint?: string) {
    super(message)
    this.exitCode = exitCode
    this.code = code
    this.hint = hint
  }
}

/** The same, with something else to do about it. */
export const withHint = ({ exitCode, code, message }: Stop, hint: string): Stop =>
  new Stop(exitCode, code, message, hint)

/** Any error as a reason to stop. `resource` is for the commands that are named. */
export function explain(error: unknown, resource: string): Stop {
  if (error instanceof Stop) return error
  // An interaction's own words come through the session as a cause.
  if (error instanceof SallyportError && error.cause instanceof Stop) return error.cause
  if (error instanceof SallyportError) return explainOurs(error, resource)
  // What the SDK makes of a 403 that the session has handed on, because asking for more came to nothing.
  if (error instanceof Error && 'requiredScope' in error) {
    const scope = parseScope(String(error.requiredScope ?? ''))
    return explainOurs(new AuthorizationRequiredError('insufficient_scope', resource, scope), resource)
  }
  const message = error instanceof Error ? error.message : String(error)
  const refused = isUnreachable(error)
  if (!refused) return new Stop(EXIT.failed, 'failed', message)
  return new Stop(
    EXIT.later,
    'network_error',
    'The server could not be reached.',
    'Is the address right, and does it run?',
  )
}

function explainOurs(error: SallyportError, resource: string): Stop {
  const about = [error.url, error.status && `HTTP ${error.status}`].filter(Boolean).join(', ')
  const words = error.errorDescription ?? error.oauthError
  const said = words === undefined ? '' : ` The server says: “${words}”`
  const cause = whyOf(error)
  const message = `${describeError(error)}${about === '' ? '' : ` (${about})`}${said}${cause}`
  return new Stop(exitCodeOf(error), error.code, message, hint(error, resource))
}

function whyOf({ code, cause }: SallyportError): string {
  if (code === 'store_failed' && cause instanceof Error) return ` ${cause.message}`
  return code === 'refresh_unavailable' && cause instanceof SallyportError ? ` ${describeError(cause)}` : ''
}

function exitCodeOf(error: SallyportError): ExitCode {
  if (error.code === 'aborted') return EXIT.interrupted
  if (error.code === 'configuration') return EXIT.usage
  if (error.code === 'insufficient_scope') return EXIT.scope
  if (error instanceof AuthorizationRequiredError || error.code === 'interaction_unavailable') return EXIT.signIn
  return error.retryable ? EXIT.later : EXIT.failed
}

/** Where there is something to be done that the message does not say. */
const HINTS: Partial<Record<SallyportErrorCode, string>> = {
  network_error: 'Is the address right, and does it run?',
  timeout: 'Does it answer others? --timeout waits longer.',
  configuration: 'A URL has to be https, or http on this machine; a secret or key needs --client-id and --issuer.',
  resource_metadata_not_found:
    'Is this the URL of a protected MCP server? `sallyport doctor URL` looks closer. Servers of March 2025 need --authorize-at-origin.',
  resource_mismatch:
    'The server names another URL as its own: use that one (`sallyport doctor URL` shows it), or --accept-parent-resource where it is a parent.',
  server_metadata_not_found: '`sallyport doctor URL` shows what was asked for, and what was answered.',
  registration_unavailable: 'Ask its operator for a client id, and give it with --client-id.',
  registration_failed: 'Ask its operator for a client id, and give it with --client-id.',
  client_issuer_mismatch:
    'The resource names another authorization server than --issuer. Compare them byte for byte; if it has changed, ask its operator.',
  invalid_client: 'Check --client-id, --client-secret-file or --private-key-file, and --issuer.',
  assertion_unusable:
    'It has to be a JWT whose `aud` is the issuer or its token endpoint. Is it the file of another server?',
  port_in_use: 'Another program listens there: end it, or leave --callback-port out.',
  authorization_denied: 'Try again when you want to agree.',
  flow_expired: 'Ten minutes have passed. Try again.',
  too_many_attempts: 'Wait ten minutes, or begin anew with `sallyport login URL`.',
  dpop_downgrade: 'Sign in with --dpop preferred if tokens without a key will do.',
  dpop_unavailable: 'Sign in with --dpop preferred if tokens without a key will do.',
  grant_unsupported: 'Its operator has to allow the grant to this client.',
  refresh_unavailable: 'You are still signed in.',
  store_failed: 'Where there is no keychain, --store file keeps tokens in files.',
  store_busy: 'Another program is at it. Is a sign-in open somewhere?',
}

function hint(error: SallyportError, resource: string): string | undefined {
  if (error.code === 'insufficient_scope' && error instanceof AuthorizationRequiredError) {
    return `sallyport login ${resource} --scope "${error.scope.join(' ')}"`
  }
  if (error instanceof AuthorizationRequiredError || error.code === 'interaction_unavailable') {
    return `sallyport login ${resource}`
  }
  const later = error.retryAfter === undefined ? '' : ` Try again in ${error.retryAfter} s.`
  const known = HINTS[error.code]
  return known === undefined && later === '' ? undefined : `${known ?? ''}${later}`.trim()
}

/** As the runtimes say that there is no connection. */
const UNREACHABLE =
  /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ETIMEDOUT|ConnectionRefused|ConnectionClosed|FailedToOpenSocket|tcp connect error|dns error|fetch failed/

function isUnreachable(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if (UNREACHABLE.test('code' in at ? String(at.code) : '') || UNREACHABLE.test(at.message)) return true
  }
  return false
}
