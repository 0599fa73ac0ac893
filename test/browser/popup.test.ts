/**
 * A web application without a server signs in, in a real browser, at our server and with our resource.
 *
 * @see OAuth 2.1 section 2.3.6 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { openPage, testInBrowser } from '../support/browser.ts'
import { listenTestDemo, type TestDemo, USER } from '../support/demo.ts'

let demo: TestDemo
let application: { readonly origin: string; readonly stop: () => void }
beforeAll(async () => {
  demo = await listenTestDemo()
  const build = await Bun.build({ entrypoints: [join(import.meta.dir, '../support/popup-app.ts')], target: 'browser' })
  const script = (await build.outputs[0]?.text()) ?? ''
  const page = '<!doctype html><title>Application</title><script type="module" src="/app.js"></script>'
  const server = Bun.serve({
    port: 0,
    hostname: 'localhost',
    fetch: (request) =>
      new URL(request.url).pathname === '/app.js'
        ? new Response(script, { headers: { 'content-type': 'text/javascript' } })
        : new Response(page, { headers: { 'content-type': 'text/html' } }),
  })
  application = { origin: `http://localhost:${server.port}`, stop: () => server.stop(true) }
})
afterAll(async () => {
  application.stop()
  await demo.close()
})

/** The application, its button pressed, and the window of the sign-in. */
async function pressed(): Promise<{ readonly page: Page; readonly window: Page }> {
  const { page } = await openPage()
  await page.goto(
    `${application.origin}/?${new URLSearchParams({ resource: demo.mcpUrl, now: String(demo.clock.now) })}`,
  )
  const opening = page.context().waitForEvent('page')
  await page.getByRole('button', { name: 'Sign in' }).click()
  return { page, window: await opening }
}

async function signIn(window: Page): Promise<void> {
  await window.getByLabel('User name').fill(USER.username)
  await window.getByLabel('Password').fill(USER.password)
  await window.getByRole('button', { name: 'Sign in' }).click()
}

const outcome = (page: Page) => page.locator('output').textContent()

describe('popup', () => {
  testInBrowser('signs in in a window of its own, which closes, and calls a tool', async () => {
    const { page, window } = await pressed()
    await signIn(window)
    const closed = window.waitForEvent('close')
    await window.getByRole('button', { name: 'Allow' }).click()
    await closed
    const expected = 'signed in: DPoP notes:read notes:write, answered 200'
    expect(await outcome(page)).toBe(expected)
    // Nobody has to be asked again: the window that the click opened goes away unused.
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.locator('output').nth(1).waitFor()
    expect(await page.locator('output').allTextContents()).toEqual([expected, expected])
    expect(page.context().pages()).toHaveLength(1)
  })

  testInBrowser('the sign-in page cannot lead the application elsewhere', async () => {
    const { window } = await pressed()
    await window.getByLabel('User name').waitFor()
    expect(await window.evaluate(() => window.opener)).toBeNull()
    await window.close()
  })

  testInBrowser('a person who declines, and one who closes the window', async () => {
    const declining = await pressed()
    await signIn(declining.window)
    await declining.window.getByRole('button', { name: 'Deny' }).click()
    expect(await outcome(declining.page)).toBe('failed: authorization_denied')

    const closing = await pressed()
    await closing.window.getByLabel('User name').waitFor()
    await closing.window.close()
    await closing.page.bringToFront()
    expect(await outcome(closing.page)).toBe('failed: interaction_failed')
  })

  testInBrowser("C-096 the redirect page takes the code out of its address, and a stray one is nobody's", async () => {
    const { page, window } = await pressed()
    await window.getByLabel('User name').waitFor()
    const stray = await page.context().newPage()
    await stray.goto(`${application.origin}/callback?code=evil&state=evil`)
    expect(await outcome(stray)).toBe('callback true ')
    expect(stray.url()).toBe(`${application.origin}/callback`)
    expect(await page.locator('output').count()).toBe(0)
    await window.close()
  })
})
