/**
 * Refreshing while the server is in trouble: how long it is left alone, and what an answer that was lost may hide.
 *
 * @see OAuth 2.1 section 4.3 (draft-ietf-oauth-v2-1-16)
 * @see RFC 9110 section 10.2.3: `Retry-After`
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, type Store } from '../../client/index.ts'
import { fileStore } from '../../client/node/index.ts'
import { approve, attendedSessionIn, failureOf, lockless, sessionIn, signedIn } from '../support/client.ts'
import { json, oauthError } from '../support/fake-authorization-server.ts'
import { dpopWorld } from '../support/fake-dpop-world.ts'

const TOKEN = 'https://as.example.com/token'

describe('a server in trouble is left alone by everybody who shares the store', () => {
  test('R2 429 with Retry-After: told to one, heard by all, also after a restart; a success ends it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'client-pause-'))
    try {
      const opened = () => fileStore({ directory, now: () => 0 })
      const { world, call, refreshes } = await signedIn({}, { store: opened() })
      world.clock.now += 900
      world.on('POST', TOKEN, () => json({}, 429, { 'retry-after': '30' }))
      expect(await failureOf(call())).toMatchObject({ code: 'refresh_unavailable', retryAfter: 30, status: 429 })
      world.on('POST', TOKEN)
      const other = sessionIn(world, { store: opened(), interaction: [] })
      world.clock.now += 10
      expect(await failureOf(other.fetch(world.resource))).toMatchObject({
        code: 'refresh_unavailable',
        retryAfter: 20,
      })
      expect(refreshes()).toHaveLength(1)
      world.clock.now += 20
      expect((await other.fetch(world.resource)).status).toBe(200)
      world.clock.now += 900
      world.on('POST', TOKEN, () => json({}, 503))
      expect(await failureOf(call())).toMatchObject({ retryAfter: 1 })
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  test('R2 a clock that was set back does not make a pause of a day', async () => {
    const { world, call, refreshes } = await signedIn()
    world.clock.now += 900
    world.on('POST', TOKEN, () => json({}, 503))
    await failureOf(call())
    world.clock.now -= 86_400
    world.forgetAccessTokens()
    world.on('POST', TOKEN)
    expect((await call()).status).toBe(200)
    expect(refreshes()).toHaveLength(2)
  })
})

describe('an answer that was lost', () => {
  test('R1 so was the lock: whoever has it now asks, and nobody twice', async () => {
    const inner = memoryStore()
    const lost = new AbortController()
    const store: Store = { ...inner, lock: (_key, work) => work(lost.signal) }
    const { world, session, call, refreshes } = await signedIn({}, { store })
    world.clock.now += 900
    world.on('POST', TOKEN, () => {
      lost.abort()
      throw new TypeError('connection reset')
    })
    expect((await failureOf(call())).code).toBe('refresh_unavailable')
    expect(refreshes()).toHaveLength(1)
    expect(await session.status()).toBe('refreshable')
  })

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

  test('the runtime has sent it again by itself, and the proof was used up: a fresh one gets the answer', async () => {
    const world = dpopWorld({ expiresIn: 900 })
    const session = sessionIn(world, { dpop: 'required' })
    await session.authorize()
    world.clock.now += 900
    const answers: Promise<Response>[] = []
    world.on('POST', TOKEN, async (request, original) => {
      answers.push(world.usual('POST', TOKEN, request, original))
      await answers[0]
      if (answers.length > 1) return (await answers[0])?.clone() ?? json({}, 500)
      return oauthError('invalid_dpop_proof')
    })
    const from = world.seen.length
    expect((await session.fetch(world.resource)).status).toBe(200)
    const sent = world.at('server', from)
    expect(sent).toHaveLength(2)
    expect(new Set(sent.map(({ proof }) => proof?.claims.jti)).size).toBe(2)
    expect(new Set(sent.map(({ body }) => body)).size).toBe(1)
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

  const unusable: readonly [string, (tokens: Record<string, unknown>) => Response][] = [
    ['no access token', ({ access_token: _dropped, ...rest }) => json(rest)],
    ['an access token that no header can carry', (tokens) => json({ ...tokens, access_token: 'a\nb' })],
    ['a lifetime that is none', (tokens) => json({ ...tokens, expires_in: -1 })],
    ['a type that nobody knows', (tokens) => json({ ...tokens, token_type: 'mac' })],
  ]
  test.each(unusable)(
    'R1 one with %s is no lost one: the old token is not sent again, the new one is kept, and it goes on',
    async (_name, mangle) => {
      const { world, session, call, refreshes } = await signedIn()
      world.clock.now += 900
      world.on('POST', TOKEN, async (request, original) =>
        mangle(await (await world.usual('POST', TOKEN, request, original)).json()),
      )
      const failure = await failureOf(call())
      expect(failure).toMatchObject({ code: 'refresh_unavailable', retryAfter: 1, cause: { name: 'SallyportError' } })
      expect(refreshes()).toHaveLength(1)
      expect(await session.status()).toBe('refreshable')
      world.on('POST', TOKEN)
      world.clock.now += 1
      // A server that sees a used token again ends the grant: this one does.
      expect((await call()).status).toBe(200)
      const sent = refreshes().map(({ form }) => form.get('refresh_token'))
      expect(new Set(sent).size).toBe(2)
    },
  )

  test.each([
    ['JSON without tokens', () => json({ token_type: 'Bearer' })],
    ['JSON that is no object', () => json('ok')],
    ['a new refresh token that is none', () => json({ refresh_token: '' })],
    ['HTML', () => new Response('<p>', { headers: { 'content-type': 'text/html' } })],
    ['an answer of two megabytes', () => json({ padding: 'x'.repeat(2 ** 21) })],
  ])('R2 %s, with status 200: asked once, everything is kept', async (_name, answer) => {
    const { world, call, refreshes } = await signedIn()
    world.clock.now += 900
    world.on('POST', TOKEN, answer)
    expect(await failureOf(call())).toMatchObject({ code: 'refresh_unavailable', retryable: true, retryAfter: 1 })
    expect(refreshes()).toHaveLength(1)
    world.on('POST', TOKEN)
    world.clock.now += 1
    expect((await call()).status).toBe(200)
    expect(new Set(refreshes().map(({ form }) => form.get('refresh_token'))).size).toBe(1)
  })

  test('R2 an error that has a refresh token in it brings none', async () => {
    const { world, call, refreshes } = await signedIn()
    world.clock.now += 900
    world.on('POST', TOKEN, () => json({ refresh_token: 'planted' }, 500))
    await failureOf(call())
    world.on('POST', TOKEN)
    world.clock.now += 1
    expect((await call()).status).toBe(200)
    expect(refreshes().at(-1)?.form.get('refresh_token')).not.toBe('planted')
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
