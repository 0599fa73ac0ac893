/**
 * The keys of clients that sign: as registered, or as published at a `jwks_uri`.
 *
 * @see RFC 7517 section 5
 * @see RFC 7591 section 2: `jwks` and `jwks_uri`
 * @see docs/adr/0102-client-assertions.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import type { Outbound } from '../../server/core/outbound.ts'
import type { Reason } from '../../server/core/rejection.ts'
import {
  createTestServer,
  postForm,
  REDIRECT_URI,
  registerClient,
  type TestServer,
} from '../support/authorization-server.ts'
import {
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

const ask = (form: Parameters<typeof postForm>[2], at: TestServer) =>
  postForm(at, '/oauth/token', { grant_type: 'client_credentials', ...form })

/** The status of an answer to an assertion, and the reason that the audit log has for it. */
async function outcome(assertion: string, at: TestServer): Promise<'ok' | Reason> {
  at.events.length = 0
  const response = await ask(assertionForm(assertion), at)
  if (response.status === 200) return 'ok'
  await expectError(response, 401, 'invalid_client')
  const [event] = at.events
  return event?.type === 'token_rejected' ? event.reason : 'internal_error'
}

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
    ['AS-031 a private key of a kind that is not used', { jwks: { keys: [key, { kty: 'AKP', pub: 'x', priv: 'x' }] } }],
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
    const answers = await Promise.all(signed.map((assertion) => ask(assertionForm(assertion), home)))
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

  test('a copy serves for a day more while the keys cannot be had, and then no more', async () => {
    const { jwks, key } = await createSigning()
    let text: string | undefined = JSON.stringify(jwks)
    const { home, add } = await publishing(() => text)
    const client = await add()
    const attempt = async () => outcome(await client.sign({}, {}, key), home)
    expect(await attempt()).toBe('ok')
    text = undefined
    home.clock.now += 300 + 86_399
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
