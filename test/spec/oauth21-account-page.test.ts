/**
 * The list of what a person granted, however long it is.
 *
 * @see OAuth 2.1 section 7.9 (draft-ietf-oauth-v2-1-16): people should see and be able to revoke what they granted
 * @see WCAG 2.2, 2.1.1 (keyboard), 2.4.4 (link purpose)
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import { code, grant, user } from '../../server/store/conformance/records.ts'
import { createPagesFixture, type PagesFixture, RESOURCE, type TestBrowser, USER_ID } from '../support/pages-fixture.ts'

let fixture: PagesFixture
let browser: TestBrowser
beforeAll(async () => {
  fixture = await createPagesFixture()
  browser = fixture.browser()
  await browser.signInAt('/account')
  for (let index = 0; index < 41; index += 1) await addGrant(index)
})

/** The higher the number, the newer. */
async function addGrant(index: number, userId = USER_ID): Promise<void> {
  const { now } = fixture.clock
  const id = `${userId}-${String(index).padStart(2, '0')}`
  const times = { createdAt: now - 100 + index, expiresAt: now + 1000 }
  const record = grant({ id, userId, clientId: 'app', resource: RESOURCE.identifier, scopes: ['notes:read'], ...times })
  await fixture.store.grants.create(record, code({ hash: id, grantId: id }))
}

const shown = async (path: string) => {
  const { status, html, location } = await browser.get(path)
  const ids = [...html.matchAll(/name="grant" value="([^"]+)"/g)].map(([, id]) => Number(id?.slice(-2)))
  const [nav = ''] = /<nav class="pages"[\s\S]*?<\/nav>/.exec(html) ?? []
  const links = [...nav.matchAll(/<a rel="(\w+)" href="([^"]+)">(\w+)<\/a>/g)].map(([, ...parts]) =>
    parts.join(' ').replace('&#61;', '='),
  )
  return { status, html, location, ids, nav, links }
}
const numbers = (from: number, to: number): readonly number[] =>
  Array.from({ length: from - to + 1 }, (_, index) => from - index)

describe('AS-058 pages of the account page', () => {
  test('hold 20 each, the newest first, all of them once, and link to each other', async () => {
    expect(await shown('/account')).toMatchObject({ ids: numbers(40, 21), links: ['next /account?page=2 Older'] })
    expect(await shown('/account?page=2')).toMatchObject({
      ids: numbers(20, 1),
      links: ['prev /account Newer', 'next /account?page=3 Older'],
    })
    expect(await shown('/account?page=3')).toMatchObject({ ids: [0], links: ['prev /account?page=2 Newer'] })
  })

  test('keys reach everything in the order of reading: links and buttons of HTML, and no script', async () => {
    const { html, nav } = await shown('/account?page=2')
    expect(nav).toContain('aria-label="Pages of the list"')
    expect(nav).toContain('<span aria-current="page">Page 2</span>')
    expect(html).toContain('<title>Your account, page 2 ·')
    expect(html).not.toMatch(/tabindex|onclick|<script/i)
    expect(html.indexOf('<nav class="pages"')).toBeGreaterThan(html.lastIndexOf('name="grant"'))
    expect(html.match(/<button type="submit" aria-describedby="grant-\d+">Revoke<\/button>/g)).toHaveLength(20)
  })

  test.each(['0', '-1', '1.5', 'x', '', '1e3', '01', '9999999'])('page=%s is the first', async (page) => {
    expect((await shown(`/account?page=${page}`)).ids[0]).toBe(40)
  })

  test('a page beyond the last leads back', async () => {
    expect(await shown('/account?page=4')).toMatchObject({ status: 303, location: '/account' })
    expect(await shown('/account?page=999999')).toMatchObject({ status: 303, location: '/account' })
  })

  test('revoking stays on its page, and says so also where that page is gone with it', async () => {
    const page = await browser.get('/account?page=2')
    const [, id = ''] = /name="grant" value="([^"]+)"/.exec(page.html) ?? []
    const answer = await browser.post('/account/revoke', { ...page.hidden, grant: id, page: '2' })
    expect(answer.location).toBe('/account?revoked&page=2')
    const after = await shown(answer.location ?? '')
    expect([after.ids.length, after.html.includes('Access was revoked.')]).toEqual([20, true])
    // 40 are left: there is no third page any more, and no link to it.
    expect(after.links).toEqual(['prev /account Newer'])
    const last = await shown('/account?revoked&page=3')
    expect(last).toMatchObject({ status: 303, location: '/account?revoked' })
    expect(page.html).toContain('<input type="hidden" name="page" value="2">')
  })

  test('one page that holds all has no links to others, and nobody sees those of others', async () => {
    const other = await createPagesFixture()
    const mine = fixture
    fixture = other
    await fixture.store.users.create(user({ id: 'usr_eve', username: 'eve' }))
    for (const id of ['usr_eve', USER_ID]) await addGrant(1, id)
    fixture = mine
    const visitor = other.browser()
    const { html } = await visitor.signInAt('/account')
    expect(html.match(/name="grant" value="[^"]+"/g)).toEqual([`name="grant" value="${USER_ID}-01"`])
    expect(html).not.toContain('<nav')
  })
})
