/**
 * Another site takes access away, or signs the person out.
 *
 * @see OAuth 2.1 section 7.12 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import { createUser } from '../../server/login/create-user.ts'
import { random } from '../../server/store/random.ts'
import {
  createPagesFixture,
  PASSWORD,
  type PagesFixture,
  type TestBrowser,
  USER_ID,
  type Visit,
} from '../support/pages-fixture.ts'

describe('what an account page does cannot be done from elsewhere', () => {
  let fixture: PagesFixture
  let browser: TestBrowser
  let account: Visit
  let grant: string

  beforeAll(async () => {
    fixture = await createPagesFixture()
    const redirectUri = 'https://app.example/cb'
    const clientId = await fixture.register({ redirect_uris: [redirectUri] })
    browser = fixture.browser()
    const page = await browser.signInAt(fixture.authorizationUrl({ client_id: clientId, redirect_uri: redirectUri }))
    await browser.post('/oauth/authorize/consent', { ...page.hidden, decision: 'allow' })
    account = await browser.get('/account')
    grant = /name="grant" value="([^"]+)"/.exec(account.html)?.[1] ?? ''
  })

  const live = () => fixture.store.grants.listLive(USER_ID, fixture.clock.now)

  test('revoking without a token', async () => {
    expect((await browser.post('/account/revoke', { grant })).status).toBe(403)
    expect(await live()).toHaveLength(1)
  })

  test('signing out without a token', async () => {
    expect((await browser.post('/sign-out', {})).status).toBe(403)
    expect((await browser.get('/account')).status).toBe(200)
  })

  test('by another person, with a token of their own', async () => {
    const now = () => fixture.clock.now
    await createUser({ users: fixture.store.users, now, random }, { username: 'mallory', password: PASSWORD })
    const mallory = fixture.browser()
    const theirs = await mallory.signInAt('/account', 'mallory')
    const answer = await mallory.post('/account/revoke', { ...theirs.hidden, grant })
    expect(answer.location).toBe('/account')
    expect(await live()).toHaveLength(1)
  })

  test('AS-058 the person can, by 303', async () => {
    const answer = await browser.post('/account/revoke', { ...account.hidden, grant })
    expect([answer.status, answer.location]).toEqual([303, '/account?revoked'])
    expect(await live()).toEqual([])
  })
})
