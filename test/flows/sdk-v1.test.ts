/**
 * The official SDK of the 1.x line, with its own OAuth code, against the demo behind a socket.
 *
 * @see MCP 2025-11-25, authorization
 * @module
 */
import { afterEach, describe, expect, test } from 'bun:test'
import { auth, type OAuthDiscoveryState, UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { OAuthClientInformationMixed, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js'
import { listenTestDemo, type TestDemo } from '../support/demo.ts'
import { createPerson } from '../support/person.ts'
import { createSdkHost } from '../support/sdk-host.ts'

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/** A demo, a person, and a host whose client is connected: registered, authorized, initialized. */
async function connect(options: Parameters<typeof createSdkHost>[1] = {}) {
  const demo = await listenTestDemo()
  const person = createPerson(demo)
  const host = createSdkHost<OAuthClientInformationMixed, OAuthTokens, OAuthDiscoveryState>(person, options)
  const newTransport = () => new StreamableHTTPClientTransport(new URL(demo.mcpUrl), { authProvider: host.provider })
  const client = new Client({ name: 'sdk-v1', version: '1.0.0' })
  open.push(
    () => demo.close(),
    () => client.close(),
  )

  const first = newTransport()
  await expect(client.connect(first)).rejects.toBeInstanceOf(UnauthorizedError)
  await first.finishAuth(host.takeCallback().get('code') ?? '')
  const transport = newTransport()
  await client.connect(transport)
  // The SDK opens a stream in the background. A clock that moved under it would make one more 401.
  await demo.answered('GET', '/mcp')
  return { demo, person, host, client, transport }
}

/** The text that a tool answered. */
async function call(client: Client, name: string, args: Record<string, unknown> = {}): Promise<string> {
  const { content } = await client.callTool({ name, arguments: args })
  const [first] = Array.isArray(content) ? content : []
  return first.text
}

const refreshes = (demo: TestDemo) =>
  demo.sent('POST', '/oauth/token').filter(({ form }) => form['grant_type'] === 'refresh_token')

describe('@modelcontextprotocol/sdk 1.x, unaided', () => {
  test('registers, authorizes through the pages, and calls tools', async () => {
    const { demo, person, host, client } = await connect()

    expect(person.pages).toEqual(['Sign in · Sallyport', 'Allow access? · Sallyport'])
    expect(host.authorizations[0]?.searchParams.get('resource')).toBe(demo.mcpUrl)
    expect(host.authorizations[0]?.searchParams.get('scope')).toBe('notes:read notes:write')
    expect(JSON.parse(await call(client, 'whoami'))).toMatchObject({ user: demo.userId })
    expect(JSON.parse(await call(client, 'notes_add', { text: 'buy milk' }))).toMatchObject({ text: 'buy milk' })
    expect(JSON.parse(await call(client, 'notes_list'))).toMatchObject([{ text: 'buy milk' }])
    expect(demo.sent('POST', '/oauth/register').map(({ status }) => status)).toEqual([201])
    expect(demo.failures).toEqual([])
  })

  test('refreshes by itself once the access token has expired', async () => {
    const { demo, host, client } = await connect()
    const before = host.tokens()

    demo.clock.now += 16 * 60
    expect(JSON.parse(await call(client, 'whoami'))).toMatchObject({ user: demo.userId })

    expect(refreshes(demo).map(({ status, form }) => [status, form['resource']])).toEqual([[200, demo.mcpUrl]])
    expect(host.tokens()?.refresh_token).not.toBe(before?.refresh_token)
    expect(host.tokens()?.scope).toBe('notes:read notes:write')
    expect(host.authorizations).toHaveLength(1)
  })

  test('refreshes for parallel calls without losing its session', async () => {
    const { demo, host, client } = await connect()

    demo.clock.now += 16 * 60
    const answers = await Promise.allSettled(Array.from({ length: 3 }, () => call(client, 'whoami')))

    // Measured: each call refreshes with the same token. The replay window lets all of them through.
    expect(refreshes(demo).length).toBeGreaterThan(0)
    expect(refreshes(demo).every(({ status }) => status === 200)).toBe(true)
    // This SDK gives up a call whose 401 arrives when another call has just refreshed, and takes the new token for refused.
    const failures = answers.filter((answer) => answer.status === 'rejected').map(({ reason }) => `${reason}`)
    expect(failures.filter((failure) => !failure.includes('401 after successful authentication'))).toEqual([])
    expect(failures.length).toBeLessThan(answers.length)
    expect(JSON.parse(await call(client, 'whoami'))).toMatchObject({ user: demo.userId })
    expect(host.authorizations).toHaveLength(1)
    expect(demo.events).not.toContainEqual(expect.objectContaining({ type: 'grant_revoked' }))
  })

  test('steps up to `notes_clear` with the scope of the challenge', async () => {
    // Without a refresh token: this SDK would try to refresh before it authorizes.
    const { demo, host, client, transport } = await connect({ grantTypes: ['authorization_code'] })
    expect(host.tokens()?.refresh_token).toBeUndefined()
    await call(client, 'notes_add', { text: 'one' })

    await expect(call(client, 'notes_clear')).rejects.toBeInstanceOf(UnauthorizedError)
    expect(host.authorizations.at(-1)?.searchParams.get('scope')).toBe('notes:admin')
    await transport.finishAuth(host.takeCallback().get('code') ?? '')

    expect(JSON.parse(await call(client, 'notes_clear'))).toEqual({ deleted: 1 })
    // It asked for the new scope alone; the hierarchy of scopes keeps the other tools usable.
    expect(host.tokens()?.scope).toBe('notes:admin')
    expect(JSON.parse(await call(client, 'notes_list'))).toEqual([])
    expect(demo.sent('POST', '/oauth/register')).toHaveLength(1)
  })

  test('steps up with a refresh token once the host drops it', async () => {
    const { demo, host, client, transport } = await connect()

    // The SDK's own step-up refreshes, which cannot widen a scope, and gives up at the second 403.
    await expect(call(client, 'notes_clear')).rejects.toThrow('403')
    expect(refreshes(demo)).toHaveLength(1)

    host.forgetTokens()
    expect(await auth(host.provider, { serverUrl: demo.mcpUrl, scope: 'notes:admin' })).toBe('REDIRECT')
    await transport.finishAuth(host.takeCallback().get('code') ?? '')

    expect(JSON.parse(await call(client, 'notes_clear'))).toEqual({ deleted: 0 })
  })
})

test('ADR 0105 a host whose registration has ended registers again, and its person signs in once more', async () => {
  const { demo, host, client, transport } = await connect({ forgets: true })
  demo.clock.now += 91 * 86_400
  while ((await demo.store.purge(demo.clock.now, 100)) > 0);

  await expect(call(client, 'whoami')).rejects.toBeInstanceOf(UnauthorizedError)
  expect(refreshes(demo).map(({ status }) => status)).toEqual([401])
  expect(demo.sent('POST', '/oauth/register').map(({ status }) => status)).toEqual([201, 201])
  await transport.finishAuth(host.takeCallback().get('code') ?? '')
  expect(JSON.parse(await call(client, 'whoami'))).toMatchObject({ user: demo.userId })
})

test('a person who denies sends the host `access_denied`, with `iss` and `state`', async () => {
  const demo = await listenTestDemo()
  open.push(() => demo.close())
  const person = createPerson(demo, { decision: 'deny' })
  const host = createSdkHost<OAuthClientInformationMixed, OAuthTokens, OAuthDiscoveryState>(person)
  const client = new Client({ name: 'sdk-v1', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(new URL(demo.mcpUrl), { authProvider: host.provider })

  await expect(client.connect(transport)).rejects.toBeInstanceOf(UnauthorizedError)
  const callback = host.takeCallback()

  expect(callback.get('error')).toBe('access_denied')
  expect(callback.get('iss')).toBe(demo.issuer)
  expect(callback.has('code')).toBe(false)
  expect(person.pages).toHaveLength(2)
})
