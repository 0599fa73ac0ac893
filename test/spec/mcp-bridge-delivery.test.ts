/**
 * What a bridge sends again and what it never does, what it makes of a server's trouble, and how requests are cancelled on either wire.
 *
 * @see MCP 2025-11-25, transports, streamable HTTP, "Sending Messages to the Server"; basic, "Cancellation"
 * @see MCP 2026-07-28, transports, streamable HTTP: closing the stream is the cancellation
 * @module
 */
import { expect, test } from 'bun:test'
import { type JSONRPCMessage, PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/client'
import { createBridge } from '../../client/bridge/bridge.ts'
import { AuthorizationRequiredError, SallyportError } from '../../client/errors.ts'

type Message = JSONRPCMessage & { readonly id?: unknown; readonly method?: string }
type Answer = (message: Message, init: RequestInit) => Response | Promise<Response>

const json = (message: object, status = 200): Response => Response.json({ jsonrpc: '2.0', ...message }, { status })
const events = (...messages: readonly object[]): Response =>
  new Response(messages.map((one) => `data: ${JSON.stringify({ jsonrpc: '2.0', ...one })}\n\n`).join(''), {
    headers: { 'content-type': 'text/event-stream' },
  })
const networkError = (code: string): never => {
  throw new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })
}

/** A bridge to a server that answers as told, in order; the last answer is for everything that follows. */
function world(answers: readonly Answer[], given: Partial<Parameters<typeof createBridge>[0]> = {}) {
  const posted: Message[] = []
  const requests: RequestInit[] = []
  const told: Message[] = []
  let wake = Promise.withResolvers<void>()
  const changed = (): void => {
    wake.resolve()
    wake = Promise.withResolvers()
  }
  const bridge = createBridge({
    resource: 'https://mcp.example/mcp',
    fetch: async (_, init = {}) => {
      if (init.method !== 'POST') return new Response(null, { status: 405 })
      const message: Message = JSON.parse(String(init.body))
      requests.push(init)
      const answer = answers[Math.min(posted.push(message), answers.length) - 1]
      changed()
      if (answer === undefined) throw new Error('there is no answer')
      return answer(message, init)
    },
    signIn: async () => {
      throw new Error('nobody is asked')
    },
    toHost: (message) => {
      told.push(message)
      changed()
    },
    log: () => {},
    backoff: { first: 1, longest: 4 },
    patience: 5000,
    ...given,
  })
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await wake.promise
  }
  return {
    bridge,
    posted,
    requests,
    told,
    until,
    /** Sends a request and gives the host's answer. */
    async ask(method: string, params: Record<string, unknown> = {}): Promise<Message | undefined> {
      bridge.fromHost({ jsonrpc: '2.0', id: 7, method, params })
      await until(() => told.some(({ id }) => id === 7))
      return told.find(({ id }) => id === 7)
    },
  }
}

const call = { name: 'pay', arguments: { amount: 1 } }
const modern = { _meta: { [PROTOCOL_VERSION_META_KEY]: '2026-07-28' } }
const done: Answer = ({ id }) => json({ id, result: { content: [] } })

const SENT_AGAIN: readonly [string, Answer][] = [
  ['no connection (Node)', () => networkError('ECONNREFUSED')],
  ['no connection (Bun)', () => networkError('ConnectionRefused')],
  ['no such name', () => networkError('ENOTFOUND')],
  ['503', () => new Response('later', { status: 503 })],
  ['429', () => new Response('slow down', { status: 429 })],
  [
    'a token that could not be renewed',
    () => {
      throw new SallyportError('refresh_unavailable')
    },
  ],
]
test.each(SENT_AGAIN)('a call is sent again after %s', async (_, trouble) => {
  const { ask, posted } = world([trouble, trouble, done])
  expect(await ask('tools/call', call)).toEqual({ jsonrpc: '2.0', id: 7, result: { content: [] } })
  expect(posted).toHaveLength(3)
})

const ONCE: readonly [string, Answer, string][] = [
  ['a connection that broke', () => networkError('ECONNRESET'), 'connection_lost'],
  [
    'a stream that ended without its answer',
    () => events({ method: 'notifications/message', params: {} }),
    'connection_lost',
  ],
  [
    'an answer that is no JSON',
    () => new Response('<html>', { headers: { 'content-type': 'application/json' } }),
    'connection_lost',
  ],
  ['500', () => new Response('oops', { status: 500 }), 'http_500'],
  ['502', () => new Response('oops', { status: 502 }), 'http_502'],
  ['403 for any other reason', () => new Response('no', { status: 403 }), 'http_403'],
  [
    'an error of the client that does not pass',
    () => {
      throw new SallyportError('resource_mismatch')
    },
    'resource_mismatch',
  ],
]
test.each(ONCE)('a call is never sent twice after %s', async (_, trouble, code) => {
  const { ask, posted } = world([trouble, done])
  expect(await ask('tools/call', call)).toMatchObject({ error: { code: -32000, data: { code } } })
  expect(posted).toHaveLength(1)
})

test.each(['tools/list', 'resources/read', 'prompts/get', 'completion/complete', 'ping', 'server/discover'])(
  '%s only reads: it is sent again after a connection that broke',
  async (method) => {
    const { ask, posted } = world([() => networkError('ECONNRESET'), () => events(), done])
    expect(await ask(method)).toMatchObject({ result: {} })
    expect(posted).toHaveLength(3)
  },
)

test('but not for ever, by a server that ends every stream', async () => {
  const { ask, posted } = world([() => events()])
  expect(await ask('tools/list')).toMatchObject({ error: { data: { code: 'connection_lost' } } })
  expect(posted).toHaveLength(4)
})

