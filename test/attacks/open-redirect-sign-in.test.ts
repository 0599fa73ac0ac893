/**
 * A link to the sign-in page that leads somewhere else once the person has signed in.
 *
 * @see OAuth 2.1 section 7.13 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import {
  createPagesFixture,
  PASSWORD,
  type PagesFixture,
  type TestBrowser,
  USERNAME,
} from '../support/pages-fixture.ts'

const elsewhere = [
  'https://evil.example/',
  '//evil.example/',
  '/\\evil.example',
  '\\\\evil.example',
  'javascript:alert(1)',
  '../../evil',
  '#https://evil.example/',
  'x\r\nLocation: https://evil.example/',
  'client_id=x&redirect_uri=https://evil.example/',
]

describe('AS-054 signing in and out leads to the request or the account page, nowhere else', () => {
  let fixture: PagesFixture
  let browser: TestBrowser
  let request: string

  beforeAll(async () => {
    fixture = await createPagesFixture()
    browser = fixture.browser()
    const redirectUri = 'https://app.example/cb'
    const clientId = await fixture.register({ redirect_uris: [redirectUri] })
    request = new URL(fixture.authorizationUrl({ client_id: clientId, redirect_uri: redirectUri })).search.slice(1)
  })

  test.each(elsewhere)('a sign-in page for %p', async (value) => {
    const answer = await browser.get(`/sign-in?${new URLSearchParams({ request: value })}`)
    expect([answer.status, answer.location]).toEqual([400, null])
  })

  test.each(elsewhere)('a sign-in form for %p', async (value) => {
    const page = await browser.get('/sign-in')
    const fields = { ...page.hidden, username: USERNAME, password: PASSWORD, request: value }
    const answer = await browser.post('/sign-in', fields)
    expect([answer.status, answer.location]).toEqual([400, null])
  })

  test.each(elsewhere)('signing out towards %p', async (value) => {
    const visitor = fixture.browser()
    const page = await visitor.signInAt('/account')
    const answer = await visitor.post('/sign-out', { ...page.hidden, request: value })
    expect(new URL(answer.location ?? '', fixture.issuer).origin).toBe(fixture.issuer)
    expect(answer.location).toStartWith('/sign-in?request=')
    expect((await visitor.get(answer.location ?? '')).status).toBe(400)
  })

  test.each(['next', 'return_to', 'redirect', 'redirect_uri', 'continue', 'url'])(
    'a parameter called %s',
    async (name) => {
      const visitor = fixture.browser()
      const page = await visitor.get(`/sign-in?${name}=https://evil.example/`)
      const fields = { ...page.hidden, username: USERNAME, password: PASSWORD, [name]: 'https://evil.example/' }
      expect((await visitor.post('/sign-in', fields)).location).toBe('/account')
    },
  )

  test('an honest request goes on as it came, in one header line', async () => {
    const visitor = fixture.browser()
    const page = await visitor.get(`/sign-in?${new URLSearchParams({ request })}`)
    const fields = {
      ...page.hidden,
      username: USERNAME,
      password: PASSWORD,
      request: `${request}&x=\r\nset-cookie: a=b`,
    }
    const { location, headers } = await visitor.post('/sign-in', fields)
    expect(location).toStartWith(`/oauth/authorize?${request}`)
    expect(headers.getSetCookie()).toHaveLength(1)
  })

  test('so it does for whoever is signed in already', async () => {
    const visitor = fixture.browser()
    await visitor.signInAt('/account')
    const value = `${request}&x=\r\nset-cookie: a=b`
    const { location, headers } = await visitor.get(`/sign-in?${new URLSearchParams({ request: value })}`)
    expect(location).toStartWith(`/oauth/authorize?${request}`)
    expect(headers.getSetCookie()).toEqual([])
  })
})
