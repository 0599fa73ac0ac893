/**
 * What `npm start` runs, as a process of its own: a newcomer does what it prints, and signs in in a browser.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import * as v from 'valibot'
import { AuthorizationRequiredError, createSession, follow } from '../../client/index.ts'
import { fileStore, loopback } from '../../client/node/index.ts'
import { failureOf } from '../support/client.ts'
import { callTool, toolResult } from '../support/mcp-call.ts'
import { createPerson } from '../support/person.ts'
import { ROOT } from '../support/source-tree.ts'
import { freePort, RUNTIMES, type Started, start } from '../support/spawn.ts'

let home: string
let port: number
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sallyport-demo-'))
  port = freePort()
})
afterAll(() => rm(home, { recursive: true }))

const issuer = () => `http://localhost:${port}`

/** Starts it in an empty folder and waits until it says that it is ready. */
async function npmStart(...flags: readonly string[]): Promise<Started> {
  const program = [`${ROOT}examples/demo-server/main.ts`, '--dev', '--port', String(port), ...flags]
  const started = start([...RUNTIMES.bun, ...program], { cwd: home })
  await started.out.until(/Ctrl-C stops it/)
  return started
}

/** Ctrl-C, and the exit code. */
async function stop(started: Started): Promise<number> {
  started.kill('SIGINT')
  return started.exited
}

const HostConfig = v.object({
  mcpServers: v.record(v.string(), v.object({ type: v.literal('http'), url: v.string() })),
})

describe('npm start', () => {
  test('what it prints leads a newcomer to their notes, and Ctrl-C stops it cleanly', async () => {
    const started = await npmStart()
    const printed = started.out.text()
    const { mcpServers } = v.parse(HostConfig, JSON.parse(/\{"mcpServers".*/.exec(printed)?.[0] ?? ''))
    const [url = ''] = Object.values(mcpServers).map((server) => server.url)
    expect(url).toBe(`${issuer()}/mcp`)
    expect(printed).toContain(`claude mcp add --transport http sallyport-demo ${url}`)
    const [, username = ''] = /Sign in as\s+(\S+)/.exec(printed) ?? []
    const [, password = ''] = /Password\s+(\S+)/.exec(printed) ?? []

    const person = createPerson({ fetch }, { user: { username, password } })
    const store = fileStore({ directory: join(home, 'host') })
    const open = async (page: string): Promise<void> => void fetch(await person.visit(page))
    const session = createSession(url, { store, interaction: loopback({ open, show: () => {} }) })
    await session.authorize()

    const client = new Client({ name: 'host', version: '1.0.0' })
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch: session.fetch }))
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual([
      'whoami',
      'notes_list',
      'notes_add',
      'notes_clear',
    ])
    await client.callTool({ name: 'notes_add', arguments: { text: 'buy milk' } })

    const refused = await failureOf(client.callTool({ name: 'notes_clear' }))
    if (!(refused instanceof AuthorizationRequiredError)) throw refused
    await session.authorize({ scope: refused.scope })
    expect((await client.callTool({ name: 'notes_list' })).content).toMatchObject([{ type: 'text' }])
    await client.close()

    expect(await stop(started)).toBe(0)
    expect(await started.error.end()).not.toContain('Error')
  })

  test('started again, the host is still signed in and the notes are there', async () => {
    const started = await npmStart()
    const session = createSession(`${issuer()}/mcp`, { store: fileStore({ directory: join(home, 'host') }) })
    const notes = await callTool(session.fetch, session.resource, 'notes_list')
    expect(await toolResult(notes)).toMatchObject([{ text: 'buy milk' }])
    expect(await toolResult(await callTool(session.fetch, session.resource, 'notes_clear'))).toEqual({ deleted: 1 })
    expect(await session.logout()).toEqual({ revoked: true, deleted: true })
    expect(await stop(started)).toBe(0)
  })

  test('with --dev-login nobody is asked, and the log says so', async () => {
    const started = await npmStart('--dev-login', 'demo')
    const session = createSession(`${issuer()}/mcp`, { interaction: follow() })
    const answer = await callTool(session.fetch, session.resource, 'whoami')
    expect(await toolResult(answer)).toMatchObject({ scopes: ['notes:read', 'notes:write'] })
    expect(await stop(started)).toBe(0)
    expect(await started.error.end()).toContain('dev_login')
  })
})
