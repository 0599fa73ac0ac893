/**
 * A bridge and a server with sessions, which forgets them: what is opened anew, what is sent again and what never is.
 *
 * @see MCP 2025-11-25, transports, streamable HTTP, "Session Management"
 * @module
 */
import { describe, expect, test } from 'bun:test'
import type { JSONRPCMessage } from '@modelcontextprotocol/client'
import { createBridge } from '../../client/bridge/bridge.ts'
import { AuthorizationRequiredError } from '../../client/errors.ts'

type Message = JSONRPCMessage & { readonly id?: unknown; readonly method?: string }
type Answer = (message: Message, init: RequestInit) => Response | Promise<Response>

const session = (init: RequestInit): string | null => new Headers(init.headers).get('mcp-session-id')
const NOT_FOUND = { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } }
const forgotten: Answer = () => Response.json(NOT_FOUND, { status: 404 })
const broken: Answer = () => {
  throw new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) })
}

/**
 * A server whose sessions are numbered, and a host that has opened the first. What is to be answered otherwise is said by `next`, once
 * for each entry, to requests of that method; the others are done as asked.
 */
async function world(given: Partial<Parameters<typeof createBridge>[0]> = {}) {
  const next: [method: string, answer: Answer][] = []
  const posted: (readonly [string, string | null])[] = []
  const told: Message[] = []
  const log: string[] = []
  let sessions = 0
  let isForgotten = false
  const streaming = Promise.withResolvers<ReadableStreamDefaultController>()
  let wake = Promise.withResolvers<void>()
  const changed = (): void => {
    wake.resolve()
    wake = Promise.withResolvers()
  }
  const usual: Answer = ({ id, method }) => {
    if (id === undefined) return new Response(null, { status: 202 })
    if (method !== 'initialize') return Response.json({ jsonrpc: '2.0', id, result: {} })
    sessions += 1
    const capabilities = { tools: { listChanged: true }, prompts: {} }
    const result = { protocolVersion: '2025-11-25', capabilities, serverInfo: { name: 's', version: '1' } }
    return Response.json({ jsonrpc: '2.0', id, result }, { headers: { 'mcp-session-id': `session-${sessions}` } })
  }
  /** The first session has one, for what the server says by itself. */
  const stream = (init: RequestInit): Response => {
    if (session(init) !== 'session-1') return new Response(null, { status: 404 })
    if (isForgotten) return Response.json(NOT_FOUND, { status: 404 })
    const body = new ReadableStream({ start: (controller) => streaming.resolve(controller) })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }
  const bridge = createBridge({
    resource: 'https://mcp.example/mcp',
    fetch: async (_, init = {}) => {
      if (init.method === 'DELETE') return new Response()
      const message: Message = init.method === 'POST' ? JSON.parse(String(init.body)) : NOT_FOUND
      if (init.method === 'GET') return stream(init)
      const method = message.method ?? 'answer'
      posted.push([method, session(init)])
      const at = next.findIndex(([of]) => of === method)
      const [, answer = usual] = (at < 0 ? undefined : next.splice(at, 1)[0]) ?? []
      changed()
      return answer(message, init)
    },
    signIn: async () => {},
    toHost: (message) => {
      told.push(message)
      changed()
    },
    log: (line) => void log.push(line),
    backoff: { first: 1, longest: 4 },
    patience: 5000,
    ...given,
  })
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await wake.promise
  }
  let asked = 0
  const ask = async (method: string, params: Record<string, unknown> = {}): Promise<Message | undefined> => {
    asked += 1
    const id = asked
    bridge.fromHost({ jsonrpc: '2.0', id, method, params })
    await until(() => told.some((one) => one.id === id))
    return told.find((one) => one.id === id)
  }
  await ask('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'host', version: '1' },
  })
  bridge.fromHost({ jsonrpc: '2.0', method: 'notifications/initialized' })
  await until(() => posted.length === 2)
  posted.length = 0
  return {
    bridge,
    ask,
    next,
    posted,
    told,
    log,
    until,
    /** The stream ends, and whoever asks for it again hears that there is no such session. */
    forget: async () => {
      const controller = await streaming.promise
      isForgotten = true
      controller.close()
      await until(() => posted.some(([, where]) => where === 'session-2'))
    },
  }
}

