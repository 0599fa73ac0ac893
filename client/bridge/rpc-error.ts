/**
 * Trouble as the host is told of it: a JSON-RPC error whose message says what to do.
 *
 * @see JSON-RPC 2.0 section 5.1: -32000 to -32099 are for implementations
 * @module
 */
import {
  InsufficientScopeError,
  isJSONRPCErrorResponse,
  type JSONRPCMessage,
  SdkHttpError,
} from '@modelcontextprotocol/client'
import { describeError } from '../error-texts.ts'
import { SallyportError } from '../errors.ts'
import { NotOpened, SessionLost } from './connection.ts'
import { NO_ENDPOINT, noEndpoint } from './no-endpoint.ts'
import { wasNotSent } from './not-sent.ts'
import { SignInPending } from './sign-in.ts'

/** `data.code` is one of the client's error codes, or `http_<status>`, `network_error`, `connection_lost`, `session_lost`; `data.url` where a person has to go. */
export interface RpcError {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

/** What `problem` means for the host. A server's own JSON-RPC error, whatever its HTTP status, passes as it is. */
export function toRpcError(problem: unknown, request?: JSONRPCMessage): RpcError {
  if (problem instanceof SignInPending) {
    return { code: -32000, message: problem.message, data: { code: 'authorization_required', url: problem.url } }
  }
  if (problem instanceof SallyportError) {
    return { code: -32000, message: inWords(problem), data: { code: problem.code } }
  }
  // Asking for more has come to nothing, so the session has handed on the 403, and the SDK makes this of it.
  if (problem instanceof InsufficientScopeError) return toRpcError(new SallyportError('insufficient_scope'))
  if (problem instanceof SessionLost) return SESSION_LOST
  const unsent = problem instanceof NotOpened
  const trouble = unsent ? problem.cause : problem
  if (trouble instanceof SdkHttpError) return fromHttp(trouble, unsent ? undefined : request)
  if (!unsent && !wasNotSent(trouble)) return CONNECTION_LOST
  return { code: -32000, message: 'The server could not be reached.', data: { code: 'network_error' } }
}

/** Nobody knows whether the server did what was asked. */
export const CONNECTION_LOST: RpcError = {
  code: -32000,
  message:
    'The connection to the server broke before it answered. Whether it did what was asked is not known: look before you try again.',
  data: { code: 'connection_lost' },
}

const SESSION_LOST: RpcError = {
  code: -32000,
  message: 'The server opens sessions and does not know them afterwards. It has not done what was asked.',
  data: { code: 'session_lost' },
}

function fromHttp({ status, statusText, data }: SdkHttpError, request: JSONRPCMessage | undefined): RpcError {
  const own = errorIn(data.text)
  if (own !== undefined) return own
  // A server of before `server/discover` may refuse it in any way; hosts go on with `initialize` when they hear this.
  if (request !== undefined && 'method' in request && request.method === 'server/discover' && status < 500) {
    return { code: -32601, message: 'Method not found' }
  }
  const begins = request !== undefined && 'method' in request && request.method === 'initialize'
  const words =
    begins && (status === 404 || status === 405)
      ? `${noEndpoint(status)} ${NO_ENDPOINT}`
      : `The server answered with HTTP status ${status}${statusText ? ` (${statusText})` : ''}.`
  return { code: -32000, message: words, data: { code: `http_${status}` } }
}

function errorIn(text: unknown): RpcError | undefined {
  try {
    const body: unknown = JSON.parse(typeof text === 'string' ? text : '')
    return isJSONRPCErrorResponse(body) ? body.error : undefined
  } catch {
    return undefined
  }
}

function inWords(error: SallyportError): string {
  const { code, retryAfter, url } = error
  const about = url === undefined ? '' : ` (${url})`
  const later = retryAfter === undefined ? '' : ` Try again in ${retryAfter} s.`
  return `${describeError(error)}${about}${later} [${code}]`
}
