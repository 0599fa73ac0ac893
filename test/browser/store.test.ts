/**
 * The browser's store in a real Chromium: keys that nobody can export, one refresh for all tabs, and what every store promises.
 *
 * @see RFC 9449 section 11.4
 * @module
 */
import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { openPage, testInBrowser } from '../support/browser.ts'
import type { StorePage } from '../support/browser-store-page.ts'
import { gate } from '../support/client.ts'
import { createDpopFlow, type DpopFlow } from '../support/dpop-flow.ts'

declare global {
  // What the page has; it is called in the page only.
  var page: StorePage
}

/** The authorization server and the site are of two origins, as they are in the world. */
async function serveSite() {
  let flow: DpopFlow | undefined
  let hold: (() => Promise<void>) | undefined
  const script = await Bun.build({ entrypoints: [join(import.meta.dir, '../support/browser-store-page.ts')] })
  const code = await script.outputs[0]?.text()
  const answer = async (request: Request): Promise<Response> => {
    if (flow === undefined) return new Response(null, { status: 503 })
    flow.clock.now = Math.floor(Date.now() / 1000)
    const { pathname } = new URL(request.url)
    if (pathname === '/page')
      return new Response('<!doctype html><script type="module" src="/page.js"></script>', {
        headers: { 'content-type': 'text/html' },
      })
    if (pathname === '/page.js') return new Response(code, { headers: { 'content-type': 'text/javascript' } })
    if (request.url === flow.tokenEndpoint && (await request.clone().text()).includes('=refresh_token')) await hold?.()
    return flow.fetch(request)
  }
  const [as, site] = [1, 2].map(() => Bun.serve({ hostname: 'localhost', port: 0, fetch: answer }))
  flow = await createDpopFlow({
    issuer: `http://localhost:${as?.port}`,
    resource: `http://localhost:${site?.port}/mcp`,
    server: { refresh: { replay_window: 0 } },
  })
  const { tokenEndpoint, at } = flow
  return {
    flow,
    url: `http://localhost:${site?.port}/page`,
    holdRefresh: (until: (() => Promise<void>) | undefined): void => {
      hold = until
    },
    redemptions: () =>
      at(tokenEndpoint).filter(({ form, status }) => form.get('grant_type') === 'refresh_token' && status === 200)
        .length,
    async stop() {
      await Promise.all([as?.stop(true), site?.stop(true)])
      await flow?.close()
    },
  }
}

let site: Awaited<ReturnType<typeof serveSite>>
beforeAll(async () => {
  site = await serveSite()
})
afterAll(() => site.stop())

/** Tabs of one browser profile, the first of which has signed in. */
async function openTabs(many: number): Promise<{ readonly tabs: readonly Page[]; readonly complaints: string[] }> {
  const { page: first, complaints } = await openPage()
  const others = await Promise.all(Array.from({ length: many - 1 }, () => first.context().newPage()))
  const tabs = [first, ...others]
  for (const tab of tabs) {
    await tab.goto(site.url)
    await tab.waitForFunction(() => 'page' in globalThis)
  }
  const flow = await first.evaluate(() => page.begin())
  const callback = (await site.flow.person.visit(flow.url)).href
  await first.evaluate(([one, url]) => page.complete(one, url), [flow, callback] as const)
  return { tabs, complaints }
}

const callIn = (tab: Page): Promise<number | string> => tab.evaluate(() => page.call())

describe('what every store promises', () => {
  testInBrowser('the suite for authors of stores, in Chromium', async () => {
    const { page: tab } = await openPage()
    await tab.goto(site.url)
    await tab.waitForFunction(() => 'page' in globalThis)
    const { failures, cases } = await tab.evaluate(() => page.conformance())
    expect(failures).toEqual([])
    expect(cases).toBeGreaterThan(15)
    expect(await tab.evaluate(() => page.sweep())).toEqual([undefined, '1'])
  })

  testInBrowser('the person clears the data of the site: it begins anew, without a reload', async () => {
    const { page: tab } = await openPage()
    await tab.goto(site.url)
    await tab.waitForFunction(() => 'page' in globalThis)
    expect(await tab.evaluate(() => page.cleared())).toEqual([undefined, '2'])
  })
})

describe('DPOP-C4 the key', () => {
  testInBrowser('DPOP-C4 is in the database, signs after a reload, and cannot be taken away', async () => {
    const { tabs } = await openTabs(1)
    const [tab] = tabs
    if (tab === undefined) throw new Error('there is a tab')
    expect(await callIn(tab)).toBe(200)
    await tab.reload()
    await tab.waitForFunction(() => 'page' in globalThis)
    expect(await tab.evaluate(() => page.status())).toBe('ready')
    expect(await callIn(tab)).toBe(200)
    expect(await tab.evaluate(() => page.steal())).toEqual({
      isKey: true,
      extractable: false,
      exported: ['rejected', 'rejected'],
      json: false,
    })
  })
})

describe('R1 one refresh for all tabs', () => {
  testInBrowser('R1 two tabs race for it, ten times: one redemption each time, and both get through', async () => {
    const { tabs, complaints } = await openTabs(2)
    const rounds: unknown[] = []
    for (let round = 0; round < 10; round += 1) {
      await tabs[0]?.evaluate(() => page.expire())
      // Neither remembers anything from before.
      await Promise.all(tabs.map((tab) => tab.reload()))
      await Promise.all(tabs.map((tab) => tab.waitForFunction(() => 'page' in globalThis)))
      const before = site.redemptions()
      const statuses = await Promise.all(tabs.map(callIn))
      rounds.push({ statuses, redemptions: site.redemptions() - before })
    }
    expect(rounds).toEqual(rounds.map(() => ({ statuses: [200, 200], redemptions: 1 })))
    expect(complaints.filter((complaint) => complaint.startsWith('exception'))).toEqual([])
  })

  testInBrowser('R1 a tab is closed while it refreshes: the other one goes on at once', async () => {
    const { tabs } = await openTabs(2)
    const [dying, living] = tabs
    if (dying === undefined || living === undefined) throw new Error('there are two tabs')
    await dying.evaluate(() => page.expire())
    await Promise.all(tabs.map((tab) => tab.reload()))
    await Promise.all(tabs.map((tab) => tab.waitForFunction(() => 'page' in globalThis)))
    const asked = gate()
    const never = gate()
    site.holdRefresh(() => {
      asked.open()
      return never.opened
    })
    const calling = callIn(dying).catch(() => 'closed')
    await asked.opened
    site.holdRefresh(undefined)
    const going = callIn(living)
    await dying.close()
    expect(await calling).toBe('closed')
    expect(await going).toBe(200)
  })

  testInBrowser('R13 signing out in one tab signs out the other', async () => {
    const { tabs } = await openTabs(2)
    const [one, other] = tabs
    expect(await other?.evaluate(() => page.call())).toBe(200)
    expect(await one?.evaluate(() => page.logout())).toEqual({ revoked: true, deleted: true })
    expect(await other?.evaluate(() => page.status())).toBe('signed-out')
  })
})