const call = { name: 'pay', arguments: { amount: 1 } }
const reopened = [
  ['initialize', null],
  ['notifications/initialized', 'session-2'],
] as const

describe('a lost session has not done what was asked: it is sent again, whatever it is', () => {
  const KINDS: readonly [string, object][] = [
    ['tools/call', call],
    ['tools/list', {}],
    ['prompts/get', { name: 'greet' }],
    ['completion/complete', {}],
    ['resources/read', { uri: 'note://1' }],
    ['ping', {}],
    ['something/new', {}],
  ]
  test.each(KINDS)('%s, answered by a lost session (404)', async (method, params) => {
    const { ask, next, posted } = await world()
    next.push([method, forgotten])
    expect(await ask(method, { ...params })).toMatchObject({ result: {} })
    expect(posted).toEqual([[method, 'session-1'], ...reopened, [method, 'session-2']])
  })

  test.each(['logging/setLevel', 'resources/subscribe'])(
    '%s, which the new session is told of in any case',
    async (method) => {
      const { ask, next, posted } = await world()
      next.push([method, forgotten])
      expect(await ask(method, { uri: 'note://1' })).toMatchObject({ result: {} })
      expect(posted.slice(0, 3)).toEqual([[method, 'session-1'], ...reopened])
      expect(posted.slice(3).every(([what, where]) => what === method && where === 'session-2')).toBe(true)
    },
  )

  test.each(['notifications/progress', 'notifications/roots/list_changed'])(
    '%s, which has no answer',
    async (method) => {
      const { bridge, next, posted, until } = await world()
      next.push([method, forgotten])
      bridge.fromHost({ jsonrpc: '2.0', method, params: {} })
      await until(() => posted.length === 4)
      expect(posted).toEqual([[method, 'session-1'], ...reopened, [method, 'session-2']])
    },
  )

  test('several at once: one session is opened for all of them', async () => {
    const { ask, next, posted } = await world()
    next.push(['tools/call', forgotten], ['tools/call', forgotten], ['tools/call', forgotten])
    const answers = await Promise.all([1, 2, 3].map(() => ask('tools/call', call)))
    expect(answers).toMatchObject([{ result: {} }, { result: {} }, { result: {} }])
    expect(posted.filter(([method]) => method === 'initialize')).toHaveLength(1)
    expect(posted.filter(([, where]) => where === 'session-2').map(([method]) => method)).toEqual([
      'notifications/initialized',
      'tools/call',
      'tools/call',
      'tools/call',
    ])
  })

  test('an explanation without end is not listened to for ever, nor believed to be of a forgotten session', async () => {
    const { ask, next, posted } = await world()
    const chunk = new TextEncoder().encode('no valid session '.repeat(4096))
    let [sent, isLeft] = [0, false]
    const pull = (controller: ReadableStreamDefaultController): void => {
      sent += 1
      controller.enqueue(chunk)
    }
    const cancel = (): void => {
      isLeft = true
    }
    next.push(['tools/call', () => new Response(new ReadableStream({ pull, cancel }), { status: 400 })])
    expect(await ask('tools/call', call)).toMatchObject({ error: {} })
    expect([posted, isLeft]).toEqual([[['tools/call', 'session-1']], true])
    expect(sent).toBeLessThan(30)
  })

  const SAYS: readonly [string, unknown][] = [
    ['Bad Request: No valid session ID provided', null],
    ['Bad Request: Server not initialized', null],
    ['Missing session ID', 'server-error'],
  ]
  test.each(SAYS)('servers that say it with 400: %s', async (message, id) => {
    const { ask, next, posted } = await world()
    next.push([
      'tools/call',
      () => Response.json({ jsonrpc: '2.0', id, error: { code: -32000, message } }, { status: 400 }),
    ])
    expect(await ask('tools/call', call)).toMatchObject({ result: {} })
    expect(posted.at(-1)).toEqual(['tools/call', 'session-2'])
  })

  test('an error of the call itself (400 with its id) is its answer, although it speaks of sessions', async () => {
    const { ask, next, posted } = await world()
    const error = { code: -32602, message: 'There is no such session in the calendar' }
    next.push(['tools/call', ({ id }) => Response.json({ jsonrpc: '2.0', id, error }, { status: 400 })])
    expect(await ask('tools/call', call)).toMatchObject({ error })
    expect(posted).toEqual([['tools/call', 'session-1']])
  })
})

