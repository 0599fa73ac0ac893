/**
 * The official client of the 2.x line, with its own OAuth code, against the demo behind a socket.
 *
 * @see MCP 2026-07-28, authorization
 * @module
 */
import { afterEach, describe, expect, test } from 'bun:test'
import {
  Client,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { listenTestDemo, type TestDemo } from '../support/demo.ts'
import { createPerson } from '../support/person.ts'
import { createSdkHost } from '../support/sdk-host.ts'

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

type Wire = 'legacy' | 'auto'

/** A demo, a person, and a host whose client is connected: registered, authorized, initialized. */
async function connect(wire: Wire) {
  const demo = await listenTestDemo()
  const person = createPerson(demo)
  const host = createSdkHost<StoredOAuthClientInformation, StoredOAuthTokens, OAuthDiscoveryState>(person)
  const newTransport = () => new StreamableHTTPClientTransport(new URL(demo.mcpUrl), { authProvider: host.provider })
  const client = new Client({ name: 'sdk-v2', version: '1.0.0' }, { versionNegotiation: { mode: wire } })
  open.push(
    () => demo.close(),
    () => client.close(),
  )

  const first = newTransport()
  await expect(client.connect(first)).rejects.toBeInstanceOf(UnauthorizedError)
  await first.finishAuth(host.takeCallback())
  const transport = newTransport()
  await client.connect(transport)
  // The SDK opens a stream in the background. A clock that moved under it would make one more 401.
  await demo.answered('GET', '/mcp')
  return { demo, person, host, client, transport }
}

/** The text that a tool answered. */
async function call(client: Client, name: string, args: Record<string, unknown> = {}): Promise<string> {
  const { content } = await client.callTool({ name, arguments: args })
  const [first] = content
  return first?.type === 'text' ? first.text : ''
}

const refreshes = (demo: TestDemo) =>
  demo.sent('POST', '/oauth/token').filter(({ form }) => form['grant_type'] === 'refresh_token')

const METHODS: Readonly<Record<Wire, string | null>> = { legacy: null, auto: 'server/discover' }

describe.each(['legacy', 'auto'] as const)(
  '@modelcontextprotocol/client 2.x, unaided, version negotiation %s',
  (wire) => {
    test('registers, authorizes through the pages, and calls tools', async () => {
      const { demo, person, host, client } = await connect(wire)

      expect(demo.sent('POST', '/mcp')[0]?.headers.get('mcp-method') ?? null).toBe(METHODS[wire])
      expect(person.pages).toEqual(['Sign in · Sallyport', 'Allow access? · Sallyport'])
      const asked = host.authorizations[0]?.searchParams
      expect(asked?.get('resource')).toBe(demo.mcpUrl)
      // The server lists `offline_access`, so this SDK asks for it; it is granted as what it is, no scope.
      expect(asked?.get('scope')).toBe('notes:read notes:write offline_access')
      expect(host.tokens()?.scope).toBe('notes:read notes:write')
      expect(host.tokens()?.refresh_token).toBeString()
      expect(JSON.parse(await call(client, 'whoami'))).toMatchObject({ user: demo.userId })
      expect(JSON.parse(await call(client, 'notes_add', { text: 'buy milk' }))).toMatchObject({ text: 'buy milk' })
      expect(JSON.parse(await call(client, 'notes_list'))).toMatchObject([{ text: 'buy milk' }])
      expect(demo.failures).toEqual([])
    })

    test('refreshes by itself once the access token has expired', async () => {
      const { demo, host, client } = await connect(wire)
      const before = host.tokens()

      demo.clock.now += 16 * 60
      expect(JSON.parse(await call(client, 'whoami'))).toMatchObject({ user: demo.userId })

      expect(refreshes(demo).map(({ status, form }) => [status, form['resource']])).toEqual([[200, demo.mcpUrl]])
      expect(host.tokens()?.refresh_token).not.toBe(before?.refresh_token)
      expect(host.authorizations).toHaveLength(1)
    })

    test('refreshes for parallel calls without losing its session', async () => {
      const { demo, host, client } = await connect(wire)

      demo.clock.now += 16 * 60
      const answers = await Promise.allSettled(Array.from({ length: 3 }, () => call(client, 'whoami')))

      // Measured: each call refreshes with the same token. The replay window lets all of them through.
      expect(refreshes(demo).length).toBeGreaterThan(1)
      expect(refreshes(demo).every(({ status }) => status === 200)).toBe(true)
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
      expect(host.authorizations).toHaveLength(1)
      expect(demo.events).not.toContainEqual(expect.objectContaining({ type: 'grant_revoked' }))
    })

    test('steps up to `notes_clear` with the union of scopes, its refresh token notwithstanding', async () => {
      const { demo, host, client, transport } = await connect(wire)
      await call(client, 'notes_add', { text: 'one' })

      await expect(call(client, 'notes_clear')).rejects.toBeInstanceOf(UnauthorizedError)
      expect(host.authorizations.at(-1)?.searchParams.get('scope')?.split(' ').sort()).toEqual([
        'notes:admin',
        'notes:read',
        'notes:write',
        'offline_access',
      ])
      await transport.finishAuth(host.takeCallback())

      expect(JSON.parse(await call(client, 'notes_clear'))).toEqual({ deleted: 1 })
      expect(JSON.parse(await call(client, 'notes_list'))).toEqual([])
      expect(demo.sent('POST', '/oauth/register')).toHaveLength(1)
      expect(refreshes(demo)).toEqual([])
    })
  },
)
