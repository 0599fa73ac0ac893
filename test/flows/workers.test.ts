/**
 * `--workers N`: several processes on one port are one server, outlive the death of one, and end together.
 *
 * @see docs/adr/0083-workers-share-the-port.md
 * @module
 */
import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { createPerson } from '../support/person.ts'
import { type Served, wholeFlow } from '../support/process-flow.ts'
import {
  childrenOf,
  type Installation,
  install,
  isRunning,
  launchServer,
  type ServerProcess,
  startServerProcess,
  until,
} from '../support/server-process.ts'
import { RUNTIMES, type Started } from '../support/spawn.ts'

setDefaultTimeout(90_000)

const installations: Installation[] = []
const programs: Started[] = []
afterEach(async () => {
  for (const program of programs.splice(0)) {
    program.kill()
    await program.exited
  }
  for (const installation of installations.splice(0)) await installation.remove()
})

async function prepare(config: Parameters<typeof install>[0] = {}): Promise<Installation> {
  const installation = await install({ shutdown: { drain: 0 }, ...config })
  installations.push(installation)
  return installation
}

async function startWorkers(installation: Installation, runtime: readonly string[]): Promise<ServerProcess> {
  const server = await startServerProcess(installation, { flags: ['--workers', '2'], runtime })
  programs.push(server)
  return server
}

/** A connection of its own for each request, so that the kernel may choose anew. */
const anew = (server: ServerProcess): Served => ({
  fetch: (input, init) => server.fetch(input, { ...init, keepalive: false }),
})

describe.each([
  ['Bun', RUNTIMES.bun],
  ['Node', RUNTIMES.node],
] as const)('on %s, with SQLite', (_, runtime) => {
  test('two are one server; one that dies is replaced; SIGTERM ends all of them with 0', async () => {
    const installation = await prepare()
    const server = await startWorkers(installation, runtime)
    const workers = await childrenOf(server.pid)
    expect(workers).toHaveLength(2)
    await Promise.all(
      Array.from({ length: 4 }, () =>
        wholeFlow(anew(server), installation.issuer, createPerson({ fetch: anew(server).fetch })),
      ),
    )

    const [first = 0, second = 0] = workers
    process.kill(first, 'SIGKILL')
    await server.error.until(/worker ended/)
    await until(async () => (await childrenOf(server.pid)).length === 2)
    const after = await childrenOf(server.pid)
    expect(after).toContain(second)
    expect(after).not.toContain(first)
    await wholeFlow(anew(server), installation.issuer, createPerson({ fetch: anew(server).fetch }))

    server.kill('SIGTERM')
    expect(await server.exited).toBe(0)
    expect(after.filter(isRunning)).toEqual([])
  })
})

test('workers end when their parent is gone', async () => {
  const server = await startWorkers(await prepare(), RUNTIMES.bun)
  const workers = await childrenOf(server.pid)
  server.kill('SIGKILL')
  await server.exited
  await until(async () => !workers.some(isRunning))
})

describe('one clear line where it cannot be', () => {
  const refused = async (program: Started): Promise<string> => {
    programs.push(program)
    expect(await program.exited).toBe(1)
    return program.error.end()
  }

  test('a port that is in use, also by other workers', async () => {
    const installation = await prepare()
    const { port } = await startWorkers(installation, RUNTIMES.bun)
    expect(await refused(launchServer(installation, { port, flags: ['--workers', '2'] }))).toBe(
      `sallyport: Port ${port} is in use. Stop what listens there, or choose another with --port.\n`,
    )
  })

  test('a database in memory', async () => {
    const installation = await prepare()
    const flags = ['--workers', '2', '--database', 'sqlite::memory:']
    expect(await refused(launchServer(installation, { flags }))).toBe(
      'sallyport: workers: a database in memory belongs to one process. Name a file, or PostgreSQL.\n',
    )
  })

  test('Deno', async () => {
    const installation = await prepare()
    const program = launchServer(installation, { flags: ['--workers', '2'], runtime: RUNTIMES.deno })
    expect(await refused(program)).toBe('sallyport: workers: Deno does not share ports. Use Bun or Node.\n')
  })
})
