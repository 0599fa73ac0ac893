/**
 * A person in a real browser signs in at node-oidc-provider as their company's provider: there and back, out again, and gone.
 *
 * `SALLYPORT_SCREENSHOTS=<folder>` keeps a picture of each page.
 *
 * @see OpenID Connect Core 1.0 section 3.1
 * @see WCAG 2.2
 * @module
 */
import { afterAll, beforeAll, describe, expect } from 'bun:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { openPage, testInBrowser } from '../support/browser.ts'
import { auditPage } from '../support/page-audit.ts'
import {
  atCompany,
  type CompanyServer,
  listenRealCompany,
  RESOURCE,
  type RealCompany,
  serveCompany,
} from '../support/real-company.ts'

const FOLDER = process.env['SALLYPORT_SCREENSHOTS']

let company: RealCompany
let served: CompanyServer
let program: { readonly callback: string; readonly answers: URLSearchParams[]; stop(): void }
const others: CompanyServer[] = []

beforeAll(async () => {
  // The port is known before the company is told of it.
  const reserved = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
  const port = reserved.port ?? 0
  await reserved.stop(true)
  company = await listenRealCompany(() => `http://localhost:${port}`)
  served = await serveCompany(port, { providers: [atCompany(company.issuer)] })
  const answers: URLSearchParams[] = []
  const listening = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch({ url }) {
      const { pathname, searchParams } = new URL(url)
      if (pathname !== '/callback') return new Response(null, { status: 404 })
      answers.push(searchParams)
      return new Response('<!doctype html><title>Done</title><p>Back in the application', {
        headers: { 'content-type': 'text/html' },
      })
    },
  })
  program = { callback: `http://localhost:${listening.port}/callback`, answers, stop: () => void listening.stop(true) }
})
afterAll(async () => {
  company.close()
  program.stop()
  for (const one of [served, ...others]) await one.close()
})

