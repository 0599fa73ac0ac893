/**
 * Every page, light and dark, on a desk and on a phone: nothing a machine can find is wrong with it.
 *
 * `SALLYPORT_SCREENSHOTS=<folder>` keeps a picture of each.
 *
 * @see WCAG 2.2
 * @module
 */
import { afterAll, beforeAll, describe, expect } from 'bun:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { isStatusComplaint, openPage, type ServedPages, servePages, testInBrowser } from '../support/browser.ts'
import { auditPage } from '../support/page-audit.ts'
import { PASSWORD, USERNAME } from '../support/pages-fixture.ts'

let served: ServedPages
beforeAll(async () => {
  served = await servePages()
})
afterAll(() => served.stop())

const LONG = `A name ${'without-end-'.repeat(14)}`
const FOLDER = process.env['SALLYPORT_SCREENSHOTS']

const looks: readonly [string, BrowserContextOptions][] = [
  ['light', { viewport: { width: 1000, height: 800 }, colorScheme: 'light' }],
  ['dark', { viewport: { width: 1000, height: 800 }, colorScheme: 'dark' }],
  ['phone', { viewport: { width: 390, height: 844 }, colorScheme: 'light', hasTouch: true, isMobile: true }],
  ['phone-dark', { viewport: { width: 390, height: 844 }, colorScheme: 'dark', hasTouch: true, isMobile: true }],
  ['narrow', { viewport: { width: 320, height: 640 }, colorScheme: 'light' }],
]

async function signIn(page: Page, password = PASSWORD): Promise<void> {
  await page.getByLabel('User name').fill(USERNAME)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

describe.each(looks)('in %s', (look, options) => {
  testInBrowser(`every page is in order (${look})`, async () => {
    const { page, complaints } = await openPage(options)
    const inspect = async (name: string, heading: string): Promise<void> => {
      await page.getByRole('heading', { level: 1, name: heading }).waitFor()
      expect({ name, problems: await page.evaluate(auditPage) }).toEqual({ name, problems: [] })
      if (FOLDER !== undefined) await page.screenshot({ path: `${FOLDER}/${name}-${look}.png`, fullPage: true })
    }

    const loopback = await served.request()
    await page.goto(loopback)
    await inspect('sign-in', 'Sign in')
    await signIn(page, 'not the password')
    await inspect('sign-in-failed', 'Sign in')
    await signIn(page)
    await inspect('consent-loopback', 'Allow access?')
    await page.goto(await served.request({ client_name: 'Claude' }, 'https://claude.ai/api/mcp/auth_callback'))
    await inspect('consent-web', 'Allow access?')
    await page.goto(await served.request({}, 'cursor://anysphere.cursor-retrieval/oauth/callback'))
    await inspect('consent-private-use', 'Allow access?')
    await page.goto(await served.request({ client_name: LONG }, `https://${'a-long-label.'.repeat(12)}example/cb`))
    await inspect('consent-long', 'Allow access?')
    await page.goto(await served.request({ client_name: 'Research helper', agent: true }))
    expect(await page.getByText('An agent, not you.').isVisible()).toBe(true)
    await inspect('consent-agent', 'Allow access?')
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByText('Back in the application').waitFor()
    await page.goto(`${served.issuer}/account`)
    await inspect('account', 'Your account')
    await page.goto(loopback)
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByText('Back in the application').waitFor()
    await page.goto(`${served.issuer}/account`)
    await page.getByRole('heading', { level: 3, name: 'Research helper Agent' }).first().waitFor()
    await inspect('account-granted', 'Your account')
    await page.getByRole('button', { name: 'Revoke' }).first().click()
    await inspect('account-revoked', 'Your account')
    expect(complaints.filter((complaint) => !isStatusComplaint(complaint))).toEqual([])

    complaints.length = 0
    await page.goto(served.authorizationUrl({ client_id: 'unknown', redirect_uri: served.callback }))
    await inspect('unknown-client', 'This application is not known here')
    const evil = new URL(loopback)
    evil.searchParams.set('redirect_uri', 'https://evil.example/')
    await page.goto(evil.href)
    await inspect('bad-redirect', 'This request cannot be trusted')
    expect(complaints.filter((complaint) => !isStatusComplaint(complaint))).toEqual([])
  })
})

describe('the style', () => {
  testInBrowser('follows the system from light to dark', async () => {
    const { page } = await openPage({ colorScheme: 'light' })
    await page.goto(`${served.issuer}/sign-in`)
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const light = await ground()
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await ground()).not.toBe(light)
  })

  testInBrowser('the check of the pages does find what is wrong', async () => {
    const { page } = await openPage()
    await page.goto(`${served.issuer}/sign-in`)
    expect(await page.evaluate(auditPage)).toEqual([])
    await page.evaluate(() => {
      document.documentElement.lang = ''
      document.querySelector('label')?.remove()
      document.querySelector('main')?.append(document.createElement('h4'))
      const [button] = document.querySelectorAll('button')
      button?.replaceChildren()
      const heading = document.querySelector('h1')
      if (heading !== null) heading.style.cssText = 'color: #aaa; width: 5000px'
    })
    const found = (await page.evaluate(auditPage)).join('\n')
    for (const problem of [
      'no language',
      'no label',
      'a heading is skipped',
      'no name',
      'contrast',
      'sideways',
      'inline',
    ]) {
      expect(found).toContain(problem)
    }
  })
})
