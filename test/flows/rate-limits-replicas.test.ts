/**
 * Several processes on one database keep one limit, within what the decision says: an eighth of the limit for each other process, and what
 * these let through before they heard of each other.
 *
 * @see docs/adr/0112-limits-across-processes.md
 * @module
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { SILENT_SHARE } from '../../server/core/rate-limits/counter.ts'
import { REDIRECT_URI } from '../support/authorization-server.ts'
import { usePostgres } from '../support/postgres.ts'
import type { Served } from '../support/process-flow.ts'
import { type Installation, install, type ServerProcess, startServerProcess, until } from '../support/server-process.ts'
import { freePort } from '../support/spawn.ts'

setDefaultTimeout(120_000)

/** Registrations of one address in an hour: what the hour forgives while the test runs is nothing. */
const LIMIT = 600

/** How long until everyone has heard, in milliseconds: two exchanges a second apart, and their way to the database and back. */
const HEARD = 2500

const settings = (limit: number) => ({
  trusted_proxies: ['loopback'],
  rate_limits: { register: { per_address: limit, total: 0 } },
  shutdown: { drain: 0 },
})

const register = (server: Served, address: string): Promise<Response> =>
  server.fetch('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': address, connection: 'close' },
    body: JSON.stringify({ redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' }),
  })

/** Registers at each in turn, one after the other, until all refuse. When each registration was, for each of the servers. */
async function flood(servers: readonly Served[], address: string): Promise<readonly (readonly number[])[]> {
  const passed: number[][] = servers.map(() => [])
  let refused = 0
  for (let turn = 0; refused < 20 * servers.length; turn += 1) {
    const index = turn % servers.length
    const server = servers[index]
    if (server === undefined) throw new Error('there is no server')
    const { status } = await register(server, address)
    refused = status === 429 ? refused + 1 : 0
    if (status === 201) passed[index]?.push(performance.now())
    else expect(status).toBe(429)
  }
  return passed
}

/** The most that there were in so much time. */
const mostWithin = (times: readonly number[], span: number): number =>
  Math.max(0, ...times.map((start) => times.filter((time) => time >= start && time < start + span).length))

describe('three replicas on one PostgreSQL', () => {
  const postgres = usePostgres()
  let installation: Installation
  const replicas: ServerProcess[] = []
  const start = async (): Promise<ServerProcess> => {
    const replica = await startServerProcess(installation, { port: freePort() })
    replicas.push(replica)
    return replica
  }
  beforeAll(async () => {
    installation = await install({ ...settings(LIMIT), database: await postgres.createDatabase() })
    await Promise.all([start(), start(), start()])
  })
  afterAll(async () => {
    for (const replica of replicas) {
      replica.kill()
      await replica.exited
    }
    await installation.remove()
  })

  test('under load let through no more than was said', async () => {
    const passed = await flood(replicas, '192.0.2.1')
    const total = passed.flat().length
    const most = Math.max(...passed.map((times) => mostWithin(times, HEARD)))
    expect(total).toBeGreaterThanOrEqual(LIMIT)
    expect(total).toBeLessThanOrEqual(LIMIT + 2 * (LIMIT * SILENT_SHARE + 1 + most))
    expect(total).toBeLessThan(3 * LIMIT)
  })

  test('a replica that has never seen an address knows what it owes elsewhere, also when it has just started', async () => {
    const [one, two] = replicas
    if (one === undefined || two === undefined) throw new Error('there is no replica')
    expect((await flood([one], '192.0.2.2')).flat()).toHaveLength(LIMIT)
    const heard = performance.now() + HEARD
    await until(async () => (await register(one, '192.0.2.2')).status === 429 && performance.now() > heard)
    for (const other of [two, await start()]) {
      const passed = (await flood([other], '192.0.2.2')).flat().length
      expect(passed).toBeLessThan(LIMIT / 2)
    }
    // Someone else is welcome everywhere.
    expect((await register(two, '192.0.2.3')).status).toBe(201)
  })
})

test('workers on one SQLite file let through no more than was said', async () => {
  // Which worker answers is the kernel's choice. The limit is what they let through in several times two seconds.
  const limit = 2000
  const installation = await install(settings(limit))
  const server = await startServerProcess(installation, { flags: ['--workers', '2'] })
  try {
    const [times = []] = await flood([server], '192.0.2.1')
    expect(times.length).toBeGreaterThanOrEqual(limit)
    expect(times.length).toBeLessThanOrEqual(limit + limit * SILENT_SHARE + 1 + mostWithin(times, HEARD))
  } finally {
    server.kill()
    await server.exited
    await installation.remove()
  }
})
