/**
 * An authorization URL that sends the person, with our good name, to an address that no client registered.
 *
 * @see OAuth 2.1 section 4.1.2.1 and section 7.13 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import { createPagesFixture, type PagesFixture, type TestBrowser } from '../support/pages-fixture.ts'

const REDIRECT = 'https://app.example/cb'

describe('AS-044 an address that is not registered is never gone to', () => {
  let fixture: PagesFixture
  let browser: TestBrowser
  let clientId: string

  beforeAll(async () => {
    fixture = await createPagesFixture()
    browser = fixture.browser()
    clientId = await fixture.register({ redirect_uris: [REDIRECT] })
  })

  const unregistered = [
    'https://evil.example/cb',
    'https://app.example.evil.example/cb',
    'https://app.example@evil.example/cb',
    'https://app.example/cb/../evil',
    'https://app.example/cb?x=1',
    'https://app.example/cb#x',
    'https://app.example:444/cb',
    'https://APP.example/cb',
    'http://app.example/cb',
    '//app.example/cb',
    'javascript:alert(1)',
    'data:text/html,x',
    `${REDIRECT}\r\nset-cookie: x=y`,
  ]

  test.each(unregistered)('%p', async (redirectUri) => {
    for (const prompt of ['', 'none', 'login']) {
      const url = fixture.authorizationUrl({ client_id: clientId, redirect_uri: redirectUri, prompt })
      const answer = await browser.get(url)
      expect([answer.status, answer.location]).toEqual([400, null])
      expect(answer.html).not.toContain('evil')
    }
  })

  test('for a client that does not exist, even at a redirect URI that does', async () => {
    const answer = await browser.get(fixture.authorizationUrl({ client_id: 'nobody', redirect_uri: REDIRECT }))
    expect([answer.status, answer.location]).toEqual([400, null])
    expect(answer.html).toContain('Remove the server in your application and add it again')
  })

  test('for two redirect URIs at once', async () => {
    const url = fixture.authorizationUrl({ client_id: clientId, redirect_uri: REDIRECT })
    const answer = await browser.get(`${url}&redirect_uri=https%3A%2F%2Fevil.example%2F`)
    expect([answer.status, answer.location]).toEqual([400, null])
  })

  test('the same judgement stands behind the form: a request that was changed on its way', async () => {
    const page = await browser.signInAt(fixture.authorizationUrl({ client_id: clientId, redirect_uri: REDIRECT }))
    const params = new URLSearchParams(page.hidden['request'])
    params.set('redirect_uri', 'https://evil.example/cb')
    for (const decision of ['allow', 'deny']) {
      const fields = { ...page.hidden, request: String(params), decision }
      const answer = await browser.post('/oauth/authorize/consent', fields)
      expect([answer.status, answer.location]).toEqual([400, null])
    }
  })

  test('the registered one is gone to', async () => {
    const page = await browser.get(fixture.authorizationUrl({ client_id: clientId, redirect_uri: REDIRECT }))
    const answer = await browser.post('/oauth/authorize/consent', { ...page.hidden, decision: 'deny' })
    expect(answer.location).toStartWith(`${REDIRECT}?error=access_denied`)
  })
})
