/**
 * Somebody bends a document or an answer, so that the client goes without its key.
 *
 * @see RFC 9449 section 5: a client that relies on the binding discards an answer without
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { follow, memoryStore } from '../../client/index.ts'
import { toContext } from '../../client/session/options.ts'
import { present } from '../../client/session/present.ts'
import { replayable } from '../../client/session/replay.ts'
import { type Credential, readCredential } from '../../client/token/credential.ts'
import { failureOf, sessionIn } from '../support/client.ts'
import { json } from '../support/fake-authorization-server.ts'
import { dpopWorld } from '../support/fake-dpop-world.ts'

const required = { dpop: 'required' } as const

describe('DPoP is required', () => {
  test('the support is missing from the metadata: nobody is asked, nothing is registered', async () => {
    const world = dpopWorld({ serverMetadata: { dpop_signing_alg_values_supported: undefined } })
    const failure = await failureOf(sessionIn(world, required).authorize())
    expect(failure).toMatchObject({ code: 'dpop_unavailable', retryable: false, interactive: false })
    expect(world.requests.some(({ url }) => /\/(register|authorize|token)$/.test(url))).toBe(false)
  })

  test('only algorithms whose key both sides know, or none at all', async () => {
    const world = dpopWorld({ algs: ['none', 'HS256'] })
    expect((await failureOf(sessionIn(world, required).authorize())).code).toBe('dpop_unavailable')
  })

  test('a Bearer answer to the code: an error, and nothing is stored', async () => {
    const world = dpopWorld()
    const store = memoryStore(world.now)
    world.server.tokenType = 'Bearer'
    const session = sessionIn(world, { ...required, store })
    expect((await failureOf(session.authorize())).code).toBe('dpop_downgrade')
    expect(await session.status()).toBe('signed-out')
    expect(await sessionIn(world, { store }).status()).toBe('signed-out')
  })

  test('a Bearer answer to a refresh: an error; the rotated token is kept for an honest answer', async () => {
    const world = dpopWorld()
    const session = sessionIn(world, required)
    await session.authorize()
    world.server.tokenType = 'Bearer'
    world.clock.now += 900
    const from = world.seen.length
    expect((await failureOf(session.fetch(world.resource))).code).toBe('dpop_downgrade')
    expect(world.at('resource', from)).toEqual([])
    world.server.tokenType = 'DPoP'
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(world.at('resource').at(-1)?.authorization).toStartWith('DPoP ')
  })

  test('the resource asks for Bearer: it never gets it', async () => {
    const world = dpopWorld()
    const session = sessionIn(world, { ...required })
    await session.authorize()
    world.endpoint.knows = false
    const from = world.seen.length
    expect((await session.fetch(world.resource)).status).toBe(401)
    const schemes = world.at('resource', from).map(({ authorization }) => authorization?.split(' ')[0])
    expect(new Set(schemes)).toEqual(new Set(['DPoP']))
  })

  test('another process puts an unbound token into the store, and a refresh finds it', async () => {
    const world = dpopWorld()
    const store = memoryStore(world.now)
    const session = sessionIn(world, { ...required, store, interaction: [] })
    await sessionIn(world, { store }).authorize()
    await session.fetch(world.resource)
    // Under the same key: issuer, client, resource, profile.
    const key = await keyOfCredential(store, world)
    const { dpop: _key, ...unbound } = (await store.get(key)) ?? { generation: '' }
    await store.set(key, { ...unbound, generation: 'other' })
    world.clock.now += 890
    const from = world.seen.length
    const failure = await failureOf(session.fetch(world.resource))
    expect(failure).toMatchObject({ code: 'authorization_required', reason: 'signed_out' })
    expect(world.at('server', from)).toEqual([])
    expect(world.at('resource', from).filter(({ authorization }) => authorization?.startsWith('Bearer'))).toEqual([])
  })
})

async function keyOfCredential(store: ReturnType<typeof memoryStore>, world: ReturnType<typeof dpopWorld>) {
  const selection = await store.get(`selection:${JSON.stringify([world.resource, 'default', ''])}`)
  return `credential:${JSON.stringify([world.resource, world.issuer, selection?.['clientId'], 'default'])}`
}

describe('the resource requires bound tokens', () => {
  const fake = { resourceMetadata: { dpop_bound_access_tokens_required: true } }

  test('DPOP-P1 a Bearer answer is an error at once, also under "preferred"', async () => {
    const world = dpopWorld(fake)
    world.server.tokenType = 'Bearer'
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('dpop_downgrade')
  })

  const tokens = (world: ReturnType<typeof dpopWorld>, from: number) =>
    world.at('resource', from).filter(({ authorization }) => authorization !== null)

  test('DPOP-P1 a Bearer answer to a refresh is no better: it is never shown, and an honest answer later is used', async () => {
    const world = dpopWorld(fake)
    const session = sessionIn(world)
    await session.authorize()
    world.server.tokenType = 'Bearer'
    world.clock.now += 900
    const from = world.seen.length
    expect((await failureOf(session.fetch(world.resource))).code).toBe('dpop_downgrade')
    expect(tokens(world, from)).toEqual([])
    world.server.tokenType = 'DPoP'
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(tokens(world, from).map(({ authorization }) => authorization?.split(' ')[0])).toEqual(['DPoP'])
  })

  test('DPOP-P1 it said so at the sign-in, and its metadata says nothing of it any more', async () => {
    const world = dpopWorld(fake)
    const session = sessionIn(world)
    await session.authorize()
    world.on('GET', world.metadataUrl, () => json({ resource: world.resource, authorization_servers: [world.issuer] }))
    await session.fetch(world.resource)
    world.forgetAccessTokens()
    world.server.tokenType = 'Bearer'
    const from = world.seen.length
    expect((await failureOf(session.fetch(world.resource))).code).toBe('dpop_downgrade')
    expect(tokens(world, from).map(({ authorization }) => authorization?.split(' ')[0])).toEqual(['DPoP'])
  })

  test('DPOP-P1 it says so since the sign-in: a refresh has to bring a bound token, and where there is no key a person is asked', async () => {
    for (const serverKnows of [true, false]) {
      const algs = serverKnows ? undefined : { serverMetadata: { dpop_signing_alg_values_supported: undefined } }
      const world = dpopWorld(algs)
      const session = sessionIn(world, { interaction: [follow(), { ...follow(), unattended: false }] })
      world.server.tokenType = 'Bearer'
      await session.authorize()
      world.on('GET', world.metadataUrl, () =>
        json({ resource: world.resource, authorization_servers: [world.issuer], ...fake.resourceMetadata }),
      )
      world.forgetAccessTokens()
      const from = world.seen.length
      const failure = await failureOf(session.fetch(world.resource))
      expect(failure.code).toBe(serverKnows ? 'dpop_downgrade' : 'authorization_required')
      expect(tokens(world, from)).toHaveLength(1)
    }
  })

  test('DPOP-P1 it answers as if it did not know DPoP: it does not get the token as Bearer', async () => {
    const world = dpopWorld(fake)
    const session = sessionIn(world)
    await session.authorize()
    world.endpoint.knows = false
    const from = world.seen.length
    expect((await session.fetch(world.resource)).status).toBe(401)
    const schemes = tokens(world, from).map(({ authorization }) => authorization?.split(' ')[0])
    expect(new Set(schemes)).toEqual(new Set(['DPoP']))
  })

  test.each(['required', 'preferred'] as const)(
    'DPOP-P1 whatever brought an unbound token there, it is not shown where bound ones are a must: %s',
    async (dpop) => {
      const world = dpopWorld(fake)
      const store = memoryStore(world.now)
      await sessionIn(world, { store }).authorize()
      const credential = await readCredential(store, await keyOfCredential(store, world))
      if (credential?.dpop === undefined) throw new Error('it has a key')
      const context = toContext(world.resource, { fetch: world.fetch, dpop })
      const from = world.seen.length
      const show = (own: Credential['dpop']) =>
        present(context, replayable(context.fetch, world.resource, {}, undefined), { ...credential, dpop: own })
      expect((await failureOf(show({ ...credential.dpop, bound: false }))).code).toBe('dpop_downgrade')
      expect(world.at('resource', from)).toEqual([])
    },
  )

  test('DPOP-P1 "off" cannot work', async () => {
    const world = dpopWorld(fake)
    expect((await failureOf(sessionIn(world, { dpop: 'off' }).authorize())).code).toBe('dpop_unavailable')
    expect(world.sent('GET', `${world.as}/authorize`)).toEqual([])
  })
})

describe('the code is stolen', () => {
  test('RFC 9449 section 10 it is of no use without the key that the request named', async () => {
    const world = dpopWorld()
    const codes: string[] = []
    world.on('POST', `${world.as}/token`, ({ form }) => {
      codes.push(form.get('code') ?? '')
      return json({ error: 'server_error' }, 500)
    })
    await failureOf(sessionIn(world).authorize())
    world.on('POST', `${world.as}/token`)
    const body = new URLSearchParams({ grant_type: 'authorization_code', code: codes[0] ?? '' })
    const answer = await world.fetch(`${world.as}/token`, { method: 'POST', body })
    expect(await answer.json()).toEqual({ error: 'invalid_grant' })
  })
})
