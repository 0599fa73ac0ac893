/**
 * Runs scenarios: starts each program once, warms it up, measures it slice by slice with the floor beside each, stops it.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleCommand } from '../support/command.ts'
import { compileExecutable } from '../support/executable.ts'
import { startPostgres } from '../support/postgres.ts'
import { freePort } from '../support/spawn.ts'
import { drive, type Load, warmUp } from './load.ts'
import { addRows } from './rows.ts'
import { FLOOR, type Program, type Scenario } from './scenarios.ts'
import { startTarget, type Target, type TargetOptions } from './target.ts'
import { environment, prepareDatabase } from './world.ts'

export interface BenchOptions {
  /** Of one slice. */
  readonly seconds: number
  /** How often each scenario is measured; the medians are told. */
  readonly slices: number
  /** Virtual users. */
  readonly users: number
  /** Rows of expired and live tokens that are in the database before. */
  readonly rows: number
  /** Starts from which the median is told; 0: none. */
  readonly coldStarts: number
}

/** How many slices warming up may take. */
const WARM_UP = 9

/** The floor gets this share of a slice before each slice of a scenario. */
const BESIDE = 0.5

/** Medians of the slices. */
export interface Measured {
  readonly scenario: string
  readonly program: Program
  /** In floors, at most. */
  readonly target: number | null
  readonly operationsPerSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Microseconds of the server's processor for one operation. */
  readonly cpu: number | null
  /** The same in floors: each slice against the floor that was measured just before it. */
  readonly floors: number | null
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
  floor: Floor,
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
    if (program === 'command') await bundleCommand(join(directory, 'bin'))
    if (program === 'executable') await compileExecutable(join(directory, 'sallyport'))
    const start = () => startTarget({ ...programs[program](database, directory), log: join(directory, 'log') })
    const coldStart = isSallyport(program) ? await medianStart(start, options.coldStarts) : null
    const target = await start()
    try {
      const measured: Measured[] = []
      for (const scenario of scenarios) measured.push(await measure(scenario, target, floor, options))
      return { measured, coldStart }
    } finally {
      await target.stop()
    }
  } finally {
    await postgres?.stop()
    await rm(directory, { recursive: true })
  }
}

/** The floor, in a process that lives as long as all others, idle while they are measured. */
export interface Floor {
  /** Microseconds of its processor for one operation, now. */
  price(seconds: number): Promise<number | null>
  stop(): Promise<void>
}

export async function startFloor({ users: count, seconds }: Pick<BenchOptions, 'users' | 'seconds'>): Promise<Floor> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-bench-'))
  const target = await startTarget({ ...programs.floor('', directory), log: join(directory, 'log') })
  const users = await makeUsers(FLOOR, target, count)
  await users.warmUp(WARM_UP * seconds)
  return {
    price: async (duration) => perOperation(await users.slice(duration)),
    async stop() {
      users.close()
      await target.stop()
      await rm(directory, { recursive: true })
    },
  }
}

const isSallyport = (program: Program): boolean => ['sqlite', 'command', 'executable', 'postgres'].includes(program)

type Start = Omit<TargetOptions, 'log'>

const ofSallyport = (database: string): Start => {
  const port = freePort()
  return { program: 'server/main.ts', port, ready: '/health/ready', env: environment(database, port) }
}

const programs: Readonly<Record<Program, (database: string, directory: string) => Start>> = {
  sqlite: ofSallyport,
  command: (database, directory) => ({
    ...ofSallyport(database),
    program: [process.execPath, join(directory, 'bin/sallyport.js'), 'server'],
  }),
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

async function measure(
  { name, program, target: limit, load }: Scenario,
  target: Target,
  floor: Floor,
  options: BenchOptions,
): Promise<Measured> {
  const users =
    typeof load === 'string'
      ? ownLoad(`http://127.0.0.1:${target.port}${load}`)
      : await makeUsers(load, target, options.users)
  await users.warmUp(WARM_UP * options.seconds)
  const slices: (LoadAndPrice & { readonly floor: number | null })[] = []
  for (let index = 0; index < options.slices; index += 1) {
    const beside = await floor.price(options.seconds * BESIDE)
    slices.push({ ...(await users.slice(options.seconds)), floor: beside })
  }
  users.close()
  const middle = (values: readonly number[]): number => median(values) ?? Number.NaN
  return {
    scenario: name,
    program,
    target: limit,
    operationsPerSecond: middle(slices.map(({ operations, seconds }) => operations / seconds)),
    p50: middle(slices.map(({ p50 }) => p50)),
    p99: middle(slices.map(({ p99 }) => p99)),
    cpu: median(slices.flatMap((slice) => perOperation(slice) ?? [])),
    floors: median(
      slices.flatMap((slice) => {
        const price = perOperation(slice)
        return price === null || slice.floor === null ? [] : price / slice.floor
      }),
    ),
    memory: target.usage().memory,
  }
}

/** Microseconds of the server's processor, of all operations together. */
type LoadAndPrice = Load & { readonly cpu: number | null }

const perOperation = ({ cpu, operations }: LoadAndPrice): number | null => (cpu === null ? null : cpu / operations)

/** Somebody who keeps a program busy for so many seconds, when told to. */
interface Users {
  warmUp(seconds: number): Promise<void>
  slice(seconds: number): Promise<LoadAndPrice>
  close(): void
}

async function makeUsers(makeUser: Exclude<Scenario['load'], string>, target: Target, count: number): Promise<Users> {
  const users = await Promise.all(Array.from({ length: count }, () => makeUser(target.port)))
  const operations = users.map(({ operation }) => operation)
  return {
    warmUp: (seconds) => warmUp(operations, seconds),
    async slice(seconds) {
      const before = target.usage().cpu
      const load = await drive(operations, seconds)
      const after = target.usage().cpu
      return { ...load, cpu: before === null || after === null ? null : after - before }
    },
    close() {
      for (const user of users) user.close()
    },
  }
}

/** The program does so many operations by itself: no HTTP is in the figure. */
function ownLoad(url: string): Users {
  const ask = async (seconds: number): Promise<LoadAndPrice> =>
    (await fetch(`${url}?count=${Math.ceil(4000 * seconds)}`)).json()
  return { warmUp: async (seconds) => void (await ask(seconds)), slice: ask, close: () => {} }
}

function median(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null
}

async function medianStart(start: () => Promise<Target>, count: number): Promise<number | null> {
  const times: number[] = []
  for (let index = 0; index < count; index += 1) {
    const target = await start()
    await target.stop()
    times.push(target.startedIn)
  }
  return median(times)
}
