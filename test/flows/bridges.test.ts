/**
 * Many bridges on one machine: one sign-in and one refresh for all of them, whatever happens meanwhile.
 *
 * @see docs/adr/0165-one-sign-in-for-all-bridges.md
 * @module
 */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { call, opened, start } from '../support/bridge-world.ts'
import { signIn } from '../support/client-world.ts'
import { everythingV1 } from '../support/everything.ts'
import { RUNTIMES } from '../support/spawn.ts'
import type { StdioHost } from '../support/stdio-host.ts'

setDefaultTimeout(60_000)

test('five that start together sign in once, and register once', async () => {
  const { browser, connect, demo } = await start(everythingV1())
  const runtimes = [RUNTIMES.bun, RUNTIMES.node, RUNTIMES.deno, RUNTIMES.bun, RUNTIMES.node]
  const hosts = await Promise.all(runtimes.map((runtime) => connect('sdk 1.x', { runtime, timeout: 50_000 })))
  for (const host of hosts) expect(await host.request('ping')).toEqual({})
  expect(browser.opened).toHaveLength(1)
  expect(demo.sent('POST', '/oauth/register')).toHaveLength(1)
  expect(demo.sent('POST', '/oauth/token')).toHaveLength(1)
})

test('under load, with tokens that live for two seconds, each is renewed once for all of them', async () => {
  const config = { access_token: { lifetime: 2 }, refresh: { replay_window: 0 } }
  const { browser, connect, demo, refreshes } = await start(everythingV1(), { config })
  const hosts = await Promise.all((['sdk 1.x', 'client 2.x', 'sdk 1.x'] as const).map((one) => connect(one)))
  let calls = 0
  const load = async (host: StdioHost): Promise<void> => {
    while (refreshes() < 4) {
      const answers = await Promise.all([1, 2, 3].map((n) => host.request('tools/call', call('echo', { n }))))
      for (const [index, answer] of answers.entries())
        expect(answer).toMatchObject({ structuredContent: { n: index + 1 } })
      calls += answers.length
    }
  }
  await Promise.all(hosts.map(load))
  expect(calls).toBeGreaterThan(20)
  expect(browser.opened).toHaveLength(1)
  // With no replay window a second use of a refresh token would have ended the grant.
  expect(demo.sent('POST', '/oauth/token').filter(({ status }) => status !== 200)).toEqual([])
  expect(demo.events.filter(({ type }) => type === 'grant_revoked')).toEqual([])
})

test('six on three runtimes, each with several calls at a time, a token that expires and a server that is restarted meanwhile', async () => {
  const config = { access_token: { lifetime: 4 }, refresh: { replay_window: 0 } }
  const world = await start(everythingV1(), { config })
  const { browser, connect, demo, server, refreshes } = world
  const runtimes = [RUNTIMES.bun, RUNTIMES.node, RUNTIMES.deno, RUNTIMES.bun, RUNTIMES.node, RUNTIMES.deno]
  const generations = ['sdk 1.x', 'client 2.x'] as const
  const hosts = await Promise.all(
    runtimes.map((runtime, index) => connect(generations[index % 2] ?? 'sdk 1.x', { runtime, timeout: 50_000 })),
  )
  let enough = false
  let sent = 0
  const done = new Set<number>()
  const unknown: unknown[] = []
  const one = async (host: StdioHost): Promise<void> => {
    sent += 1
    const n = sent
    const answer = await host.request('tools/call', call('numbered', { n })).catch((error: unknown) => error)
    if (answer instanceof Error) unknown.push(answer)
    else {
      expect(answer).toMatchObject({ structuredContent: { n } })
      done.add(n)
    }
  }
  const load = async (host: StdioHost): Promise<void> => {
    while (!enough) await Promise.all([one(host), one(host), one(host)])
  }
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve))
  }
  const working = Promise.all(hosts.map(load))
  await until(() => refreshes() >= 1)
  const before = done.size
  await world.stop()
  await server.forget()
  await world.listen()
  // And whoever was cut off has gone on.
  await until(() => refreshes() >= 3 && done.size - before > hosts.length * 3)
  enough = true
  await working

  // What was under way when the server went down may be unknown, and is said to be; nothing else fails, and nothing is done twice.
  const times = (n: number): number => server.heard.filter((what) => what === `numbered ${n}`).length
  expect(unknown.length).toBeLessThanOrEqual(hosts.length * 3)
  for (const error of unknown) expect(error).toMatchObject({ data: { code: 'connection_lost' } })
  for (const n of done) expect([n, times(n)]).toEqual([n, 1])
  for (let n = 1; n <= sent; n += 1) expect(times(n)).toBeLessThanOrEqual(1)

  expect(browser.opened).toHaveLength(1)
  expect(demo.sent('POST', '/oauth/register')).toHaveLength(1)
  const requests = demo.sent('POST', '/oauth/token')
  expect(requests.filter(({ status }) => status !== 200)).toEqual([])
  // One for each token that expired: no refresh token is used by two.
  const used = requests.map(({ form }) => form['refresh_token']).filter((token) => token !== undefined)
  expect([new Set(used).size, requests.length]).toEqual([used.length, used.length + 1])
  expect(demo.events.filter(({ type }) => type === 'grant_revoked')).toEqual([])
})

test('one that declines has answered for all who waited: nobody is asked again', async () => {
  const { browser, challenges, connect, demo } = await start(everythingV1(), { visit: async () => {} })
  const connecting = Promise.allSettled([connect('sdk 1.x'), connect('sdk 1.x'), connect('sdk 1.x')])
  const url = await browser.next()
  // All of them wait for the person.
  while (challenges() < 3) await new Promise((resolve) => setImmediate(resolve))
  await signIn(demo, url, 'deny')
  const ends = await connecting
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  for (const end of ends) expect(end).toMatchObject({ reason: { message: expect.stringContaining('denied') } })
  expect(browser.opened).toHaveLength(1)
})

test('the one whose window is open is killed: another asks, and the others find its answer', async () => {
  const world = await start(everythingV1(), { visit: async () => {} })
  const { browser, connect, demo } = world
  const first = opened(world)
  first.send({ id: 1, method: 'ping' })
  await browser.next()
  const second = connect('sdk 1.x', { timeout: 50_000 })
  first.kill('SIGKILL')
  await signIn(demo, await browser.next())
  expect(await (await second).request('ping')).toEqual({})
  expect(browser.opened).toHaveLength(2)
})
