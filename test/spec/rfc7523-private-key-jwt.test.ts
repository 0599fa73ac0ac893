/**
 * `private_key_jwt`: clients that sign who they are.
 *
 * @see RFC 7523 section 2.2 and section 3
 * @see draft-ietf-oauth-rfc7523bis section 4
 * @see RFC 7521 section 4.2
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import type { Outbound } from '../../server/core/outbound.ts'
import type { Reason } from '../../server/core/rejection.ts'
import { JWT_BEARER } from '../../shared/client-authentication.ts'
import {
  createTestServer,
  postForm,
  REDIRECT_URI,
  registerClient,
  type TestServer,
} from '../support/authorization-server.ts'
import {
  type AssertionAlgorithm,
  addClient,
  addSecretClient,
  addSigningClient,
  assertionForm,
  createSigning,
  type SigningClient,
  signer,
} from '../support/confidential-clients.ts'
import { expectError } from '../support/oauth-error.ts'

const config = { client_credentials: { enabled: true }, oauth: { require_scope: false } }
const server = await createTestServer(config)
afterAll(() => server.close())

type Form = Parameters<typeof postForm>[2]
const ask = (form: Form, headers?: Record<string, string>, at: TestServer = server) =>
  postForm(at, '/oauth/token', { grant_type: 'client_credentials', ...form }, headers)

/** The status of an answer to an assertion, and the reason that the audit log has for it. */
async function outcome(assertion: string, at: TestServer = server): Promise<'ok' | Reason> {
  at.events.length = 0
  const response = await ask(assertionForm(assertion), {}, at)
  if (response.status === 200) return 'ok'
  await expectError(response, 401, 'invalid_client')
  const [event] = at.events
  return event?.type === 'token_rejected' ? event.reason : 'internal_error'
}

describe('section 3 the claims', () => {
  type Case = readonly [string, (now: number) => Parameters<SigningClient['sign']>[0], 'ok' | Reason]
  const { issuer } = server
  const cases: readonly Case[] = [
    ['AS-061 the issuer as `aud`', () => ({ aud: issuer }), 'ok'],
    ['AS-061 the issuer alone in an array', () => ({ aud: [issuer] }), 'ok'],
    ['AS-061 the token endpoint', () => ({ aud: `${issuer}/oauth/token` }), 'wrong_assertion_audience'],
    ['AS-061 the issuer with a slash', () => ({ aud: `${issuer}/` }), 'wrong_assertion_audience'],
    ['AS-061 the issuer and another', () => ({ aud: [issuer, 'https://else.example'] }), 'wrong_assertion_audience'],
    ['AS-061 the issuer twice', () => ({ aud: [issuer, issuer] }), 'wrong_assertion_audience'],
    ['AS-061 another server', () => ({ aud: 'https://else.example' }), 'wrong_assertion_audience'],
    ['AS-061 nobody', () => ({ aud: [] }), 'wrong_assertion_audience'],
    ['item 3 no `aud`', () => ({ aud: undefined }), 'malformed_client_assertion'],
    ['item 1 no `iss`', () => ({ iss: undefined }), 'malformed_client_assertion'],
    ['item 1 another `iss`', () => ({ iss: 'else' }), 'malformed_client_assertion'],
    ['item 2 no `sub`', () => ({ sub: undefined }), 'malformed_client_assertion'],
    ['item 4 no `exp`', () => ({ exp: undefined }), 'malformed_client_assertion'],
    ['item 4 expired, as far as clocks may differ', (now) => ({ exp: now - 29 }), 'ok'],
    ['item 4 expired', (now) => ({ exp: now - 30 }), 'expired_client_assertion'],
    ['item 4 an hour', (now) => ({ exp: now + 3630 }), 'ok'],
    ['item 4 more than an hour', (now) => ({ exp: now + 3631 }), 'endless_client_assertion'],
    ['item 4 for ever', () => ({ exp: 1e300 }), 'endless_client_assertion'],
    ['item 5 `nbf` in the future, as far as clocks may differ', (now) => ({ nbf: now + 30 }), 'ok'],
    ['item 5 `nbf` in the future', (now) => ({ nbf: now + 31 }), 'early_client_assertion'],
    ['item 6 no `iat`', () => ({ iat: undefined }), 'ok'],
    ['item 6 `iat` in the future', (now) => ({ iat: now + 31 }), 'early_client_assertion'],
    ['item 6 `iat` long ago', (now) => ({ iat: now - 3631 }), 'expired_client_assertion'],
    ['item 7 no `jti`', () => ({ jti: undefined }), 'malformed_client_assertion'],
    ['item 7 an empty `jti`', () => ({ jti: '' }), 'malformed_client_assertion'],
    ['item 7 an endless `jti`', () => ({ jti: 'x'.repeat(256) }), 'malformed_client_assertion'],
    ['item 7 other claims are ignored', () => ({ scope: 'x', acr: 'y' }), 'ok'],
  ]
  test.each(cases)('%s: %p', async (_, claims, expected) => {
    const client = await addSigningClient(server)
    expect(await outcome(await client.sign(claims(server.clock.now)))).toBe(expected)
  })

  test('`iss` and `sub` of an unknown client', async () => {
    const client = await addSigningClient(server)
    expect(await outcome(await client.sign({ iss: 'nobody', sub: 'nobody' }))).toBe('unknown_client')
  })

  test('item 7 a `jti` counts once for each client, and again once it has expired', async () => {
    const [one, other] = [await addSigningClient(server), await addSigningClient(server)]
    const jti = 'the same'
    expect(await outcome(await one.sign({ jti }))).toBe('ok')
    expect(await outcome(await one.sign({ jti }))).toBe('replayed_client_assertion')
    expect(await outcome(await other.sign({ jti }))).toBe('ok')
    server.clock.now += 89
    expect(await outcome(await one.sign({ jti }))).toBe('replayed_client_assertion')
    server.clock.now += 1
    expect(await outcome(await one.sign({ jti }))).toBe('ok')
  })

  test('item 7 an assertion that is refused does not use its `jti` up', async () => {
    const client = await addSigningClient(server)
    const foreign = await createSigning()
    expect(await outcome(await client.sign({ jti: 'a' }, {}, foreign.key))).toBe('wrong_assertion_signature')
    expect(await outcome(await client.sign({ jti: 'a', aud: 'https://else.example' }))).toBe('wrong_assertion_audience')
    expect(await outcome(await client.sign({ jti: 'a' }))).toBe('ok')
  })
})

