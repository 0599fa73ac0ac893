/**
 * The attacker knows the person's cookie from before the sign-in, or from after the sign-out, or from the database.
 *
 * @see OWASP Session Management Cheat Sheet: renew the session identifier after a change of privilege
 * @module
 */
import { beforeEach, describe, expect, test } from 'bun:test'
import { hash } from '../../server/store/hash.ts'
import { createPagesFixture, PASSWORD, type PagesFixture, USERNAME } from '../support/pages-fixture.ts'

const COOKIE = '__Host-sallyport_session'
const credentials = { username: USERNAME, password: PASSWORD }

describe('a cookie is a session only from sign-in to sign-out', () => {
  let fixture: PagesFixture
  beforeEach(async () => {
    fixture = await createPagesFixture({ sessionTtl: 3600 })
  })

  const isSignedIn = async (cookie: string | undefined): Promise<boolean> => {
    const thief = fixture.browser()
    thief.cookies.set(COOKIE, cookie ?? '')
    return (await thief.get('/account')).status === 200
  }

  test('a cookie from before is none after', async () => {
    const attacker = fixture.browser()
    const { hidden } = await attacker.get('/sign-in')
    const planted = attacker.cookies.get(COOKIE)
    const victim = fixture.browser()
    victim.cookies.set(COOKIE, planted ?? '')
    expect((await victim.post('/sign-in', { ...hidden, ...credentials })).status).toBe(303)
    expect(victim.cookies.get(COOKIE)).not.toBe(planted)
    expect(await isSignedIn(planted)).toBe(false)
    expect(await isSignedIn(victim.cookies.get(COOKIE))).toBe(true)
  })

  test('signing in again ends the session of before', async () => {
    const redirectUri = 'https://app.example/cb'
    const clientId = await fixture.register({ redirect_uris: [redirectUri] })
    const browser = fixture.browser()
    await browser.signInAt('/account')
    const first = browser.cookies.get(COOKIE)
    const again = { client_id: clientId, redirect_uri: redirectUri, prompt: 'login' }
    await browser.signInAt(fixture.authorizationUrl(again))
    expect(browser.cookies.get(COOKIE)).not.toBe(first)
    expect(await isSignedIn(first)).toBe(false)
  })

  test('signing out ends it on the server, not only in the browser', async () => {
    const browser = fixture.browser()
    const { hidden } = await browser.signInAt('/account')
    const cookie = browser.cookies.get(COOKIE)
    expect((await browser.post('/sign-out', hidden)).status).toBe(303)
    expect(browser.cookies.size).toBe(0)
    expect(await isSignedIn(cookie)).toBe(false)
  })

  test('it ends by itself', async () => {
    const browser = fixture.browser()
    await browser.signInAt('/account')
    fixture.clock.now += 3599
    expect(await isSignedIn(browser.cookies.get(COOKIE))).toBe(true)
    fixture.clock.now += 1
    expect(await isSignedIn(browser.cookies.get(COOKIE))).toBe(false)
  })

  test('what the database holds is no cookie', async () => {
    const browser = fixture.browser()
    await browser.signInAt('/account')
    const cookie = browser.cookies.get(COOKIE) ?? ''
    expect(await fixture.store.sessions.find(await hash(cookie), fixture.clock.now)).not.toBeNull()
    expect(await fixture.store.sessions.find(cookie, fixture.clock.now)).toBeNull()
    expect(await isSignedIn(await hash(cookie))).toBe(false)
  })

  test('the form token does not give the cookie away, nor what the database holds', async () => {
    const browser = fixture.browser()
    const { hidden } = await browser.signInAt('/account')
    const cookie = browser.cookies.get(COOKIE) ?? ''
    expect([cookie, await hash(cookie)]).not.toContain(hidden['csrf'])
  })

  test('SEC-022 the cookie is for this host, https and no script', async () => {
    const answer = await fixture.browser().get('/sign-in')
    const [line] = answer.headers.getSetCookie()
    expect(line).toMatch(/^__Host-sallyport_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
  })
})
