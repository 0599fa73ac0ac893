/**
 * `session.fetch` as a transport sees it: a `fetch`, and nothing surprising.
 *
 * @see MCP 2026-07-28, authorization, "Token Requirements"
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { type Fetch, memoryStore, SallyportError, type SessionOptions, type StoredRecord } from '../../client/index.ts'
import { approve, attendedSessionIn, failureOf, gate, sessionIn } from '../support/client.ts'
import { fakeWorld, json } from '../support/fake-authorization-server.ts'

/** A signed-in session whose requests can be looked at as they left. */
async function spied(options: SessionOptions = {}) {
  const world = fakeWorld()
  const calls: [string | URL | Request, RequestInit | undefined][] = []
  const fetch: Fetch = (input, init) => {
    calls.push([input, init])
    return world.fetch(input, init)
  }
  const session = sessionIn(world, { fetch, ...options })
  await session.authorize()
  calls.length = 0
  return { world, session, calls }
}

describe('C-100 C-101 the token goes into the header of every request', () => {
  const inputs: readonly [string, (url: string) => string | URL | Request][] = [
    ['a string', (url) => url],
    ['a URL', (url) => new URL(url)],
    ['a Request', (url) => new Request(url, { headers: { 'x-own': '1' } })],
  ]
  test.each(inputs)('C-100 with %s', async (_name, make) => {
    const { world, session } = await spied()
    const before = world.requests.length
    for (const suffix of ['', '?session=1', '/sub/path']) await session.fetch(make(world.resource + suffix))
    for (const { headers, query } of world.requests.slice(before)) {
      expect(headers.get('authorization')).toBe('Bearer access-3')
      expect(query.toString()).not.toContain('access')
    }
  })

  test('C-100 headers of the caller stay, an Authorization of the caller does not', async () => {
    const { world, session } = await spied()
    await session.fetch(new Request(world.resource, { headers: { 'x-own': '1', authorization: 'Bearer theirs' } }))
    await session.fetch(world.resource, { headers: new Headers({ 'x-own': '2', authorization: 'Basic x' }) })
    await session.fetch(new Request(world.resource, { headers: { 'x-own': '0' } }), { headers: [['x-own', '3']] })
    const sent = world.requests.slice(-3).map(({ headers }) => [headers.get('x-own'), headers.get('authorization')])
    expect(sent).toEqual([
      ['1', 'Bearer access-3'],
      ['2', 'Bearer access-3'],
      ['3', 'Bearer access-3'],
    ])
  })

  test('it is a bound function', async () => {
    const { world, session } = await spied()
    const { fetch } = session
    expect((await fetch(world.resource)).status).toBe(200)
    expect((await Reflect.apply(fetch, undefined, [world.resource])).status).toBe(200)
  })
})

describe('what belongs to the caller', () => {
  test('init is not changed, and everything but the headers is passed on', async () => {
    const { world, session, calls } = await spied()
    const headers = new Headers({ accept: 'text/event-stream' })
    const init = {
      method: 'POST',
      headers,
      body: '{}',
      redirect: 'manual',
      signal: new AbortController().signal,
    } as const
    Object.freeze(init)
    await session.fetch(world.resource, init)
    expect([...headers]).toEqual([['accept', 'text/event-stream']])
    const [, sent] = calls[0] ?? []
    expect(sent).not.toBe(init)
    expect(sent).toMatchObject({ method: 'POST', body: '{}', redirect: 'manual' })
    expect(sent?.signal).toBe(init.signal)
  })

  test('the response is the very response', async () => {
    const { world, session } = await spied()
    const response = json({ hello: 'world' }, 202)
    world.mcp.handle = () => response
    expect(await session.fetch(world.resource)).toBe(response)
  })

  test("an exception of fetch is the caller's", async () => {
    const { world, session } = await spied()
    world.mcp.handle = () => {
      throw new TypeError('network down')
    }
    await expect(session.fetch(world.resource)).rejects.toThrow('network down')
  })
})

