/**
 * JSON Web Tokens of every kind that there is here, each used rightly and wrongly: access tokens at a resource and at introspection,
 * assertions of clients at the token endpoint.
 *
 * @see RFC 8725 section 3
 *
 * @standard RFC 8725: JWT Best Current Practices
 * @status followed
 * @does algorithms by allow list, explicit type, keys of the claimed issuer only, nothing followed from a header
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { base64url, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose'
import type { Outbound } from '../../server/core/outbound.ts'
import { createTestServer, ISSUER, postForm, RESOURCE } from '../support/authorization-server.ts'
import { addSecretClient, addSigningClient, assertionForm, createSigning } from '../support/confidential-clients.ts'
import { signCompact } from '../support/foreign-signer.ts'
import { expectError } from '../support/oauth-error.ts'
import { admitted, createResourceFixture, refused } from '../support/resource-fixture.ts'

const asked: string[] = []
const outbound: Outbound = {
  async get(url) {
    asked.push(url)
    return { ok: false, error: 'unreachable' }
  },
}
const server = await createTestServer({ client_credentials: { enabled: true } }, { outbound })
afterAll(() => server.close())
const client = await addSigningClient(server)
const grant = { grant_type: 'client_credentials', resource: RESOURCE, scope: 'notes:read' }

const send = (assertion: string) => postForm(server, '/oauth/token', { ...grant, ...assertionForm(assertion) })
const refusedAssertion = async (assertion: string) => expectError(await send(assertion), 401, 'invalid_client')
const atResource = async (make: (fixture: Awaited<ReturnType<typeof createResourceFixture>>) => Promise<string>) => {
  const fixture = await createResourceFixture()
  return fixture.send({ headers: { authorization: `Bearer ${await make(fixture)}` } })
}
const encode = (value: unknown) => base64url.encode(JSON.stringify(value))
const claims = () => {
  const { now } = server.clock
  return { iss: client.id, sub: client.id, aud: ISSUER, iat: now, exp: now + 60, jti: `jti-${Math.random()}` }
}

test('what is right is accepted, so that what follows is refused for its own reason', async () => {
  expect((await send(await client.sign())).status).toBe(200)
  expect(admitted(await atResource(({ issuer }) => issuer.sign())).clientId).toBe('client-1')
})

describe('section 3.1 MUST use the algorithm that the application chose, not the one that the token names', () => {
  test.each(['none', 'None', 'HS256', 'HS384', 'HS512', 'RS256', 'ES512', 'unknown'])('%s', async (alg) => {
    const header = encode({ alg, kid: 'one' })
    const [, , signature = ''] = (await client.sign()).split('.')
    for (const last of ['', signature]) await refusedAssertion(`${header}.${encode(claims())}.${last}`)
    const token = async (last: string) => `${encode({ alg, typ: 'at+jwt', kid: 'key-0' })}.${encode(claims())}.${last}`
    for (const last of ['', signature]) expect(refused(await atResource(() => token(last))).status).toBe(401)
  })

  test('an HMAC with the public key as its secret', async () => {
    const [jwk] = client.jwks.keys
    const publicKey = await importJWK({ ...jwk }, 'ES256', { extractable: true })
    if (publicKey instanceof Uint8Array) throw new Error('not a public key')
    for (const secret of [await exportSPKI(publicKey), JSON.stringify(jwk)]) {
      const key = new TextEncoder().encode(secret)
      await refusedAssertion(await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(key))
    }
  })
})

describe('section 3.3 MUST validate every signature, of the bytes that were sent', () => {
  test.each([0, 1, 2])('one bit of part %i is another', async (part) => {
    const parts = (await client.sign()).split('.')
    const bytes = Buffer.from(parts[part] ?? '', 'base64url')
    // Within a value, so that it stays JSON.
    const at = part === 2 ? 5 : bytes.length - 4
    bytes[at] = (bytes[at] ?? 0) ^ 1
    parts[part] = bytes.toString('base64url')
    await refusedAssertion(parts.join('.'))
  })

  test.each(['AAAA', '', 'A'.repeat(86), 'A'.repeat(87)])('a signature that is %p', async (signature) => {
    const [header, payload] = (await client.sign()).split('.')
    await refusedAssertion(`${header}.${payload}.${signature}`)
  })
})

test.each([
  ['a point that is not on its curve', { kty: 'EC' as const, crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) }],
  [
    'a curve that its coordinates are not of',
    { kty: 'EC' as const, crv: 'P-384', x: 'A'.repeat(43), y: 'A'.repeat(43) },
  ],
  ['no number', { kty: 'RSA' as const, n: '!', e: 'AQAB' }],
  ['a modulus of 64 bits', { kty: 'RSA' as const, n: 'zzzzzzzzzzs', e: 'AQAB' }],
])('section 3.4 section 3.5 a key that is %s verifies nothing, and breaks nothing', async (_, key) => {
  const bad = await addSigningClient(server, { jwks: { keys: [key] } })
  await refusedAssertion(await bad.sign())
  await refusedAssertion(await bad.sign({}, { kid: undefined }))
})

test('section 3.5 keys that sign here are random and of full length', async () => {
  for (const algorithm of ['ES256', 'RS256'] as const) {
    const one = await createTestServer({ access_token: { algorithm } })
    const other = await createTestServer({ access_token: { algorithm } })
    const [mine] = (await one.as.jwks()).keys
    const [theirs] = (await other.as.jwks()).keys
    expect([mine?.n, mine?.x]).not.toEqual([theirs?.n, theirs?.x])
    if (algorithm === 'RS256') expect(base64url.decode(mine?.n ?? '').length).toBeGreaterThanOrEqual(256)
    else expect(mine?.crv).toBe('P-256')
    await Promise.all([one.close(), other.close()])
  }
})

test('section 3.7 MUST be UTF-8', async () => {
  const signed = async (end: Uint8Array) => {
    const bytes = Buffer.concat([Buffer.from(JSON.stringify(claims()).slice(0, -1)), end])
    const input = `${encode({ alg: 'ES256', kid: 'one' })}.${bytes.toString('base64url')}`
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
    const signature = await crypto.subtle.sign(algorithm, client.key, new TextEncoder().encode(input))
    return `${input}.${Buffer.from(signature).toString('base64url')}`
  }
  expect((await send(await signed(Buffer.from(',"x":"\xff"}')))).status).toBe(200)
  await refusedAssertion(await signed(Buffer.from(',"x":"\xff"}', 'latin1')))
})

describe('section 3.8 section 3.9 MUST validate issuer, subject and audience', () => {
  test.each([
    ['another issuer', { iss: 'https://else.example' }],
    ['no issuer', { iss: undefined }],
    ['another audience', { aud: 'https://else.example' }],
    ['no audience', { aud: undefined }],
    ['no subject', { sub: undefined }],
  ])('%s', async (_, changes) => {
    await refusedAssertion(await client.sign(changes))
    // jose leaves members out that are undefined.
    const token = await atResource(({ issuer }) => issuer.sign({ ...changes } as never))
    expect(refused(token).status).toBe(401)
  })

  test('a key of one client does not sign for another', async () => {
    const other = await addSigningClient(server)
    await refusedAssertion(await client.sign({ iss: other.id, sub: other.id }))
  })
})

describe('section 3.10 nothing that is received is trusted', () => {
  test.each(['x', "' or 1=1 --", '../../etc/passwd', '%', '\u0000', 'x'.repeat(5000)])('a kid of %p', async (kid) => {
    await refusedAssertion(await client.sign({}, { kid }))
    expect(refused(await atResource(({ issuer }) => issuer.sign({}, { kid }))).status).toBe(401)
  })

  test('keys that the token brings or names are not used, and not fetched', async () => {
    const own = await createSigning('ES256', 'mine')
    const [jwk] = own.jwks.keys
    const headers = [
      { jwk },
      { jku: 'https://evil.example/jwks.json', kid: 'mine' },
      { x5u: 'https://evil.example/cert.pem' },
      { x5c: ['MIIB'] },
    ]
    for (const header of headers) await refusedAssertion(await client.sign({}, header, own.key))
    expect(asked).toEqual([])
  })
})

describe('section 3.11 section 3.12 a token of one kind is none of another', () => {
  const token = async () => (await (await send(await client.sign())).json()).access_token

  test('an access token does not prove who a client is', async () => refusedAssertion(await token()))

  test.each(['at+jwt', 'dpop+jwt', 'secevent+jwt', 'logout+jwt', 'oauth-id-jag+jwt', 'token-introspection+jwt'])(
    'nor does an assertion that says that it is %s',
    async (typ) => refusedAssertion(await client.sign({}, { typ })),
  )

  test.each(['JWT', 'client-authentication+jwt', 'jwt', undefined, 'dpop+jwt'])(
    'what says that it is %p is no access token',
    async (typ) => {
      expect(refused(await atResource(({ issuer }) => issuer.sign({}, { typ: typ as never }))).status).toBe(401)
    },
  )

  test('an assertion, right in every way, is no access token', async () => {
    const { basic } = await addSecretClient(server, { resource: RESOURCE })
    const introspect = async (value: string) =>
      (await postForm(server, '/oauth/introspect', { token: value }, basic)).json()
    expect((await introspect(await token())).active).toBe(true)
    expect(await introspect(await client.sign())).toEqual({ active: false })
    const asToken = await signCompact(
      'ES256',
      { alg: 'ES256', typ: 'at+jwt', kid: 'one' },
      { ...claims(), aud: RESOURCE },
    )
    expect(await introspect(asToken)).toEqual({ active: false })
  })

  test('neither is a code, a refresh token or a secret', async () => {
    const { id } = await addSecretClient(server)
    const value = await token()
    await expectError(
      await postForm(server, '/oauth/token', {
        grant_type: 'refresh_token',
        refresh_token: value,
        ...assertionForm(await client.sign()),
      }),
      400,
      'invalid_grant',
    )
    await expectError(
      await postForm(server, '/oauth/token', { ...grant, client_id: id, client_secret: value }),
      401,
      'invalid_client',
    )
  })
})

test('section 3.2 a signature by an algorithm that is sound but not listed', async () => {
  const { privateKey } = await generateKeyPair('ES512')
  await refusedAssertion(await new SignJWT(claims()).setProtectedHeader({ alg: 'ES512', kid: 'one' }).sign(privateKey))
})
