/**
 * A real Chromium, headless, against the application on a real socket. Without one, the tests say so and are skipped.
 *
 * @module
 */
import { afterAll, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { createPagesFixture, type PagesFixture } from './pages-fixture.ts'

const EXECUTABLE = process.env['SALLYPORT_CHROMIUM'] ?? '/usr/bin/chromium'
const HAS_CHROMIUM = existsSync(EXECUTABLE)
const WITHOUT = `no Chromium at ${EXECUTABLE}: install it, or set SALLYPORT_CHROMIUM`

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A test that needs Chromium. */
export function testInBrowser(name: string, run: () => Promise<void>): void {
  if (HAS_CHROMIUM) {
    test(name, run, 120_000)
    return
  }
  console.error(`\n!!! NOT RUN: "${name}" (${WITHOUT})\n`)
  test.skip(`${name} (${WITHOUT})`, run)
}

/** One Chromium for all tests of a file; closed when they are through. */
let running: Promise<Browser> | null = null

afterAll(async () => {
  const browser = await running
  running = null
  await browser?.close()
})

/** A page with cookies of its own, and everything that the browser complained about on it. */
export async function openPage(
  options: BrowserContextOptions = {},
): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  running ??= chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS, timeout: 60_000 })
  const context = await (await running).newContext(options)
  context.setDefaultTimeout(30_000)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => void complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => void complaints.push(`exception: ${error.message}`))
  return { page, complaints }
}

/** What Chromium says of any page whose status is an error. */
export const isStatusComplaint = (complaint: string): boolean =>
  complaint.includes('the server responded with a status of')

/** The application on a port of its own, and a program on this computer that waits for answers. */
export interface ServedPages extends PagesFixture {
  /** The redirect URI of the waiting program. */
  readonly callback: string
  /** The query of every answer that it got. */
  readonly answers: URLSearchParams[]
  /** The authorization URL for a newly registered application at `redirectUri`, by default the waiting program. */
  request(metadata?: Record<string, unknown>, redirectUri?: string): Promise<string>
  stop(): Promise<void>
}

export async function servePages(): Promise<ServedPages> {
  let fixture: PagesFixture | null = null
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request, bun) =>
      (await fixture?.handle(request, bun.requestIP(request)?.address)) ?? new Response(null, { status: 404 }),
  })
  fixture = await createPagesFixture({ issuer: `http://localhost:${server.port}` })

  const answers: URLSearchParams[] = []
  const program = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request) {
      const { pathname, searchParams } = new URL(request.url)
      if (pathname !== '/callback') return new Response(null, { status: 404 })
      answers.push(searchParams)
      return new Response('<!doctype html><title>Done</title><p>Back in the application', {
        headers: { 'content-type': 'text/html' },
      })
    },
  })
  const callback = `http://localhost:${program.port}/callback`
  const { register, authorizationUrl, store } = fixture
  return {
    ...fixture,
    callback,
    answers,
    async request(metadata = { client_name: 'Claude Code' }, redirectUri = callback) {
      const clientId = await register({ redirect_uris: [redirectUri], ...metadata })
      return authorizationUrl({ client_id: clientId, redirect_uri: redirectUri })
    },
    async stop() {
      await Promise.all([server.stop(true), program.stop(true)])
      await store.close()
    },
  }
}
