/**
 * Reading and writing the session cookie.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { readSessionCookie, writeSessionCookie } from '../../server/pages/session-cookie.ts'

const value = 'A'.repeat(43)

describe('SEC-022 the session cookie', () => {
  test('is bound to the host and to https', () => {
    expect(writeSessionCookie(value, true, 60)).toBe(
      `__Host-sallyport_session=${value}; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60`,
    )
  })

  test('has a plain name on http, where browsers refuse the prefix', () => {
    expect(writeSessionCookie(value, false, null)).toBe(`sallyport_session=${value}; Path=/; HttpOnly; SameSite=Lax`)
  })

  const cases: readonly [header: string | null, found: string | null][] = [
    [`__Host-sallyport_session=${value}`, value],
    [`a=b; __Host-sallyport_session=${value}; c=d`, value],
    [`a=b;__Host-sallyport_session=${value}`, value],
    [`sallyport_session=${value}`, null],
    [`x__Host-sallyport_session=${value}`, null],
    [`__Host-sallyport_session="${value}"`, null],
    [`__Host-sallyport_session=${value}x`, null],
    ['__Host-sallyport_session=', null],
    ['', null],
    [null, null],
  ]
  test.each(cases)('is read from %p', (header, found) => expect(readSessionCookie(header, true)).toBe(found))
})
