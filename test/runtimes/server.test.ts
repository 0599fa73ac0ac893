/**
 * `npm start`'s program on every runtime: it starts, our client completes a flow with it over real sockets, and Ctrl-C ends it well.
 *
 * @module
 */
import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSession, follow } from '../../client/index.ts'
import { ROOT } from '../support/source-tree.ts'
import { freePort, RUNTIMES, type Started, start } from '../support/spawn.ts'

setDefaultTimeout(60_000)

const started: Started[] = []
const folders: string[] = []

afterEach(async () => {
  for (const program of started.splice(0)) {
    program.kill()
    await program.exited
  }
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

/** The program in an empty folder, once it says that it is ready. */
async function startDemo(
  runtime: readonly string[],
  flags: readonly string[] = [],
): Promise<Started & { url: string }> {
  const cwd = await mkdtemp(join(tmpdir(), 'sallyport-start-'))
  folders.push(cwd)
  const port = freePort()
  const command = [...runtime, `${ROOT}examples/demo-server/main.ts`, '--dev', '--port', `${port}`, ...flags]
  const program = start(command, { cwd })
  started.push(program)
  await program.out.until(/Ctrl-C stops it/)
  return { ...program, url: `http://localhost:${port}` }
}

const call = (name: string, args: object = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }),
})

describe.each(Object.entries(RUNTIMES))('%s', (_, runtime) => {
  test('a flow from the first challenge to the step-up, then Ctrl-C', async () => {
    const program = await startDemo(runtime, ['--dev-login', 'demo'])
    const session = createSession(`${program.url}/mcp`, { client: { name: 'Runtimes' }, interaction: follow() })
    const granted = await session.authorize()
    expect([...granted.scope].sort()).toEqual(['notes:read', 'notes:write'])
    const added = await session.fetch(session.resource, call('notes_add', { text: 'from the test' }))
    expect([added.status, await added.text()]).toEqual([200, expect.stringContaining('"result"')])
    await session.authorize({ force: true, scope: 'notes:admin' })
    const cleared = await session.fetch(session.resource, call('notes_clear'))
    expect([cleared.status, await cleared.text()]).toEqual([200, expect.stringContaining('"result"')])
    const tooLong = await session.fetch(session.resource, call('notes_add', { text: 'x'.repeat(5 * 1024 * 1024) }))
    expect([tooLong.status, await tooLong.text()]).toEqual([413, expect.any(String)])
    const empty = await session.fetch(session.resource, { ...call('notes_add'), body: '' })
    expect([empty.status, await empty.text()]).toEqual([400, expect.stringContaining('-32700')])
    expect(await session.logout()).toEqual({ revoked: true, deleted: true })

    program.kill('SIGINT')
    expect(await program.exited).toBe(0)
    expect(program.error.text()).not.toContain('    at ')
  })

  test('what it prints is enough to go on', async () => {
    const { out, url } = await startDemo(runtime)
    const printed = out.text()
    expect(printed).toContain(`claude mcp add --transport http sallyport-demo ${url}/mcp`)
    expect(printed).toContain('"mcpServers"')
    expect(printed).toMatch(/demo-password/)
  })
})

describe('starting', () => {
  test('a port in use is one line, and exit code 1', async () => {
    const { url } = await startDemo(RUNTIMES.bun)
    const { port } = new URL(url)
    const cwd = folders[0] ?? ''
    const second = start([...RUNTIMES.bun, `${ROOT}examples/demo-server/main.ts`, '--dev', '--port', port], { cwd })
    started.push(second)
    expect(await second.exited).toBe(1)
    expect(await second.error.end()).toBe(
      `sallyport: Port ${port} is in use. Stop what listens there, or choose another with --port.\n`,
    )
  })

  test('an open stream does not keep it from stopping', async () => {
    const program = await startDemo(RUNTIMES.bun)
    const kept = await fetch(`${program.url}/health/ready`, { headers: { connection: 'keep-alive' } })
    expect(kept.status).toBe(200)
    program.kill('SIGTERM')
    expect(await program.exited).toBe(0)
  })
})
