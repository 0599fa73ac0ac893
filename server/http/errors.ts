/**
 * The one error answer of the JSON and form endpoints. It replaces the framework's own, which echo the request, secrets included.
 *
 * @see RFC 6749 section 5.2
 * @see RFC 9457 section 3
 * @see docs/adr/0041-error-content-type.md
 * @module
 */
import { type Context, Elysia, status } from 'elysia'
import { readForm } from '../../shared/form.ts'
import { OAuthErrorResponse } from '../../shared/oauth-error.ts'
import { StoreUnavailable } from '../core/ports.ts'
import { type Reason, toOAuthError } from '../core/rejection.ts'
import { prefersProblemJson } from './accept.ts'
import { CORS_HEADERS } from './cors.ts'
import { ENDPOINTS } from './endpoints.ts'
import { pathOf } from './path-of.ts'
import { requestIdOf } from './request-id.ts'

/** How long a client should wait after 503, in seconds. */
const RETRY_AFTER = '5'

/** Parameters of a request, well-formed or not. */
export type Said = Readonly<Record<string, unknown>>

/** Thrown where a request cannot or must not be read, before the core has seen it. */
export class UnreadableRequest extends Error {
  override readonly name = 'UnreadableRequest'
  readonly reason: Reason
  /** What the answer says besides. */
  readonly headers: Readonly<Record<string, string>>
  /** What was read of the request, for the records. */
  readonly said: Said

  constructor(reason: Reason, headers: Readonly<Record<string, string>> = {}, said: Said = {}) {
    super(reason)
    this.reason = reason
    this.headers = headers
    this.said = said
  }
}

/** The body of an error answer. All of it is constant. */
function errorBody(reason: Reason): OAuthErrorResponse {
  const { code, status, description } = toOAuthError(reason)
  return {
    error: code,
    error_description: description,
    type: 'about:blank',
    title: TITLES[status] ?? 'Error',
    status,
    detail: description,
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  414: 'URI Too Long',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

/** The headers of an error answer to `request`. */
function errorHeaders(request: Request, reason: Reason): Record<string, string> {
  const { code, status } = toOAuthError(reason)
  const problem = prefersProblemJson(request.headers.get('accept'))
  return {
    'content-type': problem ? 'application/problem+json' : 'application/json',
    'cache-control': 'no-store',
    // RFC 9110 section 15.5.2: with every 401; RFC 6749 section 5.2: in the scheme of the client's Authorization header.
    ...(status === 401 ? { 'www-authenticate': code === 'invalid_token' ? bearerChallenge(reason) : BASIC } : {}),
    ...(status === 503 ? { 'retry-after': RETRY_AFTER } : {}),
  }
}

const BASIC = 'Basic realm="OAuth"'

/** RFC 6750 section 3.1: a request that came without a token is told of no error. */
const bearerChallenge = (reason: Reason): string =>
  reason === 'missing_registration_token' ? 'Bearer realm="OAuth"' : 'Bearer realm="OAuth", error="invalid_token"'

/** A route's `response` schema: its own answers, and the error answers that every route can give. */
export const withErrors = <Answers extends object>(answers: Answers): Answers & typeof errorSchemas => ({
  ...answers,
  ...errorSchemas,
})

const errorSchemas = {
  400: OAuthErrorResponse,
  401: OAuthErrorResponse,
  403: OAuthErrorResponse,
  413: OAuthErrorResponse,
  414: OAuthErrorResponse,
  429: OAuthErrorResponse,
  500: OAuthErrorResponse,
  503: OAuthErrorResponse,
}

/** A handler's way to refuse: `return refuse(context, reason)`. */
export function refuse({ request, set }: Pick<Context, 'request' | 'set'>, reason: Reason) {
  Object.assign(set.headers, errorHeaders(request, reason))
  return status(toOAuthError(reason).status, errorBody(reason))
}

/** The whole answer, where there is no handler. */
function errorResponse(request: Request, reason: Reason, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(errorBody(reason), {
    status: toOAuthError(reason).status,
    headers: { ...errorHeaders(request, reason), ...headers },
  })
}

/** Told of a failure of our own, and of the request in which it was. */
export type OnFailure = (error: unknown, requestId: string | null) => void

/** Told of a request that the core has not judged, or not to the end, and what was read of it; of any path. */
export type OnRefused = (request: Request, reason: Reason, said: Said) => void

/** Answers whatever was thrown. `onFailure` hears of trouble of our own. */
export const errors = (onFailure: OnFailure, onRefused: OnRefused = () => {}) =>
  new Elysia({ name: 'errors' }).onError({ as: 'global' }, ({ code, error, request, set, body }) => {
    const answer = (reason: Reason, said: Said, headers = {}): Response => {
      onRefused(request, reason, said)
      return errorResponse(request, reason, headers)
    }
    const isEndpoint = ENDPOINTS.has(pathOf(request))
    if (isEndpoint) Object.assign(set.headers, CORS_HEADERS)
    const thrown = code === 'PARSE' ? error.cause : error
    if (thrown instanceof UnreadableRequest) return answer(thrown.reason, thrown.said, thrown.headers)
    if (code === 'PARSE') return answer('malformed_request', {})
    const said = isSaid(body) ? body : {}
    if (code === 'VALIDATION' && error.type !== 'response') return answer('malformed_request', said)
    if (code === 'NOT_FOUND') {
      if (isEndpoint) onRefused(request, 'wrong_method', readForm(new URL(request.url).searchParams))
      return noSuchRoute(pathOf(request))
    }
    // A validation error holds what did not validate, tokens included: only that it happened is told on.
    onFailure(code === 'VALIDATION' ? new Error('an answer did not fit its schema') : error, requestIdOf(request))
    return answer(error instanceof StoreUnavailable ? 'unavailable' : 'internal_error', said)
  })

const isSaid = (body: unknown): body is Said => typeof body === 'object' && body !== null && !Array.isArray(body)

/** RFC 9110 section 15.5.6: an endpoint that exists says which method it takes. */
function noSuchRoute(pathname: string): Response {
  const method = ENDPOINTS.get(pathname)
  return method === undefined
    ? problem(404, 'There is nothing here.')
    : problem(405, `This endpoint takes ${method} only.`, { allow: `${method}, OPTIONS` })
}

const problem = (status: number, detail: string, headers: Readonly<Record<string, string>> = {}): Response =>
  Response.json(
    { type: 'about:blank', title: TITLES[status], status, detail },
    { status, headers: { 'content-type': 'application/problem+json', ...headers } },
  )
