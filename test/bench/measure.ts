/**
 * Runs scenarios: starts each program once, warms it up, measures, stops it.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileExecutable } from '../support/executable.ts'
import { startPostgres } from '../support/postgres.ts'
import { freePort } from '../support/spawn.ts'
import { drive, type Load, warmUp } from './load.ts'
import { addRows } from './rows.ts'
import type { Program, Scenario } from './scenarios.ts'
import { startTarget, type Target, type TargetOptions } from './target.ts'
import { environment, prepareDatabase } from './world.ts'

export interface BenchOptions {
  /** How long each scenario is measured. */
  readonly seconds: number
  /** Virtual users. */
  readonly users: number
  /** Rows of expired and live tokens that are in the database before. */
  readonly rows: number
  /** Starts from which the median is told; 0: none. */
  readonly coldStarts: number
}

/** How many times as long warming up may take. */
const WARM_UP = 3

export interface Measured {
  readonly scenario: string
  readonly program: Program
  readonly target: number | null
  readonly operationsPerSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Microseconds of the server's processor for one operation. */
  readonly cpu: number | null
  /** Resident megabytes at the end. */
  readonly memory: number | null
}

/** What one program showed. */
export interface Report {
  readonly measured: readonly Measured[]
  /** Milliseconds from start to ready, on a database that exists; the median. */
  readonly coldStart: number | null
}

/** All scenarios of one program, in one process of it. */
export async function measureProgram(
  program: Program,
  scenarios: readonly Scenario[],
  options: BenchOptions,
): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-bench-'))
  const postgres = program === 'postgres' ? await startPostgres({ durable: true }) : null
  try {
    const database = postgres?.url ?? `sqlite:${join(directory, 'bench.db')}`
    if (isSallyport(program)) {
      await prepareDatabase(database)
      if (options.rows > 0) await addRows(database, options.rows)
    }
    if (program === 'executable') await compileExecutable(join(directory, 'sallyport'))
    const start = () => startTarget({ ...programs[program](database, directory), log: join(directory, 'log') })
    const coldStart = isSallyport(program) ? await medianStart(start, options.coldStarts) : null
    const target = await start()
    try {
      const measured: Measured[] = []
      for (const scenario of scenarios) measured.push(await measure(scenario, target, options))
      return { measured, coldStart }
    } finally {
      await target.stop()
    }
  } finally {
    await postgres?.stop()
    await rm(directory, { recursive: true })
  }
}

const isSallyport = (program: Program): boolean =>
  program === 'sqlite' || program === 'postgres' || program === 'executable'

type Start = Omit<TargetOptions, 'log'>

const ofSallyport = (database: string): Start => {
  const port = freePort()
  return { program: 'server/main.ts', port, ready: '/health/ready', env: environment(database, port) }
}

const programs: Readonly<Record<Program, (database: string, directory: string) => Start>> = {
  sqlite: ofSallyport,
  executable: (database, directory) => ({
    ...ofSallyport(database),
    program: [join(directory, 'sallyport'), 'server'],
  }),
  postgres: ofSallyport,
  floor: () => ({ program: 'test/bench/floor.ts', port: freePort(), ready: '/' }),
  resource: () => ({ program: 'test/bench/resource.ts', port: freePort(), ready: '/ready' }),
  client: () => ({ program: 'test/bench/client.ts', port: freePort(), ready: '/ready' }),
  'oidc-provider': () => ({
    program: 'test/bench/oidc-provider.ts',
    port: freePort(),
    ready: '/.well-known/openid-configuration',
  }),
}

async function measure({ name, program, target: limit, load }: Scenario, target: Target, options: BenchOptions) {
  const found =
    typeof load === 'string'
      ? await ownLoad(`http://127.0.0.1:${target.port}${load}`, options.seconds)
      : await underLoad(load, target, options)
  const { operations, seconds, p50, p99, cpu } = found
  return {
    scenario: name,
    program,
    target: limit,
    operationsPerSecond: operations / seconds,
    p50,
    p99,
    cpu: cpu === null ? null : cpu / operations,
    memory: target.usage().memory,
  }
}

type LoadAndPrice = Load & { readonly cpu: number | null }

async function underLoad(
  makeUser: Exclude<Scenario['load'], string>,
  target: Target,
  { users: count, seconds }: BenchOptions,
): Promise<LoadAndPrice> {
  const users = await Promise.all(Array.from({ length: count }, () => makeUser(target.port)))
  const operations = users.map(({ operation }) => operation)
  await warmUp(operations, WARM_UP * seconds)
  const before = target.usage().cpu
  const load = await drive(operations, seconds)
  const after = target.usage().cpu
  for (const user of users) user.close()
  return { ...load, cpu: before === null || after === null ? null : after - before }
}

/** The program verifies so many tokens by itself: no HTTP is in the figure. */
async function ownLoad(url: string, seconds: number): Promise<LoadAndPrice> {
  const ask = async (count: number): Promise<LoadAndPrice> => (await fetch(`${url}?count=${count}`)).json()
  await ask(Math.ceil(4000 * seconds * WARM_UP))
  return ask(Math.ceil(4000 * seconds))
}

async function medianStart(start: () => Promise<Target>, count: number): Promise<number | null> {
  const times: number[] = []
  for (let index = 0; index < count; index += 1) {
    const target = await start()
    await target.stop()
    times.push(target.startedIn)
  }
  return times.sort((a, b) => a - b)[Math.floor(count / 2)] ?? null
}