describe('7523bis section 4 the type', () => {
  test.each([undefined, 'client-authentication+jwt', 'application/client-authentication+jwt', 'JWT', 'jwt'])(
    'AS-061 %p is taken',
    async (typ) => {
      const client = await addSigningClient(server)
      expect(await outcome(await client.sign({}, { typ }))).toBe('ok')
    },
  )

  test.each(['at+jwt', 'dpop+jwt', 'id_token+jwt', 'oauth-id-jag+jwt', ''])('%p is of something else', async (typ) => {
    const client = await addSigningClient(server)
    expect(await outcome(await client.sign({}, { typ }))).toBe('malformed_client_assertion')
  })
})

describe('RFC 7518 the algorithms', () => {
  test.each<AssertionAlgorithm>(['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA', 'Ed25519'])(
    '%s, and it is advertised',
    async (alg) => {
      const client = await addSigningClient(server, {}, alg)
      expect(await outcome(await client.sign())).toBe('ok')
      expect((await server.as.metadata()).token_endpoint_auth_signing_alg_values_supported).toContain(alg)
    },
  )

  test('the right one of several keys, by `kid` and without', async () => {
    const [old, own] = [await createSigning('ES256', 'old'), await createSigning('ES256', 'new')]
    const jwks = { keys: [...old.jwks.keys, ...own.jwks.keys] }
    const client = await addSigningClient(server, { jwks })
    expect(await outcome(await client.sign({}, { kid: 'new' }, own.key))).toBe('ok')
    expect(await outcome(await client.sign({}, { kid: 'old' }, old.key))).toBe('ok')
    expect(await outcome(await client.sign({}, { kid: 'old' }, own.key))).toBe('wrong_assertion_signature')
    expect(await outcome(await client.sign({}, { kid: undefined }, own.key))).toBe('ok')
  })
})

