/**
 * Authorization servers side by side on one database, as several processes of an installation are: races between them are real.
 *
 * @module
 */
import { afterAll } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConfigInput } from '../../server/config.ts'
import { createTestServer, type TestServer } from './authorization-server.ts'
import { usePostgres } from './postgres.ts'

/** Connections of each server, so that 32 callers really race. */
const CONNECTIONS = 20

/** Two servers on one database; the clock of each stands still. */
export type Pair = readonly [TestServer, TestServer]

export interface Engine {
  readonly name: string
  /** `other`: what the second one has otherwise. */
  pair(config?: ConfigInput, other?: ConfigInput): Promise<Pair>
}

/** Both engines; call it at the top of a file. */
export function useEngines(): readonly Engine[] {
  const postgres = usePostgres()
  const servers: TestServer[] = []
  const directories: string[] = []
  const open = async (config: ConfigInput, other: ConfigInput): Promise<Pair> => {
    const options = { connections: CONNECTIONS }
    const pair: Pair = [
      await createTestServer(config, options),
      await createTestServer({ ...config, ...other }, options),
    ]
    servers.push(...pair)
    // All of them are open before the race begins.
    await Promise.all(pair.flatMap(({ store }) => Array.from({ length: CONNECTIONS }, () => store.ping())))
    return pair
  }
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close()))
    await Promise.all(directories.map((directory) => rm(directory, { recursive: true })))
  })
  return [
    {
      name: 'SQLite',
      async pair(config = {}, other = {}) {
        const directory = await mkdtemp(join(tmpdir(), 'sallyport-pair-'))
        directories.push(directory)
        return open({ ...config, database: `sqlite:${join(directory, 'sallyport.db')}` }, other)
      },
    },
    {
      name: 'PostgreSQL',
      pair: async (config = {}, other = {}) => open({ ...config, database: await postgres.createDatabase() }, other),
    },
  ]
}
