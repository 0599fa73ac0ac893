/**
 * Nobody is sent to a sign-in by an elicitation: the notes server answers with a challenge, the bridge with an error that has the address.
 *
 * @see MCP 2025-11-25, elicitation, "URL Mode": not for authorizing access to the MCP server itself
 * @module
 */
import { expect, test } from 'bun:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { createBridge } from '../../client/bridge/bridge.ts'
import { SignInPending } from '../../client/bridge/sign-in.ts'
import { AuthorizationRequiredError, createSession } from '../../client/index.ts'
import { person } from '../support/client.ts'
import { createTestDemo } from '../support/demo.ts'
import { createPerson } from '../support/person.ts'

/** URLElicitationRequiredError. */
const URL_ELICITATION_REQUIRED = -32042
const ABLE = { elicitation: { form: {}, url: {} } }

test('RS-061 RS-063 RS-064 the notes server asks nobody who calls its tools to open an address, whatever is missing', async () => {
  const demo = await createTestDemo()
  const session = createSession(demo.mcpUrl, {
    fetch: demo.fetch,
    now: () => demo.clock.now,
    interaction: person(async (url) => (await createPerson(demo).visit(url)).href),
  })
  await session.authorize()
  const asked: unknown[] = []
  const answers: string[] = []
  const client = new Client({ name: 'host', version: '1' }, { capabilities: ABLE })
  client.setRequestHandler(ElicitRequestSchema, (request) => {
    asked.push(request)
    return { action: 'decline' }
  })
  const fetch: typeof session.fetch = async (input, init) => {
    const response = await session.fetch(input, init)
    answers.push(await response.clone().text())
    return response
  }
  await client.connect(new StreamableHTTPClientTransport(new URL(demo.mcpUrl), { fetch }))
  const { tools } = await client.listTools()
  const outcomes: unknown[] = []
  for (const { name } of tools) {
    outcomes.push(
      await client.callTool({ name, arguments: { text: 'x' } }).then(
        () => 'done',
        (problem) => problem.code,
      ),
    )
  }
  expect(outcomes).toEqual(['done', 'done', 'done', 'insufficient_scope'])
  expect(asked).toEqual([])
  expect(answers.length).toBeGreaterThan(4)
  for (const answer of answers) expect(answer).not.toMatch(/elicit|-32042/i)
  await client.close()
  await demo.close()
})

test('RS-061 a bridge whose host could open addresses is told where to sign in by an error, and asked for nothing', async () => {
  const resource = 'https://mcp.example/mcp'
  const address = 'https://as.example/authorize?client_id=bridge'
  const told: { id?: unknown; method?: string; error?: { code: number; data?: unknown } }[] = []
  const answered = Promise.withResolvers<void>()
  const bridge = createBridge({
    resource,
    fetch: async () => {
      throw new AuthorizationRequiredError('signed_out', resource)
    },
    signIn: async () => {
      throw new SignInPending(resource, address)
    },
    toHost: (message) => {
      told.push(message)
      answered.resolve()
    },
    log: () => {},
  })
  const params = { protocolVersion: '2025-11-25', capabilities: ABLE, clientInfo: { name: 'host', version: '1' } }
  bridge.fromHost({ jsonrpc: '2.0', id: 1, method: 'initialize', params })
  await answered.promise
  expect(told.map(({ id, method }) => [id, method])).toEqual([[1, undefined]])
  expect(told[0]?.error?.code).not.toBe(URL_ELICITATION_REQUIRED)
  expect(told[0]?.error?.data).toEqual({ code: 'authorization_required', url: address })
  await bridge.close()
})