describe('RFC 7521 section 4.2 the parameters', () => {
  test('`client_id` may repeat the `sub`, and MUST NOT say anything else', async () => {
    const client = await addSigningClient(server)
    expect((await ask({ ...assertionForm(await client.sign()), client_id: client.id })).status).toBe(200)
    await expectError(await ask({ ...assertionForm(await client.sign()), client_id: 'else' }), 401, 'invalid_client')
  })

  test('the type is exact, and both are needed', async () => {
    const client = await addSigningClient(server)
    const client_assertion = await client.sign()
    for (const client_assertion_type of [undefined, `${JWT_BEARER} `, JWT_BEARER.toUpperCase(), 'jwt-bearer']) {
      await expectError(await ask({ client_assertion, client_assertion_type }), 401, 'invalid_client')
    }
    await expectError(await ask({ client_assertion_type: JWT_BEARER, client_id: client.id }), 401, 'invalid_client')
    expect((await ask(assertionForm(client_assertion))).status).toBe(200)
  })

  test.each(['', 'x', 'a.b', 'a.b.c', 'e30.e30.', '..', 'x'.repeat(8000)])('%# is no assertion', async (text) => {
    await expectError(await ask(assertionForm(text)), 401, 'invalid_client')
  })

  test('RFC 6749 section 2.3 MUST NOT come beside another method', async () => {
    const client = await addSigningClient(server)
    const form = assertionForm(await client.sign())
    const basic = { authorization: `Basic ${btoa(`${client.id}:x`)}` }
    await expectError(await ask(form, basic), 400, 'invalid_request')
    await expectError(await ask({ ...form, client_id: client.id, client_secret: 'x' }), 400, 'invalid_request')
    await expectError(await ask({ ...form, client_assertion: ['a', 'b'] }), 400, 'invalid_request')
    expect((await ask(form)).status).toBe(200)
  })
})

describe('CIMD section 8.2 a client authenticates as it registered', () => {
  test('AS-032 one that signs may not come without, nor with a secret', async () => {
    const { id } = await addSigningClient(server)
    await expectError(await ask({ client_id: id }), 401, 'invalid_client')
    await expectError(await ask({ client_id: id, client_secret: 'x' }), 401, 'invalid_client')
    await expectError(await ask({}, { authorization: `Basic ${btoa(`${id}:x`)}` }), 401, 'invalid_client')
  })

  test('one with a secret may not sign, nor may a public one', async () => {
    const signing = await createSigning()
    for (const authMethods of [['client_secret_basic'], ['none']] as const) {
      const { id } = await addClient(server, { authMethods: [...authMethods], jwks: signing.jwks })
      const sign = signer(server, id, signing.key, 'ES256')
      expect(await outcome(await sign())).toBe('unregistered_auth_method')
    }
  })

  test('one that registered several may use each of them', async () => {
    const signing = await createSigning()
    const { id, basic } = await addSecretClient(server, {
      authMethods: ['private_key_jwt', 'client_secret_basic'],
      jwks: signing.jwks,
    })
    expect((await ask({}, basic)).status).toBe(200)
    expect(await outcome(await signer(server, id, signing.key, 'ES256')())).toBe('ok')
  })

  test('the other endpoints take an assertion, too', async () => {
    const client = await addSigningClient(server)
    for (const path of ['/oauth/revoke', '/oauth/introspect']) {
      const form = { token: 'x', ...assertionForm(await client.sign()) }
      expect((await postForm(server, path, form)).status).toBe(200)
      await expectError(await postForm(server, path, form), 401, 'invalid_client')
    }
  })
})

describe('compat.token_endpoint_audience', () => {
  test('off: not taken. On: the token endpoint or the issuer, alone', async () => {
    const lax = await createTestServer({ ...config, compat: { token_endpoint_audience: true } })
    const client = await addSigningClient(lax)
    const endpoint = `${lax.issuer}/oauth/token`
    for (const [aud, expected] of [
      [endpoint, 'ok'],
      [lax.issuer, 'ok'],
      [[endpoint], 'ok'],
      [[endpoint, lax.issuer], 'wrong_assertion_audience'],
      [`${endpoint}/`, 'wrong_assertion_audience'],
      [`${lax.issuer}/oauth/revoke`, 'wrong_assertion_audience'],
    ] as const) {
      expect(await outcome(await client.sign({ aud: typeof aud === 'string' ? aud : [...aud] }), lax)).toBe(expected)
    }
    await lax.close()
  })
})

