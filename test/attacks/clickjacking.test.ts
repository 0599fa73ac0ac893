/**
 * A page of ours in an invisible frame, below a button that the person does want to press.
 *
 * @see OAuth 2.1 section 7.11 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import { createPagesFixture, type Visit } from '../support/pages-fixture.ts'

describe('AS-056 no page can be framed', () => {
  let pages: Readonly<Record<string, Visit>>

  beforeAll(async () => {
    const fixture = await createPagesFixture()
    const redirectUri = 'https://app.example/cb'
    const clientId = await fixture.register({ redirect_uris: [redirectUri] })
    const url = fixture.authorizationUrl({ client_id: clientId, redirect_uri: redirectUri })
    const browser = fixture.browser()
    const redirectToSignIn = await browser.get(url)
    const signIn = await browser.follow(redirectToSignIn)
    const wrong = await browser.post('/sign-in', { ...signIn.hidden, username: 'ada', password: 'wrong' })
    const consent = await browser.signInAt(url)
    const account = await browser.get('/account')
    const forged = await browser.post('/oauth/authorize/consent', {})
    const unknownClient = await browser.get(fixture.authorizationUrl({ client_id: 'x', redirect_uri: redirectUri }))
    const otherMethod = await browser.send(url, { method: 'PUT' })
    await fixture.store.close()
    const unavailable = await browser.get(url)
    pages = { redirectToSignIn, signIn, wrong, consent, account, forged, unknownClient, otherMethod, unavailable }
  })

  const expected: readonly [name: string, status: number][] = [
    ['redirectToSignIn', 303],
    ['signIn', 200],
    ['wrong', 403],
    ['consent', 200],
    ['account', 200],
    ['forged', 403],
    ['unknownClient', 400],
    ['otherMethod', 405],
    ['unavailable', 503],
  ]
  test.each(expected)('%s', (name, status) => {
    const page = pages[name]
    expect(page?.status).toBe(status)
    expect(page?.headers.get('x-frame-options')).toBe('DENY')
    if (status !== 303) expect(page?.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  })
})
