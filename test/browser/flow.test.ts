/**
 * The pages in a real browser, as a person uses them.
 *
 * @module
 */
import { afterAll, beforeAll, beforeEach, describe, expect } from 'bun:test'
import type { Page } from 'playwright-core'
import { isStatusComplaint, openPage, type ServedPages, servePages, testInBrowser } from '../support/browser.ts'
import { PASSWORD, USER_ID, USERNAME } from '../support/pages-fixture.ts'

let served: ServedPages
beforeAll(async () => {
  served = await servePages()
})
beforeEach(() => {
  served.answers.length = 0
})
afterAll(() => served.stop())

const live = () => served.store.grants.listLive(USER_ID, served.clock.now)

async function signIn(page: Page, password = PASSWORD): Promise<void> {
  await page.getByLabel('User name').fill(USERNAME)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

const allow = (page: Page) => page.getByRole('button', { name: 'Allow' }).click()
const backInTheApplication = (page: Page) => page.getByText('Back in the application').waitFor()

describe('from an application and back', () => {
  // All of it has to work where scripts are turned off.
  const withoutScripts = { javaScriptEnabled: false }

  testInBrowser('wrong password, then the right one, then allow', async () => {
    const { page, complaints } = await openPage(withoutScripts)
    await page.goto(await served.request())
    await signIn(page, 'not the password')
    expect(await page.getByRole('alert').textContent()).toContain('do not fit together')
    expect(await page.getByLabel('User name').inputValue()).toBe(USERNAME)
    expect(await page.getByLabel('Password').inputValue()).toBe('')
    await signIn(page)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Allow access?')
    await allow(page)
    await backInTheApplication(page)
    expect(served.answers).toHaveLength(1)
    expect([...(served.answers[0]?.keys() ?? [])].sort()).toEqual(['code', 'iss', 'state'])
    expect(served.answers[0]?.get('state')).toBe('state-1')
    expect(served.answers[0]?.get('iss')).toBe(served.issuer)
    expect(complaints.filter((complaint) => !isStatusComplaint(complaint))).toEqual([])
  })

  testInBrowser('deny', async () => {
    const before = await live()
    const { page } = await openPage(withoutScripts)
    await page.goto(await served.request())
    await signIn(page)
    await page.getByRole('button', { name: 'Deny' }).click()
    await backInTheApplication(page)
    expect(served.answers[0]?.get('error')).toBe('access_denied')
    expect(await live()).toHaveLength(before.length)
  })

  testInBrowser('revoke what was allowed', async () => {
    const { page } = await openPage(withoutScripts)
    await page.goto(await served.request({ client_name: 'Soon gone' }))
    await signIn(page)
    await allow(page)
    await backInTheApplication(page)
    await page.goto(`${served.issuer}/account`)
    const item = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Soon gone' }) })
    expect(await item.textContent()).toContain('Read your notes')
    const before = await live()
    await item.getByRole('button', { name: 'Revoke' }).click()
    expect(await page.getByRole('status').textContent()).toContain('Access was revoked.')
    expect(await page.getByRole('heading', { name: 'Soon gone' }).count()).toBe(0)
    expect(await live()).toHaveLength(before.length - 1)
  })

  testInBrowser('someone else is signed in: sign out, and the question comes again', async () => {
    const { page } = await openPage(withoutScripts)
    await page.goto(await served.request())
    await signIn(page)
    await page.getByRole('button', { name: 'Sign out' }).click()
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Sign in')
    expect((await page.context().cookies()).every(({ httpOnly, sameSite }) => httpOnly && sameSite === 'Lax')).toBe(
      true,
    )
    await signIn(page)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Allow access?')
  })

  testInBrowser('with the keyboard alone', async () => {
    const { page } = await openPage()
    const focused = () => page.evaluate(() => document.activeElement?.textContent || document.activeElement?.id)
    await page.goto(await served.request())
    expect(await focused()).toBe('username')
    await page.keyboard.type(USERNAME)
    await page.keyboard.press('Tab')
    await page.keyboard.type('not the password')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    expect(await focused()).toBe('password')
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Allow access?' }).waitFor()
    // Nothing has the focus at first: no key that was meant for the page before may agree to anything.
    await page.keyboard.press('Enter')
    expect(served.answers).toEqual([])
    const order: unknown[] = []
    for (let i = 0; i < 4; i += 1) {
      await page.keyboard.press('Tab')
      order.push(await focused())
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle)
      expect(outline).toBe('solid')
    }
    expect(order).toEqual(['Allow', 'Deny', 'your account page', 'Sign out'])
    for (let i = 0; i < 3; i += 1) await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Space')
    await backInTheApplication(page)
    expect(served.answers[0]?.has('code')).toBe(true)
  })
})

describe('the answer reaches the application, wherever it listens', () => {
  testInBrowser('at an address that redirects further', async () => {
    const relay = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: (request) => Response.redirect(`${served.callback}${new URL(request.url).search}`, 302),
    })
    const { page, complaints } = await openPage()
    await page.goto(await served.request({}, `http://127.0.0.1:${relay.port}/relay`))
    await signIn(page)
    await allow(page)
    await backInTheApplication(page)
    expect(served.answers[0]?.has('code')).toBe(true)
    expect(complaints).toEqual([])
    await relay.stop(true)
  })

  testInBrowser('behind a private-use scheme', async () => {
    const { page, complaints } = await openPage()
    const opened: string[] = []
    page.on('request', (request) => void opened.push(request.url()))
    await page.goto(await served.request({}, 'cursor://anysphere.cursor-retrieval/oauth/callback'))
    await signIn(page)
    const leaving = page.waitForEvent('request', (request) => request.url().startsWith('cursor://'))
    await page.getByRole('button', { name: 'Allow' }).click({ noWaitAfter: true })
    await leaving
    const answer = opened.find((url) => url.startsWith('cursor://anysphere.cursor-retrieval/oauth/callback?code='))
    expect(answer).toBeDefined()
    expect(complaints).toEqual([])
  })
})

describe('other sites', () => {
  testInBrowser('AS-056 cannot frame the pages', async () => {
    const request = await served.request()
    const thief = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () =>
        new Response(`<!doctype html><title>x</title><iframe src="${request.replaceAll('&', '&amp;')}"></iframe>`, {
          headers: { 'content-type': 'text/html' },
        }),
    })
    const { page, complaints } = await openPage()
    await page.goto(`http://localhost:${thief.port}/`)
    expect(page.frames()).toHaveLength(2)
    expect(await page.frames()[1]?.getByLabel('User name').count()).toBe(0)
    expect(complaints.join()).toContain("frame-ancestors 'none'")
    await thief.stop(true)
  })

  testInBrowser('cannot post the forms, even with the right token', async () => {
    const { page } = await openPage()
    await page.goto(await served.request())
    await signIn(page)
    const fields = await page
      .locator('form')
      .first()
      .evaluate((form) => (form instanceof HTMLFormElement ? form.outerHTML : ''))
    const before = await live()
    // 127.0.0.1 is another site than localhost, on the same computer.
    const thief = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () =>
        new Response(`<!doctype html><title>x</title>${fields.replace('action="', `action="${served.issuer}`)}`, {
          headers: { 'content-type': 'text/html' },
        }),
    })
    await page.goto(`http://127.0.0.1:${thief.port}/`)
    await allow(page)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('This form is out of date')
    expect(await live()).toHaveLength(before.length)
    await thief.stop(true)
  })
})
