/**
 * What registrations that nobody uses cost: a flood over days with the purge behind it, and a backlog that is there at once. The core is
 * called directly, without HTTP and its limits, on a SQLite file; the clock is the benchmark's.
 *
 * @see docs/adr/0105-the-life-of-a-registration.md
 * @module
 */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import * as v from 'valibot'
import { purgeJob } from '../../server/background/purge.ts'
import { Config } from '../../server/config.ts'
import { createServer, type Server, systemClock } from '../../server/create-server.ts'
import { type OpenStore, openStore } from '../../server/store/open-store.ts'
import { CHALLENGE, prepareDatabase, RESOURCE, SCOPE, USER, VERIFIER } from './world.ts'

export interface RegistrationOptions {
  /** How many register, one after the other, over `days`. */
  readonly registrations: number
  readonly days: number
  /** How many are then put into the database at once, all of them over. */
  readonly backlog: number
  /** Operations of each measurement. */
  readonly operations: number
}

/** How things were at one moment. */
export interface Moment {
  readonly moment: string
  readonly clients: number
  /** Megabytes of the file and of what waits in front of it. */
  readonly file: number
  /** Megabytes of it that hold clients, with their indices. */
  readonly ofClients: number
  /** Megabytes of it that hold the audit log. */
  readonly ofAudit: number
  readonly register: Latency
  readonly refresh: Latency
}

interface Latency {
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Microseconds of this process for one. */
  readonly cpu: number
}

interface World extends Server {
  readonly store: OpenStore
  readonly clock: { now: number }
  readonly path: string
}

const HOUR = 3600
const DAY = 24 * HOUR
const REDIRECT_URI = 'http://127.0.0.1:7777/callback'

/** As many as one step of a busy server has at once. */
const TOGETHER = 32

export async function measureRegistrations(options: RegistrationOptions): Promise<readonly Moment[]> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-bench-'))
  const world = await open(join(directory, 'bench.db'))
  try {
    const refresh = await honest(world)
    const look = (moment: string): Promise<Moment> => observe(moment, world, refresh, options.operations)
    // Once for the compiler.
    await look('warming up')
    const moments = [await look('at first')]
    await flood(world, options)
    moments.push(await look(`after ${options.registrations} in ${options.days} days, purged each hour`))
    if (options.backlog === 0) return moments
    addBacklog(world, options.backlog)
    moments.push(await look(`with ${options.backlog} more that are over`))
    const began = performance.now()
    let purging = true
    const purged = purge(world).finally(() => {
      purging = false
    })
    moments.push(await look('while they are purged'))
    if (!purging) console.error('The purge had ended before the measurement did.')
    await purged
    const seconds = (performance.now() - began) / 1000
    moments.push(await look(`purged, in ${seconds.toFixed(0)} s`))
    return moments
  } finally {
    await world.close()
    await world.store.close()
    await rm(directory, { recursive: true })
  }
}

async function open(path: string): Promise<World> {
  const database = `sqlite:${path}`
  await prepareDatabase(database)
  const store = await openStore({ database })
  const clock = { now: systemClock() }
  const config = v.parse(Config, { database, registration: { mode: 'open' } })
  const settings = { ...config, issuer: 'https://auth.example', secret: 'a secret of the benchmark only, 32 bytes' }
  const onFailure = (error: unknown): void => console.error(error)
  const server = await createServer({ settings, store, now: () => clock.now, audit: () => {}, onFailure })
  return { ...server, store, clock, path }
}

/** What a host sends. */
async function register({ as }: World): Promise<string> {
  const metadata = {
    client_name: 'Claude Code (bench)',
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    scope: SCOPE,
  }
  const outcome = await as.register(metadata, null)
  if (!outcome.ok) throw new Error(outcome.error.reason)
  return outcome.value.client_id
}

/** A client that is used: what to repeat, `TOGETHER` families at once. */
async function honest(world: World): Promise<(index: number) => Promise<void>> {
  const { as } = world
  const client_id = await register(world)
  const query = {
    response_type: 'code',
    client_id,
    redirect_uri: REDIRECT_URI,
    scope: SCOPE,
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    resource: RESOURCE,
  }
  const obtain = async (): Promise<string> => {
    const judged = await as.authorize(query)
    if (judged.kind !== 'valid') throw new Error(judged.kind)
    const code = new URL(await as.approve(judged.request, USER)).searchParams.get('code') ?? ''
    return redeem({ grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri: REDIRECT_URI })
  }
  const redeem = async (request: Parameters<typeof as.token>[0]): Promise<string> => {
    const outcome = await as.token({ ...request, client_id }, null)
    if (!outcome.ok) throw new Error(outcome.error.reason)
    return outcome.value.refresh_token ?? ''
  }
  const tokens = await Promise.all(Array.from({ length: TOGETHER }, obtain))
  return async (index) => {
    tokens[index] = await redeem({ grant_type: 'refresh_token', refresh_token: tokens[index] ?? '' })
  }
}

