/**
 * Refreshing: once per credential, and nothing is lost to trouble that passes.
 *
 * @see OAuth 2.1 section 4.3 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, type SessionEvent, type SessionOptions, type Store } from '../../client/index.ts'
import { fileStore } from '../../client/node/index.ts'
import { approve, attendedSessionIn, failureOf, gate } from '../support/client.ts'
import { type FakeOptions, fakeWorld, json, oauthError } from '../support/fake-authorization-server.ts'

const TOKEN = 'https://as.example.com/token'

/** A session that has signed in, needs a person for the next time, and counts how often it was asked. */
async function signedIn(fake: FakeOptions = {}, options: SessionOptions = {}) {
  const world = fakeWorld({ expiresIn: 900, ...fake })
  const opened: string[] = []
  const open = (url: string): Promise<string> => {
    opened.push(url)
    return approve(world)(url)
  }
  const session = attendedSessionIn(world, open, options)
  await session.authorize()
  const refreshes = () => world.sent('POST', TOKEN).filter(({ form }) => form.get('grant_type') === 'refresh_token')
  const call = () => session.fetch(world.resource, { method: 'POST', body: '{}' })
  return { world, session, opened, refreshes, call }
}

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

describe('when', () => {
  const moments: readonly [number, number, number][] = [
    [900, 869, 0],
    [900, 870, 1],
    [60, 44, 0],
    [60, 45, 1],
    [4, 2, 0],
    [4, 3, 1],
  ]
  test.each(moments)(
    'of %i seconds, %i have passed: %i refreshes before the request',
    async (expiresIn, passed, count) => {
      const { world, call, refreshes } = await signedIn({ expiresIn })
      world.clock.now += passed
      expect((await call()).status).toBe(200)
      expect(refreshes()).toHaveLength(count)
    },
  )

  test('C-109 a token without a stated lifetime is used until a server refuses it', async () => {
    const { world, call, refreshes } = await signedIn({ refreshTokens: true })
    world.on('POST', TOKEN, async (request, original) => {
      const { expires_in: _dropped, ...rest } = await (await world.usual('POST', TOKEN, request, original)).json()
      return json(rest)
    })
    world.clock.now += 890
    await call()
    expect(refreshes()).toHaveLength(1)
    world.clock.now += 800
    await call()
    expect(refreshes()).toHaveLength(1)
    world.forgetAccessTokens()
    expect((await call()).status).toBe(200)
    expect(refreshes()).toHaveLength(2)
  })

  test('C-105 C-109 without a refresh token the session tells that a person is needed', async () => {
    const { world, session, call, opened } = await signedIn({ refreshTokens: false })
    world.forgetAccessTokens()
    expect(await failureOf(call())).toMatchObject({ code: 'authorization_required', reason: 'token_rejected' })
    expect(await session.status()).toBe('signed-out')
    await session.authorize()
    expect(opened).toHaveLength(2)
    expect((await call()).status).toBe(200)
  })
})

describe('R2 what is final, and what is not', () => {
  const transient: readonly [string, () => Response][] = [
    ['500', () => json({}, 500)],
    ['503 with a structured error', () => oauthError('temporarily_unavailable', 503)],
    ['500 with invalid_grant', () => oauthError('invalid_grant', 500)],
    ['429', () => oauthError('slow_down', 429)],
    ['429 with invalid_grant', () => oauthError('invalid_grant', 429)],
    ['400 as HTML', () => new Response('<p>', { status: 400, headers: { 'content-type': 'text/html' } })],
    ['400 with invalid_grant as plain text', () => new Response('{"error":"invalid_grant"}', { status: 400 })],
    ['401 with nothing', () => new Response(null, { status: 401 })],
    ['404', () => new Response(null, { status: 404 })],
    ['400 server_error', () => oauthError('server_error')],
    ['400 invalid_request', () => oauthError('invalid_request')],
    ['400 invalid_scope', () => oauthError('invalid_scope')],
    ['200 as HTML', () => new Response('<p>')],
    ['200 without a token', () => json({ token_type: 'Bearer' })],
    ['a redirect', () => Response.redirect('https://as.example.com/login', 302)],
    [
      'a dropped connection',
      () => {
        throw new TypeError('fetch failed')
      },
    ],
  ]
  test.each(transient)(
    'R2 %s: everything is kept, no browser is opened, and it works again later',
    async (_name, answer) => {
      const { world, session, call, opened } = await signedIn()
      world.clock.now += 900
      world.on('POST', TOKEN, answer)
      expect(await failureOf(call())).toMatchObject({ code: 'refresh_unavailable', retryable: true, final: false })
      expect(await session.status()).toBe('refreshable')
      expect((await failureOf(session.authorize())).code).toBe('refresh_unavailable')
      world.on('POST', TOKEN)
      world.clock.now += 60
      expect((await call()).status).toBe(200)
      expect(opened).toHaveLength(1)
    },
  )

  test.each(['invalid_grant', 'invalid_client'])('R2 a structured %s ends the credential', async (error) => {
    const { world, session, call, opened } = await signedIn()
    world.clock.now += 900
    world.on('POST', TOKEN, () => oauthError(error, 400, 'revoked'))
    const failure = await failureOf(call())
    expect(failure).toMatchObject({
      code: 'authorization_required',
      reason: 'refresh_rejected',
      interactive: true,
      oauthError: error,
    })
    expect(await session.status()).toBe('signed-out')
    world.on('POST', TOKEN)
    await session.authorize()
    expect(opened).toHaveLength(2)
    expect(world.sent('POST', 'https://as.example.com/register')).toHaveLength(error === 'invalid_client' ? 2 : 1)
    expect((await call()).status).toBe(200)
  })

  test('R2 a wrong secret in the configuration does not end the grant', async () => {
    const store = memoryStore()
    const issuer = 'https://as.example.com'
    const { world, session, call } = await signedIn({}, { store, client: { id: 'known', issuer } })
    world.clock.now += 900
    world.on('POST', TOKEN, () => oauthError('invalid_client', 401))
    expect((await failureOf(call())).code).toBe('invalid_client')
    expect(await session.status()).toBe('refreshable')
  })

  test('while the token is still good, a refresh that fails for the moment does not matter', async () => {
    const { world, call, refreshes } = await signedIn()
    world.clock.now += 880
    world.on('POST', TOKEN, () => json({}, 503, { 'retry-after': '15' }))
    expect((await call()).status).toBe(200)
    expect((await call()).status).toBe(200)
    expect(refreshes()).toHaveLength(1)
  })

  test('a server in trouble is left alone: Retry-After, else longer each time', async () => {
    const { world, call, refreshes } = await signedIn()
    world.clock.now += 900
    world.on('POST', TOKEN, () => json({}, 503, { 'retry-after': '30' }))
    expect((await failureOf(call())).retryAfter).toBe(30)
    expect((await failureOf(call())).retryAfter).toBe(30)
    expect(refreshes()).toHaveLength(1)
    world.clock.now += 30
    world.on('POST', TOKEN, () => json({}, 500))
    expect((await failureOf(call())).retryAfter).toBe(2)
    world.clock.now += 2
    expect((await failureOf(call())).retryAfter).toBe(4)
    expect(refreshes()).toHaveLength(3)
  })
})

