/**
 * A client that proves itself with a key: what it signs, and for whom. Judged with `jose` and with our own server's check.
 *
 * @see RFC 7523 section 2.2, section 3
 * @see draft-ietf-oauth-rfc7523bis section 4
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import { exportJWK, generateKeyPair, type JWK, jwtVerify } from 'jose'
import {
  type ClientKey,
  type ClientOptions,
  clientCredentials,
  createSession,
  privateKeyJwt,
  SallyportError,
  type SessionOptions,
} from '../../client/index.ts'
import { failureOf, sessionIn } from '../support/client.ts'
import { type FakeOptions, fakeWorld, json } from '../support/fake-authorization-server.ts'
import { dpopWorld } from '../support/fake-dpop-world.ts'

const AS = 'https://as.example.com'
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const WITH_KEYS: FakeOptions = { serverMetadata: { token_endpoint_auth_methods_supported: ['private_key_jwt'] } }

let jwk: JWK
beforeAll(async () => {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  jwk = { ...(await exportJWK(privateKey)), kid: 'one' }
})

const clientWith = (auth: ClientKey): ClientOptions => ({ id: 'agent-7', issuer: AS, auth })

describe('section 3 the assertion', () => {
  test.each(['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'])('CC-C3 %s, from a JWK and from a CryptoKey', async (alg) => {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    const own = { ...(await exportJWK(privateKey)), alg, kid: 'k' }
    for (const key of [privateKeyJwt(own), privateKeyJwt(privateKey, { kid: 'k' })]) {
      // What a CryptoKey says of RSA leaves one algorithm, what it says of curves too.
      expect(key.alg).toBe(alg)
      const assertion = await key.assertion({ clientId: 'agent-7', issuer: AS, now: 1000 })
      const { payload, protectedHeader } = await jwtVerify(assertion, publicKey, { currentDate: new Date(1_000_000) })
      expect(protectedHeader).toEqual({ alg, kid: 'k' })
      expect(payload).toEqual({
        iss: 'agent-7',
        sub: 'agent-7',
        aud: AS,
        iat: 1000,
        exp: 1060,
        jti: expect.stringMatching(/^[\w-]{43}$/),
      })
    }
  })

  test('CC-C3 each is good for one request', async () => {
    const key = privateKeyJwt(jwk)
    const about = { clientId: 'a', issuer: AS, now: 1000 }
    expect(await key.assertion(about)).not.toBe(await key.assertion(about))
  })

  test('a key without `alg` signs as its kind usually does', async () => {
    expect(privateKeyJwt(jwk).alg).toBe('ES256')
    const rsa = await exportJWK((await generateKeyPair('PS256', { extractable: true })).privateKey)
    expect(privateKeyJwt(rsa).alg).toBe('RS256')
  })

  test('what cannot sign is no key', async () => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true })
    const hmac = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    const symmetric = { kty: 'oct', k: 'c2VjcmV0', d: 'x' }
    for (const bad of [await exportJWK(publicKey), { ...jwk, alg: 'HS256' }, symmetric]) {
      expect(() => privateKeyJwt(bad)).toThrow(SallyportError)
    }
    for (const bad of [publicKey, hmac]) expect(() => privateKeyJwt(bad)).toThrow(SallyportError)
    const broken = privateKeyJwt({ ...jwk, d: 'AAAA' })
    expect((await failureOf(broken.assertion({ clientId: 'a', issuer: AS, now: 0 }))).code).toBe('configuration')
  })
})

describe('section 2.2 the request', () => {
  test('CC-C2 CC-C3 C-055 an assertion in place of a secret, at the token and at the revocation endpoint', async () => {
    const world = fakeWorld(WITH_KEYS)
    const session = sessionIn(world, { client: clientWith(privateKeyJwt(jwk)) })
    await session.authorize()
    await session.logout()
    const sent = [...world.sent('POST', `${AS}/token`), ...world.sent('POST', `${AS}/revoke`)]
    expect(sent).toHaveLength(3)
    const assertions = sent.map(({ form }) => form.get('client_assertion'))
    expect(new Set(assertions).size).toBe(3)
    for (const { form, headers } of sent) {
      expect(form.get('client_assertion_type')).toBe(ASSERTION)
      expect([form.has('client_secret'), headers.has('authorization')]).toEqual([false, false])
    }
  })

  test('a request that is sent again for a nonce has an assertion of its own', async () => {
    const world = dpopWorld(WITH_KEYS)
    world.server.nonce = 'one'
    const options: SessionOptions = { client: clientWith(privateKeyJwt(jwk)), dpop: 'required' }
    await sessionIn(world, options).authorize()
    const assertions = world.at('server').map(({ body }) => new URLSearchParams(body).get('client_assertion'))
    expect(assertions).toHaveLength(2)
    expect(assertions[0]).not.toBe(assertions[1])
  })

  test('the host may sign where its key is: in a vault, in another process', async () => {
    const world = fakeWorld(WITH_KEYS)
    const asked: unknown[] = []
    const vault: ClientKey = {
      method: 'private_key_jwt',
      alg: 'ES256',
      assertion: async (about) => {
        asked.push(about)
        return 'signed elsewhere'
      },
    }
    await sessionIn(world, { client: clientWith(vault) }).authorize()
    expect(asked).toEqual([{ clientId: 'agent-7', issuer: AS, now: world.clock.now }])
    expect(world.sent('POST', `${AS}/token`)[0]?.form.get('client_assertion')).toBe('signed elsewhere')
  })
})

describe('to whom', () => {
  const refusals: readonly [string, Record<string, unknown>][] = [
    ['knows secrets alone', { token_endpoint_auth_methods_supported: ['client_secret_basic', 'none'] }],
    ['does not say, which means basic', { token_endpoint_auth_methods_supported: undefined }],
    [
      'does not know the algorithm',
      {
        token_endpoint_auth_methods_supported: ['private_key_jwt'],
        token_endpoint_auth_signing_alg_values_supported: ['RS256'],
      },
    ],
  ]
  test.each(refusals)('a server that %s gets no assertion', async (_name, serverMetadata) => {
    const world = fakeWorld({ serverMetadata })
    const session = createSession(world.resource, {
      client: clientWith(privateKeyJwt(jwk)),
      grant: clientCredentials(),
      fetch: world.fetch,
      now: world.now,
    })
    expect((await failureOf(session.authorize())).code).toBe('client_authentication_unsupported')
    expect(world.sent('POST', `${AS}/token`)).toEqual([])
  })

  test('SEC-003 a key needs the issuer that its assertions may go to', () => {
    const { resource } = fakeWorld()
    const auth = privateKeyJwt(jwk)
    for (const client of [{ id: 'agent-7', auth }, { auth }, { ...clientWith(auth), secret: 's' }]) {
      expect(() => createSession(resource, { client })).toThrow(SallyportError)
    }
  })

  test('C-063 a server that is not that issuer gets none', async () => {
    const world = fakeWorld({ ...WITH_KEYS, issuer: 'https://other.example' })
    world.on('POST', 'https://other.example/token', () => json({}))
    const session = sessionIn(world, { client: clientWith(privateKeyJwt(jwk)) })
    expect((await failureOf(session.authorize())).code).toBe('client_issuer_mismatch')
    expect(world.sent('POST', 'https://other.example/token')).toEqual([])
  })
})