/** Registers evenly, and purges each hour: with the job that a server runs, and without its wait for the next minute. */
async function flood(world: World, { registrations, days }: RegistrationOptions): Promise<void> {
  const hours = days * 24
  for (let hour = 0; hour < hours; hour++) {
    const count = Math.floor((registrations * (hour + 1)) / hours) - Math.floor((registrations * hour) / hours)
    for (let left = count; left > 0; left -= TOGETHER) {
      await Promise.all(Array.from({ length: Math.min(left, TOGETHER) }, () => register(world)))
    }
    world.clock.now += HOUR
    await purge(world)
  }
}

const purge = ({ store, clock }: World): Promise<void> => purgeJob(store, () => clock.now).run(async () => true)

const COPIED = [
  'name',
  'redirect_uris',
  'auth_methods',
  'secrets',
  'grant_types',
  'response_types',
  'application_type',
  'scope',
  'metadata',
  'origin',
]

/** Rows as `register` makes them, all of which are over. */
function addBacklog({ path, clock }: World, count: number): void {
  const db = new DatabaseSync(path, { timeout: 60_000 })
  const copied = COPIED.join(', ')
  db.exec(`
    begin;
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})
    insert into clients (id, ${copied}, issued_at, expires_at)
    select hex(randomblob(11)), ${copied}, ${clock.now - 2 * DAY}, ${clock.now - DAY} - i % 86400
    from n, (select * from clients where origin = 'dynamic' limit 1);
    commit; pragma wal_checkpoint(truncate)`)
  db.close()
}

async function observe(
  moment: string,
  world: World,
  refresh: (index: number) => Promise<void>,
  operations: number,
): Promise<Moment> {
  // First, for the measurement registers clients too.
  const before = await sizes(world)
  const registering = await latency(() => register(world), operations)
  return { moment, ...before, register: registering, refresh: await latency(refresh, operations) }
}

async function latency(operation: (index: number) => Promise<unknown>, operations: number): Promise<Latency> {
  const times: number[] = []
  let left = operations
  const before = process.cpuUsage()
  const one = async (_: unknown, index: number): Promise<void> => {
    while (left-- > 0) {
      const start = performance.now()
      await operation(index)
      times.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: TOGETHER }, one))
  const { user, system } = process.cpuUsage(before)
  times.sort((a, b) => a - b)
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? 0
  return { p50: at(0.5), p99: at(0.99), cpu: (user + system) / times.length }
}

async function sizes({ path }: World): Promise<Pick<Moment, 'clients' | 'file' | 'ofClients' | 'ofAudit'>> {
  const db = new DatabaseSync(path, { timeout: 60_000 })
  const number = (query: string): number => Number(Object.values(db.prepare(query).get() ?? {})[0])
  const ofTable = (table: string): number =>
    number(`select coalesce(sum(pgsize), 0) from dbstat
      where name in (select name from sqlite_schema where tbl_name = '${table}')`) / 1e6
  const [ofClients, ofAudit] = [ofTable('clients'), ofTable('audit')]
  const clients = number('select count(*) from clients')
  db.close()
  const files = await Promise.all(
    ['', '-wal'].map((end) =>
      stat(path + end).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return { clients, ofClients, ofAudit, file: files.reduce((sum, size) => sum + size) / 1e6 }
}

/** As a Markdown table. */
export function formatMoments(moments: readonly Moment[]): string {
  const cells = ({ moment, clients, file, ofClients, ofAudit, register, refresh }: Moment): readonly string[] => [
    moment,
    String(clients),
    file.toFixed(1),
    ofClients.toFixed(1),
    ofAudit.toFixed(1),
    ...[register, refresh].flatMap(({ p50, p99, cpu }) => [p50.toFixed(1), p99.toFixed(1), cpu.toFixed(0)]),
  ]
  const of = (what: string): readonly string[] => [`${what} p50 ms`, 'p99 ms', 'CPU us']
  const header = ['moment', 'clients', 'file MB', 'clients MB', 'audit MB', ...of('register'), ...of('refresh')]
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`
  return [
    line(header),
    line(header.map((_, index) => (index === 0 ? '---' : '--:'))),
    ...moments.map((moment) => line(cells(moment))),
  ].join('\n')
}