describe('an answer that was lost', () => {
  test('the same token is tried once more, and a server with a replay window saves the session', async () => {
    const { world, call, refreshes } = await signedIn()
    world.clock.now += 900
    let answer: Promise<Response> | undefined
    world.on('POST', TOKEN, async (request, original) => {
      const lost = answer === undefined
      answer ??= world.usual('POST', TOKEN, request, original)
      if (lost) throw new TypeError('connection reset')
      return (await answer).clone()
    })
    expect((await call()).status).toBe(200)
    const sent = refreshes().map(({ form }) => form.get('refresh_token'))
    expect(sent).toHaveLength(2)
    expect(sent[0]).toBe(sent[1] ?? '')
  })

  test('somebody else has stored a successor meanwhile: nothing is sent again', async () => {
    const store = memoryStore()
    const { world, call, refreshes } = await signedIn({}, { store })
    const other = attendedSessionIn(world, approve(world), { store: lockless(store) })
    world.clock.now += 900
    world.on('POST', TOKEN, async () => {
      world.on('POST', TOKEN)
      await other.authorize({ force: true })
      throw new TypeError('connection reset')
    })
    expect((await call()).status).toBe(200)
    expect(refreshes()).toHaveLength(1)
  })

  test('a server without one says invalid_grant, and only then is the person asked', async () => {
    const { world, call } = await signedIn()
    world.clock.now += 900
    let lost = true
    world.on('POST', TOKEN, async (request, original) => {
      const answer = await world.usual('POST', TOKEN, request, original)
      if (!lost) return answer
      lost = false
      throw new TypeError('connection reset')
    })
    expect(await failureOf(call())).toMatchObject({ code: 'authorization_required', reason: 'refresh_rejected' })
  })
})

describe('persisting', () => {
  test('a credential that cannot be stored is not used: the failure is an error', async () => {
    const inner = memoryStore()
    let broken = false
    const store: Store = {
      ...inner,
      set: (key, record) => (broken ? Promise.reject(new Error('disk full')) : inner.set(key, record)),
    }
    const { world, call } = await signedIn({}, { store })
    world.clock.now += 900
    broken = true
    expect((await failureOf(call())).code).toBe('store_failed')
    const tokens = world.sent('POST', world.resource).map(({ headers }) => headers.get('authorization'))
    expect(tokens).not.toContain('Bearer access-4')
  })

  test('it is stored before any request carries it', async () => {
    const inner = memoryStore()
    const order: string[] = []
    const store: Store = {
      ...inner,
      set: async (key, record) => {
        await inner.set(key, record)
        if (key.startsWith('credential:')) order.push(`stored ${record['accessToken']}`)
      },
    }
    const { world, call } = await signedIn({}, { store })
    world.mcp.handle = (request) => {
      order.push(`used ${request.headers.get('authorization')?.slice('Bearer '.length)}`)
      return json({})
    }
    world.clock.now += 900
    await call()
    expect(order.slice(-2).map((entry) => entry.split(' ')[0])).toEqual(['stored', 'used'])
    expect(order.at(-2)?.split(' ')[1]).toBe(order.at(-1)?.split(' ')[1] ?? '')
  })

  test('R3 a final failure deletes only the generation that failed', async () => {
    const store = memoryStore()
    const { world, session, call } = await signedIn({}, { store })
    world.clock.now += 900
    const other = attendedSessionIn(world, approve(world), { store: lockless(store) })
    world.on('POST', TOKEN, async () => {
      // While this refresh is under way, somebody signs in again, in a process that does not wait for the lock.
      world.on('POST', TOKEN)
      await other.authorize({ force: true })
      return oauthError('invalid_grant')
    })
    await failureOf(call())
    expect(await session.status()).toBe('ready')
    expect((await call()).status).toBe(200)
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
    const { world, session } = await signedIn({}, { store, signal: end.signal })
    world.clock.now += 900
    world.on('POST', TOKEN, (request, original) => {
      end.abort()
      original.signal.throwIfAborted()
      return world.usual('POST', TOKEN, request, original)
    })
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(await session.status()).toBe('ready')
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

/** The same store for somebody who does not lock. */
const lockless = (store: Store): Store => ({ ...store, lock: (_key, work) => work(new AbortController().signal) })
