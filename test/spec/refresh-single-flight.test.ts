/**
 * Refreshing: once per credential, for everybody who needs it, in every process.
 *
 * @see OAuth 2.1 section 4.3 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, type SessionEvent, type Store } from '../../client/index.ts'
import { fileStore } from '../../client/node/index.ts'
import { approve, attendedSessionIn, failureOf, gate, signedIn } from '../support/client.ts'
import { json } from '../support/fake-authorization-server.ts'

const TOKEN = 'https://as.example.com/token'

describe('C-106 one refresh for everybody', () => {
  test('C-106 POST, GET and DELETE of a transport that all get a 401', async () => {
    const { world, session, refreshes } = await signedIn()
    world.forgetAccessTokens()
    const methods = ['POST', 'GET', 'DELETE', 'POST', 'GET']
    const answers = await Promise.all(methods.map((method) => session.fetch(world.resource, { method })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(refreshes()).toHaveLength(1)
  })

  test('C-106 two sessions over one store', async () => {
    const store = memoryStore()
    const { world, refreshes, call } = await signedIn({}, { store })
    const other = attendedSessionIn(world, approve(world), { store })
    world.clock.now += 890
    const answers = await Promise.all([call(), other.fetch(world.resource), call()])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(refreshes()).toHaveLength(1)
  })

  test('C-106 the old refresh token is discarded, the new one is used next', async () => {
    const { world, call, refreshes } = await signedIn()
    for (const _round of [1, 2, 3]) {
      world.clock.now += 900
      expect((await call()).status).toBe(200)
    }
    const used = refreshes().map(({ form }) => form.get('refresh_token'))
    expect(new Set(used).size).toBe(3)
  })

  test('C-106 an answer without a new refresh token keeps the old one', async () => {
    const { world, call, refreshes } = await signedIn()
    world.on('POST', TOKEN, () => {
      world.tokens.set('fresh', { scope: [], expiresAt: world.clock.now + 900 })
      return json({ access_token: 'fresh', token_type: 'bearer', expires_in: '900', refresh_token: null })
    })
    for (const _round of [1, 2]) {
      world.clock.now += 900
      expect((await call()).status).toBe(200)
    }
    expect(new Set(refreshes().map(({ form }) => form.get('refresh_token'))).size).toBe(1)
  })

  test('R1 a loser of the race adopts the result of the winner: no second request', async () => {
    const store = memoryStore()
    const events: SessionEvent[] = []
    const { world, refreshes, call } = await signedIn({}, { store })
    const slow = attendedSessionIn(world, approve(world), { store, onEvent: (event) => events.push(event) })
    await slow.fetch(world.resource)
    world.forgetAccessTokens()
    await call()
    expect((await slow.fetch(world.resource)).status).toBe(200)
    expect(refreshes()).toHaveLength(1)
    expect(world.sent('GET', world.metadataUrl)).toHaveLength(2)
  })

  test('R1 where nothing can be refreshed, a sign-in of somebody else is adopted', async () => {
    const store = memoryStore()
    const { world, session } = await signedIn({ refreshTokens: false }, { store })
    const other = attendedSessionIn(world, approve(world), { store })
    await session.fetch(world.resource)
    world.forgetAccessTokens()
    await other.authorize({ force: true })
    expect((await session.fetch(world.resource)).status).toBe(200)
  })

  test('R1 what somebody else has stored and is as good as expired is not adopted but renewed, by its own refresh token', async () => {
    const store = memoryStore()
    const { world, refreshes, call } = await signedIn({}, { store })
    const slow = attendedSessionIn(world, approve(world), { store: { ...store } })
    await slow.fetch(world.resource)
    world.clock.now += 890
    await call()
    world.clock.now += 890
    expect((await slow.fetch(world.resource)).status).toBe(200)
    const used = refreshes().map(({ form }) => form.get('refresh_token'))
    expect(new Set(used).size).toBe(2)
    expect(world.sent('GET', world.resource)).toHaveLength(2)
  })

  test('R1 a lock that was lost on the way: the successor that is stored counts', async () => {
    const inner = memoryStore()
    const lost = new AbortController()
    const store: Store = { ...inner, lock: (_key, work) => work(lost.signal) }
    const { world, session } = await signedIn({}, { store })
    const other = attendedSessionIn(world, approve(world), { store })
    world.clock.now += 900
    world.on('POST', TOKEN, async (request, original) => {
      world.on('POST', TOKEN)
      const answer = await world.usual('POST', TOKEN, request, original)
      // This process sleeps; another one takes the lock and signs in.
      lost.abort()
      await other.authorize({ force: true })
      return answer
    })
    await session.fetch(world.resource)
    const used = world.sent('GET', world.resource).at(-1)?.headers.get('authorization')
    const stored = [...world.tokens.keys()].at(-1)
    expect(used).toBe(`Bearer ${stored}`)
  })
})

describe('R1 one refresh per machine', () => {
  const directories: string[] = []
  afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true }))))

  test('R1 sessions with file stores of their own in one directory', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'client-refresh-'))
    directories.push(directory)
    const { world, refreshes } = await signedIn({}, { store: fileStore({ directory, now: () => 0 }) })
    const processes = [1, 2, 3, 4].map(() =>
      attendedSessionIn(world, approve(world), { store: fileStore({ directory, now: () => 0 }) }),
    )
    world.clock.now += 890
    const answers = await Promise.all(processes.map((session) => session.fetch(world.resource)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(refreshes()).toHaveLength(1)
  })
})

describe('who is waited for', () => {
  test("a caller's abort ends the caller's waiting, not the refresh", async () => {
    const { world, session, call, refreshes } = await signedIn()
    const asked = gate()
    const answer = gate()
    let signal: AbortSignal | undefined
    world.clock.now += 900
    world.on('POST', TOKEN, async (request, original) => {
      signal = original.signal
      asked.open()
      await answer.opened
      return world.usual('POST', TOKEN, request, original)
    })
    const abort = new AbortController()
    const impatient = session.fetch(world.resource, { signal: abort.signal })
    await asked.opened
    abort.abort(new Error('enough'))
    await expect(impatient).rejects.toThrow('enough')
    expect(signal?.aborted).toBe(false)
    answer.open()
    expect((await call()).status).toBe(200)
    expect(refreshes()).toHaveLength(1)
  })

  test('the end of the session does not break it off either: a rotated token would be lost', async () => {
    const end = new AbortController()
    const store = memoryStore()
    const { world, session, refreshes } = await signedIn({}, { store, signal: end.signal })
    world.clock.now += 900
    world.on('POST', TOKEN, (request, original) => {
      end.abort()
      original.signal.throwIfAborted()
      return world.usual('POST', TOKEN, request, original)
    })
    expect((await failureOf(session.fetch(world.resource))).code).toBe('aborted')
    const next = attendedSessionIn(world, approve(world), { store })
    expect((await next.fetch(world.resource)).status).toBe(200)
    expect(refreshes()).toHaveLength(1)
  })

  test('nor is a refresh that hangs waited for once the session has ended', async () => {
    const end = new AbortController()
    const asked = gate()
    const { world, call } = await signedIn({}, { signal: end.signal })
    world.clock.now += 900
    world.on('POST', TOKEN, () => {
      asked.open()
      return new Promise(() => {})
    })
    const waiting = failureOf(call())
    await asked.opened
    end.abort()
    expect((await waiting).code).toBe('aborted')
  })

  test('signing out while a refresh is under way leaves nothing behind', async () => {
    const { world, session, call } = await signedIn()
    const asked = gate()
    const answer = gate()
    world.clock.now += 900
    world.on('POST', TOKEN, async (request, original) => {
      asked.open()
      await answer.opened
      return world.usual('POST', TOKEN, request, original)
    })
    const calling = call()
    await asked.opened
    const leaving = session.logout()
    answer.open()
    await Promise.allSettled([calling, leaving])
    expect(await session.status()).toBe('signed-out')
    expect(world.sent('POST', 'https://as.example.com/revoke').map(({ form }) => form.get('token'))).toContain(
      'refresh-6',
    )
  })

  test('C-107 a refresh asks for no scope: the grant says what it is good for', async () => {
    const { world, call, refreshes } = await signedIn({ challengeScope: 'a b' })
    world.clock.now += 900
    await call()
    expect(refreshes()[0]?.form.has('scope')).toBe(false)
  })

  test('C-108 the scope of the answer is the granted one; without it nothing has changed', async () => {
    const { world, session, call } = await signedIn({ challengeScope: 'a b' })
    world.on('POST', TOKEN, async (request, original) => {
      const answer = await (await world.usual('POST', TOKEN, request, original)).json()
      return json({ ...answer, scope: world.clock.now > 1_001_000 ? 'a' : undefined })
    })
    world.clock.now += 890
    await call()
    expect((await session.authorize()).scope).toEqual(['a', 'b'])
    world.clock.now += 890
    await call()
    expect((await session.authorize()).scope).toEqual(['a'])
  })
})
