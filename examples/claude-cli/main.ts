/**
 * Does what `README.md` says, with its files as they are: only the demo's URL, the client id and `npx -y sallyport` are put in place. What
 * a person does in the browser is done by a program.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import * as v from 'valibot'
import { startDemo } from '../start-demo.ts'

const Hosts = v.object({
  mcpServers: v.record(
    v.string(),
    v.union([
      v.object({ command: v.string(), args: v.array(v.string()) }),
      v.object({ type: v.literal('http'), url: v.string() }),
    ]),
  ),
})

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const home = await mkdtemp(join(tmpdir(), 'sallyport-claude-'))
const server = await startDemo()
const readme = await readFile(pathOf('README.md'), 'utf8')

// The person: opens what a program asks to have opened, and writes it down.
const browser = join(home, 'browser.mjs')
const visits = join(home, 'visits')
await writeFile(visits, '')
await writeFile(
  browser,
  `#!${process.execPath}\nimport { appendFileSync } from 'node:fs'\nappendFileSync(${JSON.stringify(visits)}, '.')\nawait fetch(process.argv[2])\n`,
  { mode: 0o755 },
)
const env = { PATH: process.env['PATH'] ?? '', HOME: home, XDG_STATE_HOME: home, BROWSER: browser, NO_COLOR: '1' }

/** A text of the example for the server that runs here. */
const here = (text: string, clientId = ''): string =>
  text
    .replaceAll('http://localhost:9100/mcp', server.url)
    .replaceAll('http://localhost:9100', server.issuer)
    .replaceAll('CLIENT_ID', clientId)

/** The published command is this checkout's. */
function installed([program, yes, name, ...args]: readonly string[]): [string, string[]] {
  assert.deepEqual([program, yes, name], ['npx', '-y', 'sallyport'])
  return [process.execPath, [pathOf('../../server/bin.ts'), ...args]]
}

/** A command of the README: the one that begins so. */
function commandOf(beginning: string): string {
  const line =
    readme.split('\n').find((one) => one.startsWith(beginning)) ?? assert.fail(`no ${beginning} in README.md`)
  return line.replace(/ +#.*$/, '')
}

async function run(beginning: string, clientId?: string): Promise<string> {
  const [program, args] = installed(here(commandOf(beginning), clientId).split(' '))
  return (await promisify(execFile)(program, args, { cwd: home, env })).stdout
}

/** What a host does with an entry of its configuration: starts it, connects, and calls a tool. */
async function whoamiThrough(file: string, name: string, clientId?: string): Promise<string> {
  const { mcpServers } = v.parse(Hosts, JSON.parse(here(await readFile(pathOf(file), 'utf8'), clientId)))
  const entry = mcpServers[name]
  assert(entry !== undefined && 'command' in entry)
  const [command, args] = installed([entry.command, ...entry.args])
  const client = new Client({ name: 'a-desktop-host', version: '1.0.0' })
  await client.connect(new StdioClientTransport({ command, args, env, cwd: home, stderr: 'ignore' }))
  const answer = await client.callTool({ name: 'whoami' })
  await client.close()
  return JSON.stringify(answer)
}

// What people type and what the files say is the same.
const { mcpServers } = v.parse(Hosts, JSON.parse(await readFile(pathOf('.mcp.json'), 'utf8')))
const { notes, 'notes-bridge': bridge } = mcpServers
assert(notes !== undefined && 'url' in notes && bridge !== undefined && 'command' in bridge)
assert.equal(commandOf('claude mcp add --transport'), `claude mcp add --transport http notes ${notes.url}`)
const typed = ['claude mcp add notes-bridge --', bridge.command, ...bridge.args].join(' ')
assert.equal(commandOf('claude mcp add notes-bridge'), typed)

// Claude Code over HTTP: from this challenge it finds its way by itself.
const { status, headers } = await fetch(here(notes.url), { method: 'POST', body: '{}' })
assert.equal(status, 401)
assert.match(headers.get('www-authenticate') ?? '', /resource_metadata=/)

// Two bridges, one sign-in.
assert.match(await whoamiThrough('claude_desktop_config.json', 'notes'), /user/)
assert.match(await whoamiThrough('.mcp.json', 'notes-bridge'), /user/)
assert.equal(await readFile(visits, 'utf8'), '.')
assert.match(await run('npx -y sallyport status'), new RegExp(server.url))
await run('npx -y sallyport logout')
await run('npx -y sallyport login')
assert.equal(await readFile(visits, 'utf8'), '..')
await run('npx -y sallyport doctor')

// The agent, for which nobody opens anything.
assert.match(readme, /^node make-key\.ts$/m)
await promisify(execFile)(process.execPath, [pathOf('make-key.ts')], { cwd: home })
const jwks = JSON.parse(await readFile(join(home, 'agent-key.public.json'), 'utf8'))
const clientId = await server.addClient({ name: 'Night shift', clientCredentials: true, proof: { type: 'keys', jwks } })
assert.match(await whoamiThrough('agent.mcp.json', 'notes', clientId), new RegExp(clientId))
assert.match(await run('npx -y sallyport call', clientId), /\[\]/)
assert.equal(await readFile(visits, 'utf8'), '..')

await server.close()
await rm(home, { recursive: true })
console.log('hosts and an agent are in, as the README says')
