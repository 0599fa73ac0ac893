/**
 * `dpop: 'required' | 'preferred' | 'off'`, beside servers and resources of every kind.
 *
 * @see RFC 9449 section 5 (`token_type`), section 5.1 (metadata), section 7.2 (resources that do not know DPoP)
 * @see RFC 9728 section 2: `dpop_bound_access_tokens_required`, `dpop_signing_alg_values_supported`
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { chooseBinding, type DpopMode } from '../../client/dpop/binding.ts'
import { AuthorizationRequiredError, createSession, memoryStore, type SessionEvent } from '../../client/index.ts'
import type { DpopAlgorithm } from '../../shared/dpop/public-key.ts'
import { failureOf, sessionIn } from '../support/client.ts'
import { fakeWorld, json } from '../support/fake-authorization-server.ts'
import { dpopWorld } from '../support/fake-dpop-world.ts'

describe('which algorithm, if any', () => {
  type Lists = readonly string[] | undefined
  const cases: readonly [string, Lists, Lists, DpopAlgorithm | undefined][] = [
    ['the server says nothing', undefined, undefined, undefined],
    ['the server has none', [], undefined, undefined],
    ['the server has nothing that we have', ['ES512', 'none', 'HS256'], undefined, undefined],
    ['ES256 first, whatever their order', ['RS256', 'EdDSA', 'ES384', 'PS256', 'ES256'], undefined, 'ES256'],
    ['then EdDSA', ['RS256', 'ES384', 'EdDSA'], undefined, 'EdDSA'],
    ['under its new name', ['RS256', 'Ed25519'], undefined, 'Ed25519'],
    ['RSA last', ['RS256', 'ES384'], undefined, 'ES384'],
    ['RS256 alone', ['RS256'], undefined, 'RS256'],
    ['what the resource has, too', ['ES256', 'PS256'], ['PS256'], 'PS256'],
    ['the resource has another', ['ES256'], ['ES384'], undefined],
    ['the resource has none', ['ES256'], [], undefined],
  ]
  const choose = (mode: DpopMode, atServer: Lists, atResource: Lists, required?: boolean) =>
    chooseBinding(mode, {
      serverMetadata: {
        issuer: 'https://as.example.com',
        authorization_endpoint: 'https://as.example.com/authorize',
        token_endpoint: 'https://as.example.com/token',
        dpop_signing_alg_values_supported: atServer && [...atServer],
      },
      resourceMetadata: {
        resource: 'https://mcp.example.com/mcp',
        authorization_servers: ['https://as.example.com'],
        dpop_signing_alg_values_supported: atResource && [...atResource],
        dpop_bound_access_tokens_required: required,
      },
    })

  test.each(cases)('DPOP-A1 %s', (_name, atServer, atResource, alg) => {
    expect(choose('preferred', atServer, atResource)?.alg).toBe(alg)
    expect(choose('off', atServer, atResource)).toBeUndefined()
    if (alg !== undefined) expect(choose('required', atServer, atResource)).toEqual({ alg, required: true })
    else expect(() => choose('required', atServer, atResource)).toThrow('dpop_unavailable')
  })

  test('this runtime has no such keys: Bearer, or an error before anybody is asked', async () => {
    const own = crypto.subtle.generateKey
    const value = () => Promise.reject(new DOMException('', 'NotSupportedError'))
    Object.defineProperty(crypto.subtle, 'generateKey', { configurable: true, writable: true, value })
    try {
      const world = dpopWorld()
      expect((await sessionIn(world).authorize()).tokenType).toBe('Bearer')
      const from = world.requests.length
      expect((await failureOf(sessionIn(world, { dpop: 'required' }).authorize())).code).toBe('dpop_unavailable')
      expect(world.requests.slice(from).some(({ url }) => url === `${world.as}/authorize`)).toBe(false)
    } finally {
      Object.defineProperty(crypto.subtle, 'generateKey', { configurable: true, writable: true, value: own })
    }
  })

  test('DPOP-P1 the resource insists', () => {
    expect(choose('preferred', ['ES256'], undefined, true)).toEqual({ alg: 'ES256', required: true })
    expect(choose('preferred', ['ES256'], undefined, false)).toEqual({ alg: 'ES256', required: false })
    expect(() => choose('preferred', undefined, undefined, true)).toThrow('dpop_unavailable')
    expect(() => choose('off', ['ES256'], undefined, true)).toThrow('dpop_unavailable')
  })

  test.each(['ES256', 'ES384', 'EdDSA', 'PS256', 'RS256'])('%s makes proofs that others accept', async (alg) => {
    const world = dpopWorld({ algs: [alg] })
    const session = sessionIn(world)
    expect((await session.authorize()).tokenType).toBe('DPoP')
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(world.at('resource').at(-1)?.proof?.header['alg']).toBe(alg)
  })
})

describe('preferred, the default', () => {
  test('a server that does not do it: Bearer, as ever, and no dpop_jkt', async () => {
    const world = fakeWorld()
    const session = sessionIn(world)
    expect((await session.authorize()).tokenType).toBe('Bearer')
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(world.requests.some(({ headers, query }) => headers.has('dpop') || query.has('dpop_jkt'))).toBe(false)
  })

  test('RFC 9449 section 5 a Bearer answer is used as Bearer, and refreshing still proves the key', async () => {
    const world = dpopWorld()
    world.server.tokenType = 'Bearer'
    const session = sessionIn(world)
    expect((await session.authorize()).tokenType).toBe('Bearer')
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(world.at('resource').at(-1)).toMatchObject({ authorization: 'Bearer access-3', proof: undefined })
    world.clock.now += 890
    world.server.tokenType = 'DPoP'
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(world.at('server').map(({ jkt }) => jkt)).toEqual([world.jktAsked() ?? '', world.jktAsked() ?? ''])
    expect(world.at('resource').at(-1)?.authorization).toStartWith('DPoP ')
  })

  test('a token type that is neither', async () => {
    const world = dpopWorld()
    world.server.tokenType = 'mac'
    world.on('POST', `${world.as}/token`, () => json({ access_token: 'x', token_type: 'mac' }))
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('token_type_unsupported')
  })

  test('DPoP from a server that was given no proof', async () => {
    const world = fakeWorld()
    world.on('POST', `${world.as}/token`, () => json({ access_token: 'x', token_type: 'DPoP' }))
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('token_type_unsupported')
  })
})

describe('preferred, and a resource that does not know DPoP', () => {
  async function signedIn() {
    const world = dpopWorld()
    const events: SessionEvent[] = []
    const session = sessionIn(world, { onEvent: (event) => events.push(event) })
    await session.authorize()
    world.endpoint.knows = false
    const from = world.seen.length
    const schemes = () => world.at('resource', from).map(({ authorization }) => authorization?.split(' ')[0])
    return { world, session, events, schemes }
  }

  test('RFC 9449 section 7.2 asks for Bearer: it gets the token so, and from then on at once', async () => {
    const { world, session, schemes, events } = await signedIn()
    for (let call = 0; call < 3; call += 1) expect((await session.fetch(world.resource)).status).toBe(200)
    expect(schemes()).toEqual(['DPoP', 'Bearer', 'Bearer', 'Bearer'])
    expect(world.at('resource').at(-1)?.proof).toBeUndefined()
    expect(events.filter(({ type }) => type === 'dpop_retried')).toEqual([
      { type: 'dpop_retried', url: world.resource, because: 'scheme' },
    ])
  })

  test('many requests at once: each is sent again as Bearer, and nothing is refreshed', async () => {
    const { world, session } = await signedIn()
    const answers = await Promise.all(Array.from({ length: 6 }, () => session.fetch(world.resource)))
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200))
    expect(world.at('server')).toHaveLength(1)
  })

  test('its token expires: refreshed with a proof, shown as Bearer', async () => {
    const { world, session, schemes } = await signedIn()
    await session.fetch(world.resource)
    world.forgetAccessTokens()
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(schemes()).toEqual(['DPoP', 'Bearer', 'Bearer', 'Bearer'])
    expect(world.at('server').map(({ jkt }) => jkt)).toEqual([world.jktAsked() ?? '', world.jktAsked() ?? ''])
  })

  test('it learns DPoP one day: back to proofs, in the same call', async () => {
    const { world, session, schemes } = await signedIn()
    await session.fetch(world.resource)
    world.endpoint.knows = true
    for (let call = 0; call < 2; call += 1) expect((await session.fetch(world.resource)).status).toBe(200)
    expect(schemes()).toEqual(['DPoP', 'Bearer', 'Bearer', 'DPoP', 'DPoP'])
    expect(world.at('server')).toHaveLength(1)
  })

  test('it was the token, and not the scheme: the next one comes with a proof', async () => {
    const { world, session, schemes } = await signedIn()
    // A resource that knows DPoP, and forgets to say so.
    const plain = () => new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer' } })
    world.on('GET', world.resource, plain)
    expect((await session.fetch(world.resource)).status).toBe(401)
    world.on('GET', world.resource)
    world.endpoint.knows = true
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(schemes()).toEqual(['DPoP', 'Bearer', 'DPoP', 'Bearer', 'DPoP'])
  })

  test('the body of the refusal that nobody will see is let go', async () => {
    const { world, session } = await signedIn()
    let cancelled = 0
    const cancel = () => {
      cancelled += 1
    }
    const headers = { 'www-authenticate': 'Bearer' }
    const answers = [new Response(new ReadableStream({ cancel }), { status: 401, headers })]
    world.on('GET', world.resource, () => answers.shift() ?? json({}))
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(cancelled).toBe(1)
  })

  test('ADR 0056 a stream is not sent a second time; the next call goes out right', async () => {
    const { world, session, schemes } = await signedIn()
    const stream = () => {
      const init = { method: 'POST', body: new Blob(['hello']).stream(), duplex: 'half' }
      return session.fetch(world.resource, init)
    }
    expect((await failureOf(stream())).code).toBe('body_not_replayable')
    expect((await stream()).status).toBe(200)
    expect(schemes()).toEqual(['DPoP', 'Bearer'])
  })
})

describe('required', () => {
  test('it works where both do it', async () => {
    const world = dpopWorld({ resourceMetadata: { dpop_bound_access_tokens_required: true } })
    const session = sessionIn(world, { dpop: 'required' })
    expect((await session.authorize()).tokenType).toBe('DPoP')
    expect((await session.fetch(world.resource)).status).toBe(200)
  })

  test('DPOP-C5 a client that registers says so', async () => {
    const world = dpopWorld()
    await sessionIn(world, { dpop: 'required' }).authorize()
    await sessionIn(world).authorize()
    const said = world.sent('POST', `${world.as}/register`).map(({ body }) => JSON.parse(body).dpop_bound_access_tokens)
    expect(said).toEqual([true, undefined])
  })

  test('what is stored from before, without a key, is as good as nothing; signing out ends it all the same', async () => {
    const world = dpopWorld()
    const store = memoryStore(world.now)
    await sessionIn(world, { store, dpop: 'off' }).authorize()
    const session = sessionIn(world, { store, dpop: 'required', interaction: [] })
    expect(await session.status()).toBe('signed-out')
    expect(await failureOf(session.fetch(world.resource))).toBeInstanceOf(AuthorizationRequiredError)
    expect(world.at('resource').at(-1)?.authorization).toBeNull()
    expect(await session.logout()).toEqual({ revoked: true, deleted: true })
  })
})

describe('off', () => {
  test('no proof anywhere, where everybody would take one', async () => {
    const world = dpopWorld()
    const session = sessionIn(world, { dpop: 'off' })
    expect((await session.authorize()).tokenType).toBe('Bearer')
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(world.seen.every(({ proof }) => proof === undefined)).toBe(true)
    expect(world.jktAsked()).toBeNull()
  })

  test('a bound token that is stored is as good as nothing', async () => {
    const world = dpopWorld()
    const store = memoryStore(world.now)
    await sessionIn(world, { store }).authorize()
    expect(await sessionIn(world, { store, dpop: 'off' }).status()).toBe('signed-out')
    expect(await sessionIn(world, { store }).status()).toBe('ready')
  })

  test('anything else is no mode', () => {
    const options = { dpop: 'always' }
    expect(() => Reflect.apply(createSession, undefined, ['https://mcp.example.com/mcp', options])).toThrow(
      'configuration',
    )
  })
})