describe('RFC 7591 section 2 registration of keys', async () => {
  const { jwks } = await createSigning()
  const metadata = { token_endpoint_auth_method: 'private_key_jwt', redirect_uris: [REDIRECT_URI] }
  const register = (changes: Record<string, unknown>) =>
    server.fetch('/oauth/register', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...metadata, ...changes }),
    })

  test('keys, or where they are published, are echoed; there is no secret', async () => {
    const [one, other] = [
      await registerClient(server, { ...metadata, jwks }),
      await registerClient(server, { ...metadata, jwks_uri: 'https://app.example/jwks.json' }),
    ]
    expect(one).toMatchObject({ token_endpoint_auth_method: 'private_key_jwt', jwks })
    expect(other).toMatchObject({ jwks_uri: 'https://app.example/jwks.json' })
    for (const client of [one, other]) expect(client).not.toHaveProperty('client_secret')
  })

  test('what it registered is what it must sign with', async () => {
    const signing = await createSigning()
    const { client_id } = await registerClient(server, { ...metadata, jwks: signing.jwks })
    const form = { token: 'x', ...assertionForm(await signer(server, client_id, signing.key, 'ES256')()) }
    expect((await postForm(server, '/oauth/revoke', form)).status).toBe(200)
  })

  const [key] = jwks.keys
  test.each([
    ['no keys', {}],
    ['both', { jwks, jwks_uri: 'https://app.example/jwks.json' }],
    ['an empty set', { jwks: { keys: [] } }],
    ['no set', { jwks: [key] }],
    ['null', { jwks: null }],
    ['too many', { jwks: { keys: Array.from({ length: 21 }, () => key) } }],
    ['AS-031 a private key', { jwks: { keys: [key, { ...key, d: 'x' }] } }],
    ['AS-031 a symmetric key', { jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }],
    ['AS-031 a private RSA key', { jwks: { keys: [{ kty: 'RSA', n: 'x', e: 'AQAB', p: 'x' }] } }],
    ['AS-036 keys on this machine', { jwks_uri: 'https://127.0.0.1/jwks.json' }],
    ['AS-036 keys inside the network', { jwks_uri: 'https://10.0.0.1/jwks.json' }],
    ['keys over http', { jwks_uri: 'http://app.example/jwks.json' }],
    ['keys at no URL', { jwks_uri: 'jwks.json' }],
  ])('%s: invalid_client_metadata', async (_, changes) => {
    await expectError(await register(changes), 400, 'invalid_client_metadata')
  })

  test('RFC 7517 section 5 keys that are not understood are ignored, and members that are null', async () => {
    const { client_id, ...told } = await registerClient(server, {
      ...metadata,
      jwks: {
        keys: [
          { kty: 'AKP', pub: 'x' },
          { kty: 'EC', crv: 'P-256' },
          { ...key, alg: null, d: null },
        ],
      },
      jwks_uri: null,
    })
    expect(told['jwks']).toEqual(jwks)
    await expectError(await register({ jwks: { keys: [{ kty: 'AKP', pub: 'x' }] } }), 400, 'invalid_client_metadata')
  })

  test('keys of a client that does not sign are not kept', async () => {
    const client = await registerClient(server, { jwks, token_endpoint_auth_method: 'none' })
    expect(client).not.toHaveProperty('jwks')
    expect((await server.store.clients.find(client.client_id))?.jwks).toBeNull()
  })
})

