/**
 * Several processes on one database keep one limit, also when everything comes at once, within what the decision says: a sixteenth of the
 * limit for each process but one, which is nothing when the limit is below 16.
 *
 * @see docs/adr/0112-limits-across-processes.md
 * @module
 */
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { UNASKED_SHARE } from '../../server/core/rate-limits/bucket.ts'
import { REDIRECT_URI } from '../support/authorization-server.ts'
import { usePostgres } from '../support/postgres.ts'
import { roundRobin, type Served } from '../support/process-flow.ts'
import { type Installation, install, type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { freePort } from '../support/spawn.ts'

setDefaultTimeout(120_000)

/** Registrations of one address in an hour: what the hour forgives while the test runs is less than one. */
const LIMIT = 100
const SMALL = 5

const settings = (limit: number) => ({
  trusted_proxies: ['loopback'],
  rate_limits: { register: { per_address: limit, total: 0 } },
  shutdown: { drain: 0 },
})

/** What so many processes let through at most. */
const bound = (limit: number, processes: number): number => limit + (processes - 1) * Math.floor(limit * UNASKED_SHARE)

/** Whether it was not too much. */
async function register(server: Served, address: string): Promise<boolean> {
  const { status } = await server.fetch('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': address, connection: 'close' },
    body: JSON.stringify({ redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' }),
  })
  expect([201, 429]).toContain(status)
  return status === 201
}

/** How many pass of so many at once. */
async function burst(server: Served, count: number, address: string): Promise<number> {
  const passed = await Promise.all(Array.from({ length: count }, () => register(server, address)))
  return passed.filter(Boolean).length
}

/** Which pass of so many, one after the other. */
async function inTurn(server: Served, count: number, address: string): Promise<readonly boolean[]> {
  const passed: boolean[] = []
  while (passed.length < count) passed.push(await register(server, address))
  return passed
}

describe('three replicas on one PostgreSQL', () => {
  const postgres = usePostgres()
  const running: ServerProcess[] = []
  const installations: Installation[] = []
  const start = async (installation: Installation): Promise<ServerProcess> => {
    const replica = await startServerProcess(installation, { port: freePort() })
    running.push(replica)
    return replica
  }
  const three = async (limit: number) => {
    const installation = await install({ ...settings(limit), database: await postgres.createDatabase() })
    installations.push(installation)
    const replicas = await Promise.all([start(installation), start(installation), start(installation)])
    return { installation, replicas }
  }
  afterAll(async () => {
    for (const replica of running) replica.kill()
    for (const replica of running) await replica.exited
    for (const installation of installations) await installation.remove()
  })

  test('600 registrations at once, of which an hour allows 100', async () => {
    const { installation, replicas } = await three(LIMIT)
    const passed = await burst(roundRobin(replicas), 600, '192.0.2.1')
    expect(passed).toBeGreaterThanOrEqual(LIMIT)
    expect(passed).toBeLessThanOrEqual(bound(LIMIT, 3))

    // One after the other.
    const several = (await inTurn(roundRobin(replicas), 150, '192.0.2.2')).filter(Boolean).length
    expect(several).toBeGreaterThanOrEqual(LIMIT)
    expect(several).toBeLessThanOrEqual(bound(LIMIT, 3))

    // One of them alone lets through all of the limit, and those that never saw the address, or have just started, not much more.
    const [one, two] = replicas
    if (one === undefined || two === undefined) throw new Error('there is no replica')
    expect(await burst(one, 200, '192.0.2.3')).toBe(LIMIT)
    expect(await burst(roundRobin([two, await start(installation)]), 200, '192.0.2.3')).toBeLessThanOrEqual(
      bound(LIMIT, 3) - LIMIT,
    )
    // Someone else is welcome everywhere.
    expect(await register(two, '192.0.2.4')).toBe(true)
  })

  test('a small limit is exact, in turn and at once', async () => {
    const { replicas } = await three(SMALL)
    const passed = await inTurn(roundRobin(replicas), 12, '192.0.2.1')
    expect(passed).toEqual([...Array<boolean>(SMALL).fill(true), ...Array<boolean>(12 - SMALL).fill(false)])
    for (const caller of [2, 3, 4, 5, 6, 7, 8]) {
      expect(await burst(roundRobin(replicas), 60, `192.0.2.${caller}`)).toBe(SMALL)
    }
  })
})

test('two workers on one SQLite file', async () => {
  // Which of them answers is the kernel's choice.
  const installation = await install(settings(LIMIT))
  const server = await startServerProcess(installation, { flags: ['--workers', '2'] })
  try {
    const passed = await burst(server, 400, '192.0.2.1')
    expect(passed).toBeGreaterThanOrEqual(LIMIT)
    expect(passed).toBeLessThanOrEqual(bound(LIMIT, 2))
  } finally {
    server.kill()
    await server.exited
    await installation.remove()
  }
})
