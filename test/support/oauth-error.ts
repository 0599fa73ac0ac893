/**
 * What every error answer of the JSON and form endpoints must be, whatever it says.
 *
 * @module
 */
import { expect } from 'bun:test'
import * as v from 'valibot'
import { OAuthErrorResponse } from '../../shared/oauth-error.ts'

/** RFC 6749 section 5.2: the characters of `error` and `error_description`. */
const PRINTABLE = /^[\x20\x21\x23-\x5B\x5D-\x7E]+$/

/** Asserts status and code, and everything that all errors have in common. Its body. */
export async function expectError(response: Response, status: number, code: string): Promise<OAuthErrorResponse> {
  const text = await response.clone().text()
  expect([response.status, text]).toEqual([status, expect.stringContaining(`"error":"${code}"`)])
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(response.headers.get('cache-control')).toBe('no-store')
  // RFC 9110 section 15.5.2: every 401 names a scheme.
  const scheme = code === 'invalid_token' ? 'Bearer' : 'Basic'
  const challenge = response.headers.get('www-authenticate')
  expect(challenge?.replace(', error="invalid_token"', '') ?? null).toBe(
    status === 401 ? `${scheme} realm="OAuth"` : null,
  )
  const body = v.parse(v.strictObject(OAuthErrorResponse.entries), JSON.parse(text))
  expect(body.error_description).toMatch(PRINTABLE)
  expect(body).toMatchObject({ status, detail: body.error_description, type: 'about:blank' })
  return body
}

/** The error of a redirect to the client, and the rest of its parameters. */
export function errorOf(location: URL): Record<string, string> {
  const params = Object.fromEntries(location.searchParams)
  if (params['error_description'] !== undefined) expect(params['error_description']).toMatch(PRINTABLE)
  return params
}