describe('keys at a jwks_uri', () => {
  const URI = 'https://app.example/jwks.json'

  /** A client of a world that publishes `published()`; undefined: it cannot be reached. */
  async function publishing(published: () => string | undefined) {
    const asked: string[] = []
    const outbound: Outbound = {
      async get(url) {
        asked.push(url)
        const text = published()
        if (text === undefined) return { ok: false, error: 'unreachable' }
        return { ok: true, value: { status: 200, headers: new Headers(), body: new TextEncoder().encode(text) } }
      },
    }
    const home = await createTestServer(config, { outbound })
    const add = (): Promise<SigningClient> => addSigningClient(home, { jwks: null, jwksUri: URI })
    return { home, asked, add }
  }

  test('are fetched once by any number at once, and again after five minutes', async () => {
    const { jwks, key } = await createSigning()
    const { home, asked, add } = await publishing(() => JSON.stringify(jwks))
    const client = await add()
    const signed = await Promise.all(Array.from({ length: 16 }, () => client.sign({}, {}, key)))
    const answers = await Promise.all(signed.map((assertion) => ask(assertionForm(assertion), {}, home)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 16 }, () => 200))
    home.clock.now += 299
    expect(await outcome(await client.sign({}, {}, key), home)).toBe('ok')
    expect(asked).toEqual([URI])
    home.clock.now += 1
    expect(await outcome(await client.sign({}, {}, key), home)).toBe('ok')
    expect(asked).toHaveLength(2)
    await home.close()
  })

  test('a new key is found at once, a made-up one asks at most every 30 seconds', async () => {
    const [old, young] = [await createSigning('ES256', 'old'), await createSigning('ES256', 'young')]
    let current = old
    const { home, asked, add } = await publishing(() => JSON.stringify(current.jwks))
    const client = await add()
    expect(await outcome(await client.sign({}, { kid: 'old' }, old.key), home)).toBe('ok')
    current = young
    home.clock.now += 30
    expect(await outcome(await client.sign({}, { kid: 'young' }, young.key), home)).toBe('ok')
    expect(asked).toHaveLength(2)
    for (const _ of [1, 2, 3]) {
      const made = await client.sign({}, { kid: 'made up' })
      expect(await outcome(made, home)).toBe('wrong_assertion_signature')
    }
    expect(asked).toHaveLength(2)
    // The old one is gone with the copy that had it.
    expect(await outcome(await client.sign({}, { kid: 'old' }, old.key), home)).toBe('wrong_assertion_signature')
    await home.close()
  })

  test('a copy serves for an hour more while the keys cannot be had, and then no more', async () => {
    const { jwks, key } = await createSigning()
    let text: string | undefined = JSON.stringify(jwks)
    const { home, add } = await publishing(() => text)
    const client = await add()
    const attempt = async () => outcome(await client.sign({}, {}, key), home)
    expect(await attempt()).toBe('ok')
    text = undefined
    home.clock.now += 300 + 3599
    expect(await attempt()).toBe('ok')
    home.clock.now += 1
    expect(await attempt()).toBe('client_keys_unavailable')
    await home.close()
  })

  test('RFC 7517 section 5 a key that is not understood does not spoil the others', async () => {
    const { jwks, key } = await createSigning()
    const strange = [{ kty: 'AKP', pub: 'x' }, { kty: 'EC' }]
    const { home, add } = await publishing(() => JSON.stringify({ keys: [...strange, ...jwks.keys] }))
    const client = await add()
    expect(await outcome(await client.sign({}, {}, key), home)).toBe('ok')
    await home.close()
  })

  test('a set without a key is an answer: nothing signs any more', async () => {
    const { jwks, key } = await createSigning()
    let published: unknown = jwks
    const { home, add } = await publishing(() => JSON.stringify(published))
    const client = await add()
    expect(await outcome(await client.sign({}, {}, key), home)).toBe('ok')
    published = { keys: [] }
    home.clock.now += 300
    expect(await outcome(await client.sign({}, {}, key), home)).toBe('wrong_assertion_signature')
    await home.close()
  })

  test.each(['', 'nonsense', '[]', '{}', '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}'])(
    '%p is no key set; a failure is not asked about again for ten seconds',
    async (text) => {
      const { home, asked, add } = await publishing(() => text)
      const client = await add()
      for (const _ of [1, 2]) expect(await outcome(await client.sign(), home)).toBe('client_keys_unavailable')
      expect(asked).toHaveLength(1)
      home.clock.now += 10
      expect(await outcome(await client.sign(), home)).toBe('client_keys_unavailable')
      expect(asked).toHaveLength(2)
      await home.close()
    },
  )
})
