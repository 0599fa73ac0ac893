/**
 * A web application without a server of its own, in a real Chromium (`SALLYPORT_CHROMIUM` says where it is): `app.ts` is the application,
 * this program is its web server and the person at the browser.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { chromium } from 'playwright-core'
import { serve } from '../../server/serve.ts'
import { startDemo } from '../start-demo.ts'

/** Your bundler does this. */
async function bundle(name: string): Promise<string> {
  const entry = new URL(name, import.meta.url).pathname
  const { outputs } = await Bun.build({ entrypoints: [entry], target: 'browser', minify: true })
  return (await outputs[0]?.text()) ?? ''
}

const file = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), 'utf8')
const html = { 'content-type': 'text/html; charset=utf-8' }
const script = { 'content-type': 'text/javascript; charset=utf-8' }
const pages = new Map([
  ['/', { headers: html, body: await file('index.html') }],
  ['/callback.html', { headers: html, body: await file('callback.html') }],
  ['/app.js', { headers: script, body: await bundle('app.ts') }],
  ['/callback.js', { headers: script, body: await bundle('callback.ts') }],
])
const listening = await serve({
  host: 'localhost',
  port: 0,
  fetch: (request) => {
    const page = pages.get(new URL(request.url).pathname)
    return page === undefined ? new Response(null, { status: 404 }) : new Response(page.body, { headers: page.headers })
  },
})
assert(listening.ok)
const server = await startDemo()

const browser = await chromium.launch({
  executablePath: process.env['SALLYPORT_CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
})
const page = await browser.newPage()
await page.goto(`http://localhost:${listening.value.port}/?mcp=${encodeURIComponent(server.url)}`)

await page.getByRole('button', { name: 'Sign in' }).click()
await page.getByText('Signed in with a DPoP token for notes:read notes:write').waitFor()
assert.equal(page.context().pages().length, 1, 'the window of the sign-in is closed')
await page.getByRole('button', { name: 'Who am I?' }).click()
await page.getByText('notes:read').waitFor()
await page.getByRole('button', { name: 'Sign out' }).click()
await page.getByText('Signed out: revoked true, deleted true').waitFor()

await browser.close()
await listening.value.close(0)
await server.close()
console.log('somebody signed in to a page, and out again')
