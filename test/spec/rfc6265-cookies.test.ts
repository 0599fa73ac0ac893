/**
 * The one cookie: its attributes as browsers get them, and what is made of what they send.
 *
 * @see RFC 6265bis (draft-ietf-httpbis-rfc6265bis) section 4.1.2 and section 4.1.3.2
 * @see OWASP Session Management Cheat Sheet: cookies
 *
 * @standard RFC 6265: Cookies
 * @status used
 * @does one cookie with the `__Host-` prefix (draft of the revision)
 * @standard OWASP: Cheat sheets on authentication and sessions
 * @status followed
 * @does answers that tell no more than they must, sessions renewed at sign-in
 * @published https://cheatsheetseries.owasp.org/
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import { createPagesFixture, PASSWORD, type PagesFixture, USERNAME } from '../support/pages-fixture.ts'

const HOST = '__Host-sallyport_session'
const attributesOf = (line: string): readonly string[] => line.split('; ').slice(1)

describe('SEC-022 over https', () => {
  let fixture: PagesFixture
  beforeAll(async () => {
    fixture = await createPagesFixture()
  })

  test('the prefix MUST come with Secure and Path=/ and without Domain; scripts and other sites do not get it', async () => {
    const page = await fixture.browser().get('/sign-in')
    const [line = '', ...others] = page.headers.getSetCookie()
    expect(others).toEqual([])
    expect(line).toMatch(new RegExp(`^${HOST}=[A-Za-z0-9_-]{43}; `))
    expect([...attributesOf(line)].sort()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure'])
  })

  test('of a session it lives as long as the session, and sign-out removes it with the same attributes', async () => {
    const browser = fixture.browser()
    const { hidden } = await browser.get('/sign-in')
    const signedIn = await browser.post('/sign-in', { ...hidden, username: USERNAME, password: PASSWORD })
    const [started = ''] = signedIn.headers.getSetCookie()
    expect(attributesOf(started).filter((attribute) => attribute.startsWith('Max-Age='))).toHaveLength(1)
    const account = await browser.follow(signedIn)
    const signedOut = await browser.post('/sign-out', account.hidden)
    const [ended = ''] = signedOut.headers.getSetCookie()
    expect(ended).toStartWith(`${HOST}=`)
    expect(attributesOf(ended)).toEqual(expect.arrayContaining(['Path=/', 'Secure', 'Max-Age=0']))
  })

  test('two people get two, and neither says anything of who they are', async () => {
    const cookies = await Promise.all(
      [1, 2].map(async () => {
        const browser = fixture.browser()
        await browser.signInAt('/account')
        return browser.cookies.get(HOST) ?? ''
      }),
    )
    expect(new Set(cookies).size).toBe(2)
    for (const cookie of cookies) expect(Buffer.from(cookie, 'base64url').toString('latin1')).not.toContain(USERNAME)
  })

  test.each([
    [
      'a name without the prefix, which another host of the domain could set',
      (value: string) => `sallyport_session=${value}`,
    ],
    ['the value in quotes', (value: string) => `${HOST}="${value}"`],
    ['a longer value', (value: string) => `${HOST}=${value}A`],
    ['a shorter one', (value: string) => `${HOST}=${value.slice(1)}`],
    ['another letter case of the name', (value: string) => `${HOST.toLowerCase()}=${value}`],
    ['a made-up value', () => `${HOST}=${'A'.repeat(43)}`],
    // Who can plant a cookie must not be able to hide behind the good one.
    ['a planted one before it', (value: string) => `${HOST}=${'A'.repeat(43)}; ${HOST}=${value}`],
  ])('not a session: %s', async (_, write) => {
    const browser = fixture.browser()
    await browser.signInAt('/account')
    const cookie = write(browser.cookies.get(HOST) ?? '')
    expect((await fixture.browser().get('/account', { cookie })).status).toBe(303)
  })

  test.each([
    ['alone', (value: string) => `${HOST}=${value}`],
    ['among others', (value: string) => `a=b; ${HOST}=${value}; c="d"`],
    ['without the space', (value: string) => `a=b;${HOST}=${value}`],
  ])('a session: %s', async (_, write) => {
    const browser = fixture.browser()
    await browser.signInAt('/account')
    const cookie = write(browser.cookies.get(HOST) ?? '')
    expect((await fixture.browser().get('/account', { cookie })).status).toBe(200)
  })
})

test('on http, which is for loopback, browsers would refuse the prefix: neither it nor Secure is there', async () => {
  const fixture = await createPagesFixture({ issuer: 'http://localhost:9100' })
  const [line = ''] = (await fixture.browser().get('/sign-in')).headers.getSetCookie()
  expect(line).toStartWith('sallyport_session=')
  expect([...attributesOf(line)].sort()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Lax'])
})

test('applications get none: their endpoints set no cookie, and take none', async () => {
  const fixture = await createPagesFixture()
  for (const path of ['/oauth/token', '/oauth/register', '/oauth/revoke', '/oauth/introspect']) {
    const answer = await fixture.browser().post(path, {}, { cookie: `${HOST}=${'A'.repeat(43)}` })
    expect(answer.headers.getSetCookie()).toEqual([])
  }
  const metadata = await fixture.browser().get('/.well-known/oauth-authorization-server')
  expect(metadata.headers.getSetCookie()).toEqual([])
})
