/**
 * Which access tokens a resource takes, and that it takes none that are for another.
 *
 * @see RFC 9068 section 2 and section 4
 * @see MCP 2026-07-28, canonical server URI
 * @see docs/adr/0013-audience-byte-for-byte.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { includesAudience } from '../../server/resource/audience.ts'
import {
  admitted,
  createResourceFixture,
  ISSUER,
  METADATA_URL,
  RESOURCE,
  refused,
} from '../support/resource-fixture.ts'
import { createTokenIssuer } from '../support/token-issuer.ts'

const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } })

describe('section 4 a good token', () => {
  test('RS-040 RS-047 is admitted, and tells who calls', async () => {
    const { clock, issuer, send } = await createResourceFixture()
    const authInfo = admitted(await send(bearer(await issuer.sign({ jti: 'token-1', scope: 'notes:write other' }))))
    expect(authInfo).toEqual({
      token: expect.stringMatching(/^sha-256:[\w-]{22}$/),
      clientId: 'client-1',
      scopes: ['notes:write', 'notes:read', 'other'],
      expiresAt: clock.now + 900,
      resource: new URL(RESOURCE),
      resourceMetadataUrl: METADATA_URL,
      extra: { sub: 'alice', iss: ISSUER, jti: 'token-1' },
    })
  })

  test('RS-047 section 2.1 the type may carry its application/ prefix, in any case', async () => {
    const { issuer, send } = await createResourceFixture()
    for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt'])
      admitted(await send(bearer(await issuer.sign({}, { typ }))))
  })

  test('section 2.2.3 a token without scope is admitted and may do nothing', async () => {
    const { issuer, send } = await createResourceFixture()
    expect(admitted(await send(bearer(await issuer.sign({ scope: undefined })))).scopes).toEqual([])
  })

  test('RS-046 each request is verified anew', async () => {
    const { clock, issuer, send } = await createResourceFixture()
    const token = await issuer.sign()
    admitted(await send(bearer(token)))
    clock.now += 900 + 10
    expect(refused(await send(bearer(token))).status).toBe(401)
  })

  test('clocks may differ by the tolerance, and no more', async () => {
    const { clock, issuer, send } = await createResourceFixture({ clockTolerance: 30 })
    const token = await issuer.sign({ exp: clock.now, nbf: clock.now + 60 })
    expect(refused(await send(bearer(token))).status).toBe(401)
    clock.now += 29
    const early = await issuer.sign({ exp: clock.now + 60, nbf: clock.now + 30 })
    admitted(await send(bearer(early)))
    admitted(await send(bearer(await issuer.sign({ exp: clock.now - 29 }))))
    expect(refused(await send(bearer(await issuer.sign({ exp: clock.now - 30 })))).status).toBe(401)
  })
})

describe('section 4 a token that fails one check', () => {
  const cases = [
    ['RS-047 is of no type', {}, { typ: undefined }, 'wrong_type'],
    ['RS-047 is an ID token', {}, { typ: 'JWT' }, 'wrong_type'],
    ['RS-047 is a logout token', {}, { typ: 'logout+jwt' }, 'wrong_type'],
    ['RS-047 has another issuer', { iss: 'https://evil.example' }, {}, 'unknown_issuer'],
    ['RS-047 has the issuer with a slash', { iss: `${ISSUER}/` }, {}, 'unknown_issuer'],
    ['RS-047 has no issuer', { iss: undefined }, {}, 'malformed'],
    ['RS-041 has another audience', { aud: 'https://other.example/mcp' }, {}, 'wrong_audience'],
    ['RS-047 has no audience', { aud: undefined }, {}, 'missing_claim'],
    ['RS-047 has no expiry', { exp: undefined }, {}, 'missing_claim'],
    ['RS-047 has no subject', { sub: undefined }, {}, 'missing_claim'],
    ['RS-047 has no client_id', { client_id: undefined }, {}, 'missing_claim'],
    ['RS-047 has no iat', { iat: undefined }, {}, 'missing_claim'],
    ['RS-047 has no jti', { jti: undefined }, {}, 'missing_claim'],
    ['RS-047 has a scope that is no string', { scope: ['notes:read'] }, {}, 'missing_claim'],
    ['RS-040 has expired', { exp: 1_700_000_000 }, {}, 'expired'],
    ['RS-040 is not valid yet', { nbf: 1_900_000_000 }, {}, 'not_yet_valid'],
    ['RFC 7519 section 4.1.5 has a start that is no time', { nbf: '1700000000' }, {}, 'not_yet_valid'],
    ['RFC 7519 section 4.1.4 has an end that is no time', { exp: '1900000000' }, {}, 'missing_claim'],
    ['RFC 9449 section 7.2 is bound to a key', { cnf: { jkt: 'A'.repeat(43) } }, {}, 'bound_token_as_bearer'],
    ['RFC 7800 section 3.1 is bound to no thumbprint', { cnf: { jkt: 'x' } }, {}, 'sender_constrained'],
    ['RFC 8705 section 3.1 is bound to a certificate', { cnf: { 'x5t#S256': 'x' } }, {}, 'sender_constrained'],
    ['RFC 7800 section 3.1 is bound in two ways', { cnf: { jkt: 'A'.repeat(43), kid: 'x' } }, {}, 'sender_constrained'],
    ['RFC 7800 section 3.1 is bound to nothing', { cnf: null }, {}, 'sender_constrained'],
    ['RFC 7515 section 4.1.11 has a critical header nobody knows', {}, { crit: ['x'], x: 1 }, 'malformed'],
  ] as const
  test.each(cases)('%s', async (_, claims, header, reason) => {
    const { events, issuer, send } = await createResourceFixture()
    const token = await signLoosely(issuer, claims, header)
    expect(refused(await send(bearer(token))).status).toBe(401)
    expect(events).toEqual([{ type: 'refused', reason, status: 401 }])
  })

  test('RS-040 a revoked token is refused by whom the application asks', async () => {
    const seen: unknown[] = []
    const { events, issuer, send } = await createResourceFixture({
      isRevoked: async ({ jti }) => {
        seen.push(jti)
        return jti === 'dead'
      },
    })
    admitted(await send(bearer(await issuer.sign({ jti: 'alive' }))))
    expect(refused(await send(bearer(await issuer.sign({ jti: 'dead' })))).status).toBe(401)
    // A token that fails another check is not asked about.
    refused(await send(bearer(await issuer.sign({ jti: 'elsewhere', aud: 'https://other.example' }))))
    expect(seen).toEqual(['alive', 'dead'])
    expect(events[0]).toMatchObject({ reason: 'revoked' })
  })
})

describe('RS-048 section 4 the audience', () => {
  const cases: readonly [string, string | string[], string, boolean][] = [
    ['the same', 'https://h.example/mcp', 'https://h.example/mcp', true],
    ['upper-case scheme and host', 'HTTPS://H.Example/mcp', 'https://h.example/mcp', false],
    ['an empty path and a slash', 'https://h.example/', 'https://h.example', false],
    ['one of several', ['https://x.example', 'https://h.example/mcp'], 'https://h.example/mcp', true],
    ['a slash after a path', 'https://h.example/mcp/', 'https://h.example/mcp', false],
    ['the origin of it', 'https://h.example', 'https://h.example/mcp', false],
    ['a path below it', 'https://h.example/mcp/admin', 'https://h.example/mcp', false],
    ['a longer path', 'https://h.example/mcp2', 'https://h.example/mcp', false],
    ['the path in another case', 'https://h.example/MCP', 'https://h.example/mcp', false],
    ['a longer host', 'https://h.example.evil/mcp', 'https://h.example/mcp', false],
    ['with the default port', 'https://h.example:443/mcp', 'https://h.example/mcp', false],
    ['with a query', 'https://h.example/mcp?x', 'https://h.example/mcp', false],
    ['with an empty query', 'https://h.example/?', 'https://h.example', false],
    ['no URL at all', 'notes', 'https://h.example/mcp', false],
    ['empty', [], 'https://h.example/mcp', false],
  ]
  test.each(cases)('%s', (_, audience, identifier, expected) => {
    expect(includesAudience(audience, [identifier])).toBe(expected)
  })

  test('an alias counts only where it is listed', async () => {
    const claims = { aud: `${RESOURCE}/` }
    const without = await createResourceFixture()
    expect(refused(await without.send(bearer(await without.issuer.sign(claims)))).status).toBe(401)
    const withAlias = await createResourceFixture({ aliases: [`${RESOURCE}/`] })
    admitted(await withAlias.send(bearer(await withAlias.issuer.sign(claims))))
  })
})

describe('section 4 several issuers', () => {
  const OTHER = 'https://other-auth.example/tenant'

  test('each is verified with its own keys', async () => {
    const now = (): number => 1_800_000_000
    const other = await createTokenIssuer({ issuer: OTHER, audience: RESOURCE, now })
    const first = await createTokenIssuer({ issuer: ISSUER, audience: RESOURCE, now })
    const { send } = await createResourceFixture({
      authorizationServers: [ISSUER, OTHER],
      fetch: (url, init) => (url.startsWith(ISSUER) ? first.fetch(url, init) : other.fetch(url, init)),
    })
    expect(admitted(await send(bearer(await first.sign()))).extra.iss).toBe(ISSUER)
    expect(admitted(await send(bearer(await other.sign()))).extra.iss).toBe(OTHER)
    // Each one's key in the other's name.
    expect(refused(await send(bearer(await first.sign({ iss: OTHER })))).status).toBe(401)
    expect(refused(await send(bearer(await other.sign({ iss: ISSUER })))).status).toBe(401)
  })
})

/** Some headers cannot be signed with the ordinary way, such as a critical one; those are written by hand. */
async function signLoosely(
  issuer: Awaited<ReturnType<typeof createResourceFixture>>['issuer'],
  claims: Record<string, unknown>,
  header: Record<string, unknown>,
): Promise<string> {
  if (!('crit' in header)) return issuer.sign(claims, header)
  const [, payload] = (await issuer.sign(claims)).split('.')
  const text = JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: issuer.publicJwk.kid, ...header })
  const signed = `${Buffer.from(text).toString('base64url')}.${payload}`
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
  const signature = await crypto.subtle.sign(algorithm, issuer.key, new TextEncoder().encode(signed))
  return `${signed}.${Buffer.from(signature).toString('base64url')}`
}