describe('what was under way', () => {
  test('the stream for what the server says finds out first: a call that is being sent waits for its own answer', async () => {
    const { ask, forget, next, posted, until } = await world()
    const gate = Promise.withResolvers<void>()
    next.push([
      'tools/call',
      async (...request) => {
        await gate.promise
        return forgotten(...request)
      },
    ])
    const answer = ask('tools/call', call)
    await until(() => posted.length === 1)
    await forget()
    gate.resolve()
    expect(await answer).toMatchObject({ result: {} })
    expect(posted.filter(([method]) => method === 'tools/call')).toEqual([
      ['tools/call', 'session-1'],
      ['tools/call', 'session-2'],
    ])
  })

  test('or is answered after all: the answer counts, and nothing is sent twice', async () => {
    const { ask, forget, next, posted, until } = await world()
    const gate = Promise.withResolvers<void>()
    next.push([
      'tools/call',
      async ({ id }) => {
        await gate.promise
        return Response.json({ jsonrpc: '2.0', id, result: { late: true } })
      },
    ])
    const answer = ask('tools/call', call)
    await until(() => posted.length === 1)
    await forget()
    gate.resolve()
    expect(await answer).toMatchObject({ result: { late: true } })
    expect(posted.filter(([method]) => method === 'tools/call')).toHaveLength(1)
  })

  test('or is taken after all, by a session that is over: nobody waits for its stream', async () => {
    const { ask, forget, next, posted, until } = await world()
    const gate = Promise.withResolvers<void>()
    next.push([
      'tools/call',
      async () => {
        await gate.promise
        return new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } })
      },
    ])
    const answer = ask('tools/call', call)
    await until(() => posted.length === 1)
    await forget()
    gate.resolve()
    expect(await answer).toMatchObject({ error: { data: { code: 'connection_lost' } } })
  })

  test.each([
    [
      'tools/call',
      'is an error, for nobody knows whether it was done',
      { error: { data: { code: 'connection_lost' } } },
      1,
    ],
    ['tools/list', 'is asked again', { result: {} }, 2],
  ] as const)('%s whose stream is open when the session is lost %s', async (method, _, outcome, times) => {
    const { ask, forget, next, posted, until } = await world()
    next.push([
      method,
      (_message, { signal }) =>
        new Response(
          new ReadableStream({ start: (one) => signal?.addEventListener('abort', () => one.error(signal.reason)) }),
          { headers: { 'content-type': 'text/event-stream' } },
        ),
    ])
    const answer = ask(method, call)
    await until(() => posted.length === 1)
    await forget()
    expect(await answer).toMatchObject(outcome)
    expect(posted.filter(([what]) => what === method)).toHaveLength(times)
  })
})

