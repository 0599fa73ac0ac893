/**
 * `bun run demo`: the whole flow in one process and without a browser. Our own client meets a protected MCP server, finds its
 * authorization server, registers, signs in, calls tools, refreshes, steps up and signs out; every HTTP exchange is printed.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import * as v from 'valibot'
import { createSession, follow } from '../client/index.ts'
import { Config } from '../server/config.ts'
import { createUser } from '../server/login/create-user.ts'
import { openStore } from '../server/store/open-store.ts'
import { random } from '../server/store/random.ts'
import { createDemo } from './demo-server/demo.ts'
import { traced } from './trace.ts'

const step = (title: string): void => console.log(`\n── ${title} ${'─'.repeat(Math.max(0, 76 - title.length))}`)

const issuer = 'http://localhost:9100'
const clock = { now: Math.floor(Date.now() / 1000) }
const now = (): number => clock.now
const store = await openStore({ database: 'sqlite::memory:' })
await createUser({ users: store.users, now, random }, { username: 'demo', password: 'demo-password' })
const demo = await createDemo({
  // As `npm start -- --dev-login demo` would have it: who asks is signed in as demo, and everything is approved.
  settings: { ...v.parse(Config, { dev: true, dev_login: 'demo' }), issuer, secret: random() },
  store,
  notesDatabase: ':memory:',
  now,
  audit: () => {},
  onFailure: console.error,
})
const fetch = traced(async (input, init) => {
  return (await demo.handle(new Request(input, init))) ?? new Response(null, { status: 404 })
})
const session = createSession(demo.mcpUrl, { client: { name: 'Walkthrough' }, interaction: follow(), fetch, now })
const client = new Client({ name: 'walkthrough', version: '1.0.0' })
const call = async (name: string, args: Record<string, unknown> = {}): Promise<string> => {
  const { content } = await client.callTool({ name, arguments: args })
  return v.parse(v.tuple([v.object({ text: v.string() })]), content)[0].text
}

step('Find the authorization server, register, sign in')
const granted = await session.authorize()
assert.deepEqual([...granted.scope].sort(), ['notes:read', 'notes:write'])

step('Connect and call tools')
await client.connect(new StreamableHTTPClientTransport(new URL(session.resource), { fetch: session.fetch }))
assert.match(await call('whoami'), /usr_/)
await call('notes_add', { text: 'Buy bread' })
assert.match(await call('notes_list'), /Buy bread/)

step('Sixteen minutes later: the access token has expired, and is refreshed on the way')
clock.now += 16 * 60
assert.match(await call('notes_list'), /Buy bread/)

step('A tool that needs more: 403 names the scope, the session asks for it, the call is repeated')
await call('notes_clear')
assert.match(await call('whoami'), /notes:admin/)
assert.doesNotMatch(await call('notes_list'), /Buy bread/)

step('Sign out: the tokens are revoked, then forgotten')
assert.deepEqual(await session.logout(), { revoked: true, deleted: true })

await client.close()
demo.close()
await store.close()
console.log('\nEvery step was checked. The same in a browser: npm start')
