/**
 * Every request of the client ends: in time, in size, on request. And its errors say what to do.
 *
 * @see MCP 2026-07-28, security best practices, "SSRF"
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { createSession, hasCode, memoryStore, SallyportError, type Session, type Store } from '../../client/index.ts'
import { failureOf, gate, sessionIn, signedIn } from '../support/client.ts'
import { type FakeWorld, fakeWorld, json } from '../support/fake-authorization-server.ts'

const steps: readonly [string, string, (world: FakeWorld) => string][] = [
  ['the resource', 'POST', (world) => world.resource],
  ['the resource metadata', 'GET', (world) => world.metadataUrl],
  ['the server metadata', 'GET', (world) => world.serverMetadataUrl],
  ['the registration', 'POST', (world) => `${world.as}/register`],
  ['the token request', 'POST', (world) => `${world.as}/token`],
]

const never = (): Promise<Response> => new Promise(() => {})
const endless = (cancel = () => {}): Response => {
  const chunk = new TextEncoder().encode(' '.repeat(64 * 1024))
  const body = new ReadableStream({ pull: (controller) => controller.enqueue(chunk), cancel })
  return new Response(body, { headers: { 'content-type': 'application/json' } })
}

describe('time', () => {
  test.each(steps)(
    'SEC-016 %s has a time limit, also with a fetch that ignores its signal',
    async (_name, method, url) => {
      const world = fakeWorld()
      world.on(method, url(world), never)
      const failure = await failureOf(sessionIn(world, { timeout: 0.02 }).authorize())
      expect(failure).toMatchObject({ code: 'timeout', retryable: true, final: false })
    },
  )

  test('SEC-016 a body that never ends in time', async () => {
    const world = fakeWorld()
    const letGo: string[] = []
    const start = (controller: ReadableStreamDefaultController) => controller.enqueue(new TextEncoder().encode('{'))
    const body = () => new ReadableStream({ start, cancel: () => void letGo.push('body') })
    world.on('GET', world.metadataUrl, () => new Response(body(), { headers: { 'content-type': 'application/json' } }))
    expect((await failureOf(sessionIn(world, { timeout: 0.02 }).authorize())).code).toBe('timeout')
    expect(letGo).toEqual(['body'])
  })

  test.each([
    ['that never ends', {}],
    ['that is said to be endless', { 'content-length': '99999999999' }],
  ])('SEC-016 C-012 a challenge counts whatever comes with it: a body %s is let go', async (_name, more) => {
    const world = fakeWorld()
    const letGo: string[] = []
    world.on('POST', world.resource, () => {
      const headers = { 'www-authenticate': 'Bearer scope="told"', 'content-type': 'application/json', ...more }
      const silent = new ReadableStream({ cancel: () => void letGo.push('body') })
      return new Response(silent, { status: 401, headers: new Headers(headers) })
    })
    expect(await sessionIn(world, { timeout: 20 }).authorize()).toMatchObject({ scope: ['told'] })
    expect(letGo).toEqual(['body'])
  })

  test.each(steps)("%s hears the session's signal and the caller's", async (_name, method, url) => {
    for (const whose of ['session', 'caller']) {
      const world = fakeWorld()
      const abort = new AbortController()
      world.on(method, url(world), () => {
        abort.abort()
        return never()
      })
      const session = sessionIn(world, whose === 'session' ? { signal: abort.signal } : {})
      const failure = await failureOf(session.authorize(whose === 'caller' ? { signal: abort.signal } : {}))
      expect(failure).toMatchObject({ code: 'aborted', retryable: false })
    }
  })

  test.each([1.005, 3_000_000, 1e12, Number.POSITIVE_INFINITY])(
    'a time limit of %p seconds is one that every timer can count',
    async (timeout) => {
      const world = fakeWorld()
      const slow = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
        await new Promise((resolve) => setTimeout(resolve, 10))
        return world.fetch(input, init)
      }
      expect((await sessionIn(world, { timeout, fetch: slow }).authorize()).issuer).toBe(world.issuer)
    },
  )

  test.each([0, -1, Number.NaN])('a time limit of %p seconds is none', (timeout) => {
    expect(() => createSession('https://mcp.example.com', { timeout })).toThrow(SallyportError)
  })
})

describe('a store that never answers', () => {
  const mute: Store = { ...memoryStore(), get: () => new Promise(() => {}) }
  const redirectUri = 'https://app.example/cb'
  const entries: readonly [string, (session: Session, signal?: AbortSignal) => Promise<unknown>][] = [
    ['authorize', (session, signal) => session.authorize(signal && { signal })],
    ['begin', (session, signal) => session.begin({ redirectUri, ...(signal && { signal }) })],
    ['complete', (session, signal) => session.complete({ state: 'x' }, `${redirectUri}?state=x`, signal && { signal })],
    ['logout', (session, signal) => session.logout(signal && { signal })],
  ]

  test.each(entries)("%s hears the caller's signal", async (_name, enter) => {
    const abort = new AbortController()
    const waiting = failureOf(enter(sessionIn(fakeWorld(), { store: mute }), abort.signal))
    abort.abort()
    expect((await waiting).code).toBe('aborted')
  })

  test.each([
    ...entries,
    ['status', (session) => session.status()],
    ['fetch', (session) => session.fetch(session.resource)],
  ] satisfies typeof entries)("%s hears the session's signal, and so does a call after it", async (_name, enter) => {
    const end = new AbortController()
    const session = sessionIn(fakeWorld(), { store: mute, signal: end.signal })
    const waiting = failureOf(enter(session))
    end.abort()
    expect((await waiting).code).toBe('aborted')
    expect((await failureOf(enter(session))).code).toBe('aborted')
  })

  test('what begins after the end of the session sends and stores nothing', async () => {
    const world = fakeWorld()
    const store = memoryStore()
    const touched: string[] = []
    const watched: Store = {
      ...store,
      get(key) {
        touched.push(key)
        return store.get(key)
      },
    }
    const session = sessionIn(world, { store: watched, signal: AbortSignal.abort() })
    for (const [, enter] of entries) expect((await failureOf(enter(session))).code).toBe('aborted')
    expect([touched, world.requests]).toEqual([[], []])
  })

  test('a store that answers too late: the request is not sent, even by a fetch that does not listen', async () => {
    const abort = new AbortController()
    const asked = gate()
    const answer = gate()
    const store: Store = {
      ...memoryStore(),
      async get() {
        asked.open()
        await answer.opened
        return undefined
      },
    }
    let sent = 0
    const fetch = async (): Promise<Response> => {
      sent += 1
      return json({})
    }
    const session = sessionIn(fakeWorld(), { store, fetch })
    const leaving = session.fetch(session.resource, { signal: abort.signal }).catch(() => 'left')
    await asked.opened
    abort.abort()
    expect(await leaving).toBe('left')
    answer.open()
    expect((await session.fetch(session.resource)).status).toBe(200)
    expect(sent).toBe(1)
  })

  test("fetch rejects with its caller's reason, as any fetch", async () => {
    const abort = new AbortController()
    const session = sessionIn(fakeWorld(), { store: mute })
    const inputs = [
      session.fetch(session.resource, { signal: abort.signal }),
      session.fetch(new Request(session.resource, { signal: abort.signal })),
    ].map((waiting) => waiting.catch((reason) => reason))
    abort.abort(new Error('enough'))
    expect((await Promise.all(inputs)).map(({ message }) => message)).toEqual(['enough', 'enough'])
  })
})

describe('a resource that never answers', () => {
  test("session.fetch hears the session's signal, hands it on, and lets go of an answer that comes too late", async () => {
    const end = new AbortController()
    const asked = gate()
    const cancelled = gate()
    const late = Promise.withResolvers<Response>()
    let heard: AbortSignal | null | undefined
    const world = fakeWorld()
    const session = sessionIn(world, {
      signal: end.signal,
      fetch: (input, init) => {
        if (init?.method !== 'PUT') return world.fetch(input, init)
        heard = init.signal
        asked.open()
        return late.promise
      },
    })
    await session.authorize()
    const waiting = failureOf(
      session.fetch(world.resource, { method: 'PUT', signal: new AbortController().signal, body: 'x' }),
    )
    await asked.opened
    end.abort()
    expect((await waiting).code).toBe('aborted')
    expect(heard?.aborted).toBe(true)
    late.resolve(new Response(new ReadableStream({ cancel: cancelled.open })))
    await cancelled.opened
  })

  test('nothing is sent for somebody who has left', async () => {
    const abort = new AbortController()
    const asked = gate()
    const answer = gate()
    const { world, session, call } = await signedIn()
    world.clock.now += 900
    world.on('POST', `${world.as}/token`, async (request, original) => {
      asked.open()
      await answer.opened
      return world.usual('POST', `${world.as}/token`, request, original)
    })
    const leaving = session.fetch(world.resource, { method: 'DELETE', signal: abort.signal }).catch(() => 'left')
    const staying = call()
    await asked.opened
    abort.abort()
    expect(await leaving).toBe('left')
    answer.open()
    expect((await staying).status).toBe(200)
    expect(world.sent('DELETE', world.resource)).toHaveLength(0)
  })
})

describe('size', () => {
  test.each(steps.slice(1))('SEC-016 %s is read up to a limit', async (_name, method, url) => {
    const world = fakeWorld()
    const letGo: string[] = []
    world.on(method, url(world), () => endless(() => void letGo.push('body')))
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('response_too_large')
    expect(letGo).toEqual(['body'])
  })

  test('SEC-016 a length that is announced is believed before anything is read', async () => {
    const world = fakeWorld()
    world.on('GET', world.metadataUrl, () => json({}, 200, { 'content-length': '99999999' }))
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('response_too_large')
  })

  test('SEC-016 a body that is not wanted is not read', async () => {
    const world = fakeWorld()
    const cancelled: string[] = []
    const body = () => new ReadableStream({ cancel: () => void cancelled.push('body') })
    world.on('GET', world.metadataUrl, () => new Response(body(), { headers: { 'content-type': 'text/html' } }))
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('invalid_response')
    expect(cancelled).toEqual(['body'])
  })
})

describe('errors', () => {
  test('SEC-016 the network’s own words are the cause, not the message', async () => {
    const world = fakeWorld()
    world.on('GET', world.metadataUrl, () => {
      throw new TypeError('connect ECONNREFUSED 10.0.0.7:443')
    })
    const failure = await failureOf(sessionIn(world).authorize())
    expect(failure).toMatchObject({ code: 'network_error', retryable: true })
    expect(failure.message).not.toContain('10.0.0.7')
    expect(failure.cause).toBeInstanceOf(TypeError)
  })

  test('a code tells the kind, three booleans tell what to do', () => {
    const natures = (['authorization_required', 'timeout', 'invalid_grant', 'issuer_mismatch'] as const).map((code) => {
      const { interactive, retryable, final } = new SallyportError(code)
      return [interactive, retryable, final]
    })
    expect(natures).toEqual([
      [true, false, false],
      [false, true, false],
      [true, false, true],
      [false, false, false],
    ])
    expect(hasCode(new SallyportError('timeout'), 'network_error', 'timeout')).toBe(true)
    expect(hasCode(new Error('timeout'), 'timeout')).toBe(false)
  })

  test("a tracer's exception does not matter", async () => {
    const onEvent = (): void => {
      throw new Error('tracer')
    }
    expect((await sessionIn(fakeWorld(), { onEvent }).authorize()).refreshable).toBe(true)
  })
})