test('a server that stays away is reported when patience is at its end', async () => {
  const { ask } = world([() => networkError('ECONNREFUSED')], { patience: 20 })
  expect(await ask('tools/list')).toMatchObject({ error: { message: 'The server could not be reached.' } })
})

const PASSED: readonly [string, Answer, object][] = [
  [
    'with status 200',
    ({ id }) => json({ id, error: { code: -32602, message: 'No such tool', data: { a: 1 } } }),
    { code: -32602, data: { a: 1 } },
  ],
  [
    'with status 400',
    ({ id }) => json({ id, error: { code: -32020, message: 'Header mismatch' } }, 400),
    { code: -32020 },
  ],
  [
    'with status 404',
    ({ id }) => json({ id, error: { code: -32601, message: 'Method not found' } }, 404),
    { code: -32601 },
  ],
]
test.each(PASSED)("a server's own error passes %s", async (_, answer, error) => {
  expect(await world([answer]).ask('tools/call', call)).toMatchObject({ id: 7, error })
})

test.each([400, 404, 405, 415])('`server/discover` refused with %i becomes "method not found"', async (status) => {
  const { ask } = world([() => new Response('<h1>no</h1>', { status })])
  expect(await ask('server/discover', modern)).toMatchObject({ error: { code: -32601 } })
})

test.each([404, 405])('`initialize` refused with %i: no MCP endpoint answers there', async (status) => {
  const { ask } = world([() => new Response('<h1>no</h1>', { status })])
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'host', version: '1' } }
  expect(await ask('initialize', params)).toMatchObject({
    error: { message: expect.stringContaining('No MCP endpoint answers there'), data: { code: `http_${status}` } },
  })
})

test('a person is asked for the scope that lacks, at most twice for one message', async () => {
  const asked: (readonly string[])[] = []
  const signIn = async (scope: readonly string[]): Promise<void> => void asked.push(scope)
  const refused: Answer = () => {
    throw new AuthorizationRequiredError('insufficient_scope', 'https://mcp.example/mcp', ['pay'])
  }
  expect(await world([refused, done], { signIn }).ask('tools/call', call)).toMatchObject({ result: {} })
  expect(asked).toEqual([['pay']])
  expect(await world([refused], { signIn }).ask('tools/call', call)).toMatchObject({
    error: { data: { code: 'insufficient_scope' } },
  })
  expect(asked).toHaveLength(3)
})

/** Answers nothing until the request is broken off. */
const hanging: Answer = (_, { signal }) =>
  new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))

test('cancelled on the older wire: the server is told, and a late answer reaches nobody', async () => {
  const late = Promise.withResolvers<Response>()
  const { bridge, posted, told, until } = world([() => late.promise, () => new Response(null, { status: 202 }), done])
  bridge.fromHost({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: call })
  await until(() => posted.length === 1)
  const cancelled = { jsonrpc: '2.0' as const, method: 'notifications/cancelled', params: { requestId: 7 } }
  bridge.fromHost(cancelled)
  await until(() => posted.length === 2)
  expect(posted[1]).toEqual(cancelled)
  late.resolve(json({ id: 7, result: {} }))
  bridge.fromHost({ jsonrpc: '2.0', id: 8, method: 'ping' })
  await until(() => told.length > 0)
  expect(told.map(({ id }) => id)).toEqual([8])
})

test('cancelled on the newer wire: the stream is broken off, and nothing is posted', async () => {
  const { bridge, posted, requests, until, told } = world([hanging, done])
  bridge.fromHost({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { ...call, ...modern } })
  await until(() => posted.length === 1)
  bridge.fromHost({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } })
  expect(requests[0]?.signal?.aborted).toBe(true)
  bridge.fromHost({ jsonrpc: '2.0', id: 8, method: 'ping', params: modern })
  await until(() => told.length > 0)
  expect([posted.map(({ method }) => method), told.map(({ id }) => id)]).toEqual([['tools/call', 'ping'], [8]])
})

test('cancelled while a person is waited for: it is not sent once they have signed in', async () => {
  const gate = Promise.withResolvers<void>()
  const refused: Answer = () => {
    throw new AuthorizationRequiredError('signed_out', 'https://mcp.example/mcp')
  }
  const { bridge, posted, told, until } = world([refused, done], { signIn: () => gate.promise })
  bridge.fromHost({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: call })
  await until(() => posted.length === 1)
  bridge.fromHost({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } })
  gate.resolve()
  bridge.fromHost({ jsonrpc: '2.0', id: 8, method: 'ping' })
  await until(() => told.length > 0)
  expect(posted.filter(({ method }) => method === 'tools/call')).toHaveLength(1)
  expect(told.map(({ id }) => id)).toEqual([8])
})

test('an error that is explained ever so slowly is told without what is missing', async () => {
  let isLeft = false
  const cancel = (): void => {
    isLeft = true
  }
  const start = (controller: ReadableStreamDefaultController): void => controller.enqueue(new Uint8Array([32]))
  const slow: Answer = () => new Response(new ReadableStream({ start, cancel }), { status: 500 })
  const { ask } = world([slow], { patience: 100 })
  expect(await ask('tools/call', call)).toMatchObject({ error: { code: -32000, data: { code: 'http_500' } } })
  expect(isLeft).toBe(true)
})

test('a server that wants more scope than can be had has answered: it did not break off', async () => {
  const headers = { 'www-authenticate': 'Bearer error="insufficient_scope", scope="notes:admin"' }
  const { ask } = world([() => new Response(null, { status: 403, headers })])
  expect(await ask('tools/call', call)).toMatchObject({ error: { data: { code: 'insufficient_scope' } } })
})