/** The authorization URL of a newly registered application. */
async function request({ issuer }: CompanyServer): Promise<string> {
  const registered = await fetch(`${issuer}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Claude Code',
      redirect_uris: [program.callback],
      token_endpoint_auth_method: 'none',
    }),
  })
  const { client_id } = await registered.json()
  const query = new URLSearchParams({
    client_id,
    response_type: 'code',
    redirect_uri: program.callback,
    scope: 'notes:read',
    state: 'state-1',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    resource: RESOURCE,
  })
  return `${issuer}/oauth/authorize?${query}`
}

async function signInAtCompany(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Continue with Example Corp' }).click()
  await page.locator('input[name=login]').fill(name)
  await page.locator('input[name=password]').fill('anything')
  await page.locator('button[type=submit]').click()
  // The provider's own consent, for this server.
  await page.getByRole('button', { name: 'Continue' }).click()
}

describe('a person of the company', () => {
  testInBrowser(
    'signs in there, agrees here, and the application has its code; signs out, and is signed out there',
    async () => {
      const { page, complaints } = await openPage()
      await page.goto(await request(served))
      await signInAtCompany(page, 'ada')
      await page.getByRole('heading', { name: 'Allow access?' }).waitFor()
      expect(await page.getByText('Ada Lovelace').first().isVisible()).toBe(true)
      await page.getByRole('button', { name: 'Allow' }).click()
      await page.getByText('Back in the application').waitFor()
      expect(program.answers.at(-1)?.get('code')).not.toBeNull()
      expect(program.answers.at(-1)?.get('iss')).toBe(served.issuer)

      await page.goto(`${served.issuer}/account`)
      await page.getByRole('button', { name: 'Sign out' }).click()
      // The company asks whether they mean it.
      await page.getByRole('button', { name: /yes/i }).click()
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
      expect(new URL(page.url()).origin).toBe(served.issuer)
      // Signed out there as well: it asks for the password again.
      await page.getByRole('button', { name: 'Continue with Example Corp' }).click()
      await page.locator('input[name=password]').waitFor()
      // The company's own pages are not in order; ours must not have kept anything from happening.
      expect(complaints.filter((complaint) => /Refused|Content Security Policy/i.test(complaint))).toEqual([])
      expect(served.failures).toEqual([])
    },
  )

  testInBrowser('signs out at the company, and is signed out here (back-channel)', async () => {
    const { page } = await openPage()
    await page.goto(`${served.issuer}/sign-in`)
    await signInAtCompany(page, 'grace')
    await page.getByRole('heading', { name: 'Your account' }).waitFor()
    await page.goto(`${company.issuer}/session/end`)
    await page.getByRole('button', { name: /yes/i }).click()
    // The company has told us before it says so.
    await page.waitForURL(/\/session\/end\/success/)
    await page.goto(`${served.issuer}/account`)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(served.events.filter(({ type }) => type === 'logout_rejected')).toEqual([])
  })

  testInBrowser('cancels there, and is told what to do', async () => {
    const { page } = await openPage()
    await page.goto(await request(served))
    await page.getByRole('button', { name: 'Continue with Example Corp' }).click()
    await page.getByRole('link', { name: /cancel/i }).click()
    await page.getByRole('heading', { name: 'You were not signed in' }).waitFor()
    await page.getByRole('button', { name: 'Back to sign-in' }).click()
    // To the same application.
    await page.getByText('to continue to').waitFor()
  })

  testInBrowser('leaves the company, and has no access any more', async () => {
    const { page } = await openPage()
    await page.goto(`${served.issuer}/sign-in`)
    await signInAtCompany(page, 'joan')
    await page.getByRole('heading', { name: 'Your account' }).waitFor()
    await served.revalidate(3600)
    await page.reload()
    await page.getByRole('heading', { name: 'Your account' }).waitFor()
    company.employs = false
    try {
      await served.revalidate(3 * 3600)
    } finally {
      company.employs = true
    }
    await page.reload()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(served.events).toContainEqual(
      expect.objectContaining({ type: 'access_ended', reason: 'refused_by_provider' }),
    )
  })
})

const looks: readonly [string, BrowserContextOptions][] = [
  ['light', { viewport: { width: 1000, height: 800 }, colorScheme: 'light' }],
  ['dark', { viewport: { width: 1000, height: 800 }, colorScheme: 'dark' }],
  ['phone', { viewport: { width: 390, height: 844 }, colorScheme: 'light', hasTouch: true, isMobile: true }],
  ['narrow', { viewport: { width: 320, height: 640 }, colorScheme: 'light' }],
]

/** With these buttons, and with passwords or without. */
const pagesWith: readonly [string, readonly string[], boolean][] = [
  ['one', ['Example Corp'], true],
  ['one-only', ['Example Corp'], false],
  [
    'three',
    ['Example Corp', 'Contractors of Example Corp', `Gesellschaft für ${'Verwaltungsdienstleistungen '.repeat(2)}`],
    true,
  ],
]

describe.each(looks)('in %s', (look, options) => {
  testInBrowser(`every page of company sign-in is in order (${look})`, async () => {
    const { page } = await openPage(options)
    const inspect = async (name: string): Promise<void> => {
      expect({ name, problems: await page.evaluate(auditPage) }).toEqual({ name, problems: [] })
      if (FOLDER !== undefined) await page.screenshot({ path: `${FOLDER}/${name}-${look}.png`, fullPage: true })
    }
    for (const [name, buttons, passwords] of pagesWith) {
      const providers = buttons.map((label, index) => {
        const issuer = index === 0 ? company.issuer : `https://login-${index}.example`
        return atCompany(issuer, { id: `company-${index}`, name: label.trim().slice(0, 60) })
      })
      const server = await serveCompany(0, { providers, passwords })
      others.push(server)
      await page.goto(await request(server))
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
      await inspect(`company-${name}`)
    }
    const [server] = others
    await page.goto(`${server?.issuer}/oidc/callback/company-0?state=unknown`)
    await page.getByRole('heading', { name: 'This sign-in is out of date' }).waitFor()
    await inspect('company-out-of-date')
    const away = await serveCompany(0, { providers: [atCompany('http://127.0.0.1:9', { name: 'Away' })] })
    others.push(away)
    await page.goto(await request(away))
    await page.getByRole('button', { name: 'Continue with Away' }).click()
    await page.getByRole('heading', { name: /cannot be reached/ }).waitFor()
    await inspect('company-away')
  })
})