describe('opening the next session', () => {
  test('a server that breaks off while it is opened: the call has not been sent, so it is, once there is one', async () => {
    const { ask, next, posted } = await world()
    const ended: Answer = () => new Response('', { headers: { 'content-type': 'text/event-stream' } })
    const away: Answer = () => new Response('', { status: 502 })
    next.push(['tools/call', forgotten], ['initialize', broken], ['initialize', ended], ['initialize', away])
    expect(await ask('tools/call', call)).toMatchObject({ result: {} })
    expect(posted.filter(([method]) => method === 'tools/call')).toEqual([
      ['tools/call', 'session-1'],
      ['tools/call', 'session-2'],
    ])
  })

  test('a server that takes `initialize` and never answers holds nobody up for ever', async () => {
    const { ask, next, posted } = await world({ patience: 500 })
    const silent: Answer = (_, { signal }) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    next.push(['tools/call', forgotten], ['initialize', silent])
    expect(await ask('tools/call', call)).toMatchObject({ error: { data: { code: 'network_error' } } })
    // It was given up, and tried again: nobody has to restart the bridge.
    expect(await ask('tools/call', call)).toMatchObject({ result: {} })
    expect(posted.filter(([method]) => method === 'initialize').length).toBeGreaterThan(1)
  })

  test('a host that asks nothing hears the server again: the stream finds out', async () => {
    const { forget, posted } = await world()
    await forget()
    expect(posted).toEqual([...reopened])
  })

  test('a server without such a stream, which says so with 404, has lost no session', async () => {
    const { ask, forget, posted } = await world()
    await forget()
    // The second session has none: see there.
    await ask('tools/list')
    expect(posted).toEqual([...reopened, ['tools/list', 'session-2']])
  })

  test('a server that knows none of the sessions it opens is not asked for ever', async () => {
    const { ask, next } = await world()
    for (let time = 0; time < 10; time += 1) next.push(['tools/call', forgotten])
    expect(await ask('tools/call', call)).toMatchObject({ error: { code: -32000, data: { code: 'session_lost' } } })
    expect(next).toHaveLength(6)
  })

  test('it wants a sign-in: a person is asked once, and the call is sent', async () => {
    let asked = 0
    const signIn = async (): Promise<void> => {
      asked += 1
    }
    const { ask, next, posted } = await world({ signIn })
    const refused: Answer = () => {
      throw new AuthorizationRequiredError('signed_out', 'https://mcp.example/mcp')
    }
    next.push(['tools/call', forgotten], ['initialize', refused])
    expect(await ask('tools/call', call)).toMatchObject({ result: {} })
    expect([asked, posted.at(-1)]).toEqual([1, ['tools/call', 'session-2']])
  })

  test('the host hears of lists that may have changed, and of no others; a log line tells people', async () => {
    const { ask, next, told, log } = await world()
    next.push(['tools/call', forgotten])
    await ask('tools/call', call)
    expect(told.filter(({ method }) => method !== undefined).map(({ method }) => method)).toEqual([
      'notifications/tools/list_changed',
    ])
    expect(log).toEqual(['The server had forgotten the session; a new one was opened.'])
  })
})

test('what the host wants sent along is, and a session id and the version are kept', async () => {
  const seen: Headers[] = []
  const fetch: Parameters<typeof createBridge>[0]['fetch'] = async (_, init = {}) => {
    seen.push(new Headers(init.headers))
    const { id }: { id?: number } = JSON.parse(String(init.body ?? '{}'))
    if (id === undefined) return new Response(null, { status: 202 })
    const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 's', version: '1' } }
    return Response.json({ jsonrpc: '2.0', id, result }, { headers: { 'mcp-session-id': 'session-1' } })
  }
  const told: Message[] = []
  const heard = Promise.withResolvers<void>()
  const bridge = createBridge({
    resource: 'https://mcp.example/mcp',
    headers: { 'x-tenant': 'acme' },
    fetch,
    signIn: async () => {},
    log: () => {},
    toHost: (message) => {
      if (told.push(message) === 2) heard.resolve()
      else bridge.fromHost({ jsonrpc: '2.0', id: 2, method: 'tools/list' })
    },
  })
  const clientInfo = { name: 'host', version: '1' }
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
  bridge.fromHost({ jsonrpc: '2.0', id: 1, method: 'initialize', params })
  await heard.promise
  expect(seen.map((one) => one.get('x-tenant'))).toEqual(['acme', 'acme'])
  expect(seen.map((one) => one.get('mcp-session-id'))).toEqual([null, 'session-1'])
  expect(seen.map((one) => one.get('mcp-protocol-version'))).toEqual([null, '2025-11-25'])
})
