/**
 * Another site, or another browser, makes the person's browser agree.
 *
 * @see OAuth 2.1 section 7.12 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import {
  createPagesFixture,
  type PagesFixture,
  type TestBrowser,
  USER_ID,
  type Visit,
} from '../support/pages-fixture.ts'

const CONSENT = '/oauth/authorize/consent'
const REDIRECT = 'https://app.example/cb'

describe('SEC-021 consent cannot be forged', () => {
  let fixture: PagesFixture
  let url: string
  let browser: TestBrowser
  let page: Visit

  beforeAll(async () => {
    fixture = await createPagesFixture()
    const clientId = await fixture.register({ client_name: 'App', redirect_uris: [REDIRECT] })
    url = fixture.authorizationUrl({ client_id: clientId, redirect_uri: REDIRECT })
    browser = fixture.browser()
    page = await browser.signInAt(url)
  })

  const agreedTo = async (): Promise<number> => (await fixture.store.grants.listLive(USER_ID, fixture.clock.now)).length

  const refused = async (answer: Visit, status = 403): Promise<void> => {
    expect(answer.status).toBe(status)
    expect(answer.location).toBeNull()
    expect(await agreedTo()).toBe(0)
  }

  test('without a token', async () => {
    const { csrf: _, ...fields } = page.hidden
    await refused(await browser.post(CONSENT, { ...fields, decision: 'allow' }))
  })

  test('with a token that is nearly right', async () => {
    const csrf = `${page.hidden['csrf']?.slice(0, -1)}_`
    await refused(await browser.post(CONSENT, { ...page.hidden, csrf, decision: 'allow' }))
    await refused(await browser.post(CONSENT, { ...page.hidden, csrf: `${page.hidden['csrf']}A`, decision: 'allow' }))
  })

  test("with the token of the attacker's own browser", async () => {
    const attacker = await fixture.browser().signInAt(url)
    await refused(
      await browser.post(CONSENT, { ...page.hidden, csrf: attacker.hidden['csrf'] ?? '', decision: 'allow' }),
    )
  })

  test('with the token, but without the cookie that it belongs to', async () => {
    await refused(await fixture.browser().post(CONSENT, { ...page.hidden, decision: 'allow' }))
  })

  const foreign: readonly Record<string, string>[] = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { origin: 'https://evil.example' },
    { origin: 'https://auth.example.evil.example' },
    { origin: 'http://auth.example' },
  ]
  test.each(foreign)('with the token, but sent by another site: %p', async (headers) => {
    await refused(await browser.post(CONSENT, { ...page.hidden, decision: 'allow' }, headers))
  })

  test.each(['text/plain', 'application/json', 'multipart/form-data; boundary=x'])(
    'as %s, which is no form of ours',
    async (type) => {
      const body = String(new URLSearchParams({ ...page.hidden, decision: 'allow' }))
      await refused(await browser.send(CONSENT, { method: 'POST', body, headers: { 'content-type': type } }), 400)
    },
  )

  test('as a GET', async () => {
    const query = new URLSearchParams({ ...page.hidden, decision: 'allow' })
    await refused(await browser.get(`${CONSENT}?${query}`), 404)
  })

  test('with a form that is too long', async () => {
    await refused(await browser.post(CONSENT, { ...page.hidden, decision: 'allow', x: 'x'.repeat(70_000) }), 400)
  })

  test('AS-055 and our own page still can, by 303', async () => {
    const headers = { 'sec-fetch-site': 'same-origin', origin: 'null' }
    const answer = await browser.post(CONSENT, { ...page.hidden, decision: 'allow' }, headers)
    expect(answer.status).toBe(303)
    expect(answer.location).toStartWith(`${REDIRECT}?code=`)
    expect(await agreedTo()).toBe(1)
  })
})
