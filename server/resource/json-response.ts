/**
 * JSON answers of a protected resource, errors with the problem details members.
 *
 * @see RFC 9457 section 3.1 and section 4.2.1: `about:blank`, whose title is the status phrase
 * @module
 */
import type { OAuthErrorCode, OAuthErrorResponse } from '../../shared/oauth-error.ts'
import { CORS_HEADERS } from './cors.ts'

const PHRASES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  503: 'Service Unavailable',
} as const
export type ErrorStatus = keyof typeof PHRASES

export function jsonResponse(status: number, body: unknown, headers: Readonly<Record<string, string>>): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...CORS_HEADERS, ...headers },
  })
}

/** An error without an OAuth code: problem details alone. */
export function problemResponse(
  status: ErrorStatus,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return jsonResponse(status, problem(status, detail), { 'cache-control': 'no-store', ...headers })
}

/** An OAuth error with the problem details beside it. */
export function oauthErrorResponse(
  status: ErrorStatus,
  error: OAuthErrorCode,
  description: string,
  headers: Readonly<Record<string, string>>,
): Response {
  const body: OAuthErrorResponse = { error, error_description: description, ...problem(status, description) }
  return jsonResponse(status, body, { 'cache-control': 'no-store', ...headers })
}

function problem(status: ErrorStatus, detail: string): Omit<OAuthErrorResponse, 'error' | 'error_description'> {
  return { type: 'about:blank', title: PHRASES[status], status, detail }
}
