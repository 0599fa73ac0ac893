/**
 * Whether the server's memory stays flat: so many requests of every kind, in turns, to one process, and what it occupies meanwhile.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../support/spawn.ts'
import { drive, type Operation } from './load.ts'
import { scenarios } from './scenarios.ts'
import { startTarget } from './target.ts'
import { environment, prepareDatabase } from './world.ts'

export interface EnduranceOptions {
  readonly requests: number
  /** Virtual users. */
  readonly users: number
  /** Seconds of each kind, in turn. */
  readonly turn: number
}

/** After one turn of each kind. */
export interface Lap {
  readonly seconds: number
  /** Since the start. */
  readonly requests: number
  /** Resident megabytes: the least and the most at the ends of the turns. */
  readonly least: number
  readonly most: number
}

/** Of the scenarios on SQLite. `onLap`: told of each as it ends. */
export async function measureEndurance(options: EnduranceOptions, onLap: (lap: Lap) => void): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-bench-'))
  const database = `sqlite:${join(directory, 'bench.db')}`
  await prepareDatabase(database)
  const port = freePort()
  const target = await startTarget({
    program: 'server/main.ts',
    port,
    ready: '/health/ready',
    env: environment(database, port),
    log: join(directory, 'log'),
  })
  try {
    const kinds = await Promise.all(
      scenarios.flatMap(({ program, load }) =>
        program === 'sqlite' && typeof load !== 'string' ? [operationsOf(() => load(port), options.users)] : [],
      ),
    )
    const start = performance.now()
    for (let requests = 0; requests < options.requests; ) {
      const memory: number[] = []
      for (const operations of kinds) {
        requests += (await drive(operations, options.turn)).operations
        memory.push(target.usage().memory ?? Number.NaN)
      }
      const seconds = (performance.now() - start) / 1000
      onLap({ seconds, requests, least: Math.min(...memory), most: Math.max(...memory) })
    }
  } finally {
    await target.stop()
    await rm(directory, { recursive: true })
  }
}

async function operationsOf(
  makeUser: () => Promise<{ readonly operation: Operation }>,
  count: number,
): Promise<readonly Operation[]> {
  const users = await Promise.all(Array.from({ length: count }, makeUser))
  return users.map(({ operation }) => operation)
}

export const formatLap = ({ seconds, requests, least, most }: Lap): string =>
  `${seconds.toFixed(0)} s, ${(requests / 1e6).toFixed(2)} million operations: ${least.toFixed(0)} to ${most.toFixed(0)} MB`
