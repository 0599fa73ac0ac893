/**
 * `private_key_jwt`: clients that sign who they are.
 *
 * @see RFC 7523 section 2.2 and section 3
 * @see draft-ietf-oauth-rfc7523bis section 4
 * @see RFC 7521 section 4.2
 * @see docs/adr/0102-client-assertions.md
 *
 * @standard RFC 7523: JWT Profile for Client Authentication and Authorization Grants
 * @status implemented
 * @does `private_key_jwt` (section 2.2), server and client; the server takes each assertion once; the grant (section 2.1) for people whom a
 * trusted identity provider vouches for, and for workloads
 * @standard draft-ietf-oauth-rfc7523bis: The same, revised
 * @status implemented
 * @does the issuer is the only audience of a client's assertion, and of a grant the issuer or the token endpoint
 * @standard RFC 7521: Assertion Framework
 * @status used
 * @does how assertions are sent, for client authentication and as grants
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import type { Reason } from '../../server/core/rejection.ts'
import { JWT_BEARER } from '../../shared/client-assertion-type.ts'
import { createTestServer, postForm, type TestServer } from '../support/authorization-server.ts'
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