describe('sending again after a 401', () => {
  const bodies: readonly [string, () => NonNullable<RequestInit['body']>][] = [
    ['a string', () => 'hello'],
    ['parameters', () => new URLSearchParams({ hello: '' })],
    ['bytes', () => new TextEncoder().encode('hello')],
    ['a buffer', () => new TextEncoder().encode('hello').buffer],
    ['a blob', () => new Blob(['hello'])],
  ]
  test.each(bodies)('a body of %s', async (_name, body) => {
    const { world, session } = await spied()
    world.forgetAccessTokens()
    const seen: string[] = []
    world.mcp.handle = async (request) => {
      seen.push(await request.text())
      return json({})
    }
    expect((await session.fetch(world.resource, { method: 'POST', body: body() })).status).toBe(200)
    expect(seen[0]).toStartWith('hello')
  })

  test('a form with a file', async () => {
    const { world, session } = await spied()
    world.forgetAccessTokens()
    const body = new FormData()
    body.set('file', new Blob(['hello']))
    expect((await session.fetch(world.resource, { method: 'POST', body })).status).toBe(200)
    const sent = world.sent('POST', world.resource).slice(-2)
    expect(sent.map((request) => request.body.includes('hello'))).toEqual([true, true])
  })

  test('a Request with a body', async () => {
    const { world, session } = await spied()
    world.forgetAccessTokens()
    const seen: string[] = []
    world.mcp.handle = async (request) => {
      seen.push(await request.text())
      return json({})
    }
    const request = new Request(world.resource, { method: 'POST', body: 'hello' })
    expect((await session.fetch(request)).status).toBe(200)
    expect(seen).toEqual(['hello'])
  })

  async function* chunks() {
    yield new TextEncoder().encode('hello')
  }

  const streams: readonly [string, () => unknown][] = [
    ['a stream', () => new Blob(['hello']).stream()],
    ['an async iterable', chunks],
    ['an iterable in an object', () => ({ [Symbol.asyncIterator]: chunks })],
  ]
  test.each(streams)('%s is refused with an error that says so, and the next call works', async (_name, body) => {
    const world = fakeWorld()
    const answers = [new Response(null, { status: 401 }), json({})]
    const sent: unknown[] = []
    // Answered before a `Request` is made of it: not every runtime takes an iterable.
    const fetch: Fetch = async (input, init) => {
      if (init?.method !== 'PUT') return world.fetch(input, init)
      sent.push(init.body)
      return answers.shift() ?? json({})
    }
    const session = sessionIn(world, { fetch })
    await session.authorize()
    const send = () => {
      const init: RequestInit = { method: 'PUT' }
      Reflect.set(init, 'body', body())
      return session.fetch(world.resource, init)
    }
    expect(await failureOf(send())).toMatchObject({ code: 'body_not_replayable', retryable: true })
    expect(sent).toHaveLength(1)
    expect((await send()).status).toBe(200)
  })

  /** A `Request` that streams `size` bytes, and ends or does not. */
  const streaming = (url: string, size: number, ends: boolean): Request => {
    const body = new ReadableStream({
      start(controller) {
        for (let rest = size; rest > 0; rest -= 65_536) controller.enqueue(new Uint8Array(Math.min(rest, 65_536)))
        if (ends) controller.close()
      },
    })
    return new Request(url, Object.assign({ method: 'PUT', duplex: 'half' }, { body }))
  }
  const requests: readonly [string, number, boolean, 200 | 'body_not_replayable'][] = [
    ['of a mebibyte', 1024 * 1024, true, 200],
    ['of a byte more', 1024 * 1024 + 1, true, 'body_not_replayable'],
    ['that has not ended', 10, false, 'body_not_replayable'],
  ]
  test.each(requests)('a Request with a streaming body %s', async (_name, size, ends, outcome) => {
    const world = fakeWorld()
    const answers = [new Response(null, { status: 401 })]
    const sizes: number[] = []
    const fetch: Fetch = async (input, init) => {
      if (!(input instanceof Request)) return world.fetch(input, init)
      const answer = answers.shift()
      if (answer !== undefined) return answer
      sizes.push((await new Request(input, init).arrayBuffer()).byteLength)
      return json({})
    }
    const session = sessionIn(world, { fetch })
    await session.authorize()
    const result = session.fetch(streaming(world.resource, size, ends))
    if (outcome === 200) expect((await result).status).toBe(outcome)
    else expect((await failureOf(result)).code).toBe(outcome)
    expect(sizes).toEqual(outcome === 200 ? [size] : [])
  })

  test('bodies of responses that nobody will see are let go', async () => {
    const { world, session } = await spied()
    const cancelled: number[] = []
    const refusal = (status: number, challenge: string) =>
      new Response(new ReadableStream({ cancel: () => void cancelled.push(status) }), {
        status,
        headers: { 'www-authenticate': challenge },
      })
    const answers = [refusal(401, 'Bearer'), refusal(403, 'Bearer error="insufficient_scope", scope="more"')]
    world.on('GET', world.resource, () => answers.shift() ?? json({}))
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(cancelled).toEqual([401, 403])
  })
})

