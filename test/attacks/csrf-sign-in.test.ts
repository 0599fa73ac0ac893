/**
 * Another site signs the person in as the attacker, who then reads what the person leaves behind.
 *
 * @see OAuth 2.1 section 7.12 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import { createPagesFixture, PASSWORD, type PagesFixture, USERNAME } from '../support/pages-fixture.ts'

const SIGN_IN = '/sign-in'
const credentials = { username: USERNAME, password: PASSWORD }

describe('nobody can be signed in from elsewhere', () => {
  let fixture: PagesFixture
  beforeAll(async () => {
    fixture = await createPagesFixture()
  })

  test('a browser that has not seen the sign-in page', async () => {
    const attacker = await fixture.browser().get(SIGN_IN)
    const victim = fixture.browser()
    expect((await victim.post(SIGN_IN, { ...attacker.hidden, ...credentials })).status).toBe(403)
    expect(victim.cookies.size).toBe(0)
  })

  test("a browser that has, with the attacker's token", async () => {
    const attacker = await fixture.browser().get(SIGN_IN)
    const victim = fixture.browser()
    await victim.get(SIGN_IN)
    const before = new Map(victim.cookies)
    expect((await victim.post(SIGN_IN, { ...attacker.hidden, ...credentials })).status).toBe(403)
    expect(victim.cookies).toEqual(before)
  })

  test('another site with the right token', async () => {
    const victim = fixture.browser()
    const page = await victim.get(SIGN_IN)
    const answer = await victim.post(SIGN_IN, { ...page.hidden, ...credentials }, { 'sec-fetch-site': 'cross-site' })
    expect(answer.status).toBe(403)
  })

  test('a forged sign-in does not count as a guess', () => {
    expect(fixture.events.filter(({ type }) => type === 'sign_in' || type === 'sign_in_failed')).toEqual([])
  })

  test('the page itself can, by 303', async () => {
    const browser = fixture.browser()
    const page = await browser.get(SIGN_IN)
    const answer = await browser.post(SIGN_IN, { ...page.hidden, ...credentials })
    expect([answer.status, answer.location]).toEqual([303, '/account'])
  })
})
