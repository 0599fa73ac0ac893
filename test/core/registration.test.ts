/**
 * Which redirect URIs an operator approved.
 *
 * @see docs/adr/0043-approved-redirects.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { isApprovedRedirect } from '../../server/core/registration/approved-redirect.ts'
import { checkRedirectUris } from '../../server/core/registration/check-registration.ts'

const APPROVED = ['https://app.example/cb', 'https://each.example/cb/*', 'cursor://x.y/cb']

describe('isApprovedRedirect', () => {
  test.each([
    'https://app.example/cb',
    'https://each.example/cb/a',
    'https://each.example/cb/A-z_09',
    'cursor://x.y/cb',
  ])('SEC-023 %s is', (uri) => expect(isApprovedRedirect(uri, APPROVED)).toBe(true))

  test.each([
    'https://app.example/cb/',
    'https://app.example/cbx',
    'https://app.example/cb?x=1',
    'https://app.example/CB',
    'https://app.example',
    'https://each.example/cb/',
    'https://each.example/cb',
    'https://each.example/cb/a/b',
    'https://each.example/cb/..',
    'https://each.example/cb/.',
    'https://each.example/cb/%2e%2e',
    'https://each.example/cb/a?x=1',
    'https://each.example/cb/a#x',
    'https://each.example/cb/a;b',
    'https://each.example/cb/a@b',
    'https://each.example/cb/*',
    'https://each.example/cb/a\n',
    'https://each.example/cb/\u00e9',
    'https://each.example.evil.example/cb/a',
    'xhttps://each.example/cb/a',
    '',
  ])('SEC-023 %p is not', (uri) => expect(isApprovedRedirect(uri, APPROVED)).toBe(false))

  test('SEC-023 what a pattern approves differs from it in one segment of harmless characters', () => {
    fc.assert(
      fc.property(fc.string(), (segment) => {
        const uri = `https://each.example/cb/${segment}`
        if (!isApprovedRedirect(uri, APPROVED)) return
        expect(new URL(uri).href).toBe(uri)
        expect(new URL(uri).pathname.split('/')).toHaveLength(3)
      }),
    )
  })

  test('nothing is approved by an empty list', () => expect(isApprovedRedirect('', [])).toBe(false))
})

describe('checkRedirectUris', () => {
  const approvedOnly = { mode: 'approved_redirects', approvedRedirects: APPROVED } as const
  const open = { mode: 'open', approvedRedirects: [] } as const

  test('one bad one spoils them all', () => {
    const uris = ['http://127.0.0.1/cb', 'https://evil.example/cb']
    expect(checkRedirectUris(uris, approvedOnly)).toEqual({ ok: false, error: { reason: 'unapproved_redirect_uri' } })
    expect(checkRedirectUris(uris, open)).toEqual({ ok: true, value: uris })
    const worse = [...uris, 'javascript:alert(1)']
    expect(checkRedirectUris(worse, open)).toEqual({ ok: false, error: { reason: 'bad_redirect_uri' } })
  })

  test('approval does not make a bad one good', () => {
    const settings = { mode: 'approved_redirects', approvedRedirects: ['javascript:alert(1)'] } as const
    expect(checkRedirectUris(['javascript:alert(1)'], settings).ok).toBe(false)
  })
})