describe('it never waits for a person', () => {
  test('a person is needed: it throws at once, with the stamp that both SDKs let through unwrapped', async () => {
    const world = fakeWorld()
    const session = attendedSessionIn(world, () => gate().opened.then(() => ''))
    const failure = await failureOf(session.fetch(world.resource))
    expect(failure.code).toBe('authorization_required')
    expect(Reflect.get(failure, Symbol.for('mcp.authSeamEscape'))).toBe(true)
  })

  test('without interactions, authorize says so before anything is sent', async () => {
    const world = fakeWorld()
    const session = sessionIn(world, { interaction: [] })
    expect((await failureOf(session.authorize())).code).toBe('interaction_unavailable')
    expect(world.requests).toHaveLength(0)
  })

  test('with an unattended interaction the first request signs in', async () => {
    const world = fakeWorld()
    expect((await sessionIn(world).fetch(world.resource)).status).toBe(200)
    expect(world.sent('GET', 'https://as.example.com/authorize')).toHaveLength(1)
  })

  test('an unattended interaction beside a person is a person', async () => {
    const world = fakeWorld()
    const interaction = [{ name: 'person', prepare: async () => undefined }]
    expect((await failureOf(sessionIn(world, { interaction }).fetch(world.resource))).code).toBe(
      'authorization_required',
    )
  })
})

describe('one authorization for everybody', () => {
  test('parallel authorize() calls, of two sessions as well: one window, one code exchange', async () => {
    const world = fakeWorld()
    let opened = 0
    const open = (url: string) => {
      opened += 1
      return approve(world)(url)
    }
    const first = attendedSessionIn(world, open)
    const grants = await Promise.all([first.authorize(), first.authorize(), first.authorize({ scope: [] })])
    expect(opened).toBe(1)
    expect(new Set(grants.map(({ expiresAt }) => expiresAt)).size).toBe(1)
    expect(world.sent('POST', 'https://as.example.com/token')).toHaveLength(1)
  })

  test('a failure is everybody’s, and no further window opens', async () => {
    const world = fakeWorld()
    let opened = 0
    const session = attendedSessionIn(world, () => {
      opened += 1
      throw new Error('closed')
    })
    const outcomes = await Promise.allSettled([session.authorize(), session.authorize()])
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
    expect(opened).toBe(1)
  })

  test('a flow that failed leaves no verifier behind', async () => {
    const store = memoryStore()
    const flows = new Set<string>()
    const spy = {
      ...store,
      set: async (key: string, record: StoredRecord, ifGeneration?: string) => {
        if (key.startsWith('flow:')) flows.add(key)
        return store.set(key, record, ifGeneration)
      },
    }
    const closed = () => {
      throw new Error('closed')
    }
    await failureOf(attendedSessionIn(fakeWorld(), closed, { store: spy }).authorize())
    expect(flows.size).toBe(1)
    for (const key of flows) expect(await store.get(key)).toBeUndefined()
  })

  test('another scope waits for its turn, and is not asked for if the first turn brought it', async () => {
    const world = fakeWorld({ challengeScope: 'read' })
    let opened = 0
    const session = attendedSessionIn(world, (url) => {
      opened += 1
      return approve(world)(url)
    })
    await Promise.all([session.authorize({ scope: 'read write' }), session.authorize({ scope: 'write' })])
    expect(opened).toBe(1)
  })

  test("a caller's abort ends that caller's waiting; without callers the interaction ends too", async () => {
    const world = fakeWorld()
    const open = gate()
    let over: AbortSignal | undefined
    const session = sessionIn(world, {
      interaction: {
        name: 'person',
        prepare: async () => ({
          redirectUri: 'http://127.0.0.1:5000/callback',
          open: async ({ signal }) => {
            over = signal
            open.open()
            return new Promise<string>(() => {})
          },
          close: async () => {},
        }),
      },
    })
    const abort = new AbortController()
    const waiting = session.authorize({ signal: abort.signal })
    await open.opened
    abort.abort()
    const failure = await failureOf(waiting)
    expect(failure).toBeInstanceOf(SallyportError)
    expect(failure.code).toBe('aborted')
    expect(over?.aborted).toBe(true)
  })
})
