/**
 * The access tokens that the server issues, as a resource server elsewhere sees them.
 *
 * @see RFC 9068 section 2
 * @see RFC 7517 section 5
 *
 * @standard RFC 9068: JWT Profile for Access Tokens
 * @status implemented
 * @does issued with ES256 or RS256 and verified: type, issuer, audience, expiry, algorithms by allow list
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { createLocalJWKSet, type JWTPayload, jwtVerify } from 'jose'
import type { ConfigInput } from '../../server/config.ts'
import { hash } from '../../server/store/hash.ts'
import {
  codeForm,
  createTestServer,
  ISSUER,
  obtainCode,
  obtainTokens,
  postForm,
  RESOURCE,
  registerClient,
  type TestServer,
} from '../support/authorization-server.ts'

/** Verifies a token with what the server publishes, and nothing else. */
async function verify(server: TestServer, token: string) {
  const keys = createLocalJWKSet(await (await server.fetch('/.well-known/jwks.json')).json())
  const currentDate = new Date(server.clock.now * 1000)
  return jwtVerify(token, keys, { issuer: ISSUER, audience: RESOURCE, typ: 'at+jwt', currentDate })
}

describe.each(['ES256', 'RS256'] as const)('signed with %s', async (algorithm) => {
  const server = await createTestServer({ access_token: { algorithm } })
  afterAll(() => server.close())
  const { client_id } = await registerClient(server)

  test('section 2.1 MUST be at+jwt, and verify with the published key that its kid names', async () => {
    const { access_token } = await obtainTokens(server, client_id)
    const { protectedHeader } = await verify(server, access_token)
    const { keys } = await server.as.jwks()
    expect(protectedHeader).toEqual({ alg: algorithm, typ: 'at+jwt', kid: keys[0]?.kid ?? '' })
  })

  test('AS-065 section 2.2 MUST hold these claims, and hold no others', async () => {
    const { access_token } = await obtainTokens(server, client_id)
    const { payload } = await verify(server, access_token)
    const expected: JWTPayload = {
      iss: ISSUER,
      sub: server.userId,
      aud: RESOURCE,
      client_id,
      iat: server.clock.now,
      exp: server.clock.now + 900,
      jti: expect.stringMatching(/^\w{12}[\w-]{22}\.[\w-]{22}$/),
      scope: 'notes:read notes:write',
    }
    expect(payload).toEqual(expected)
  })

  test('a token of a refresh has the same claims, a jti of its own and new times', async () => {
    const first = await obtainTokens(server, client_id)
    server.clock.now += 500
    const form = { grant_type: 'refresh_token', refresh_token: first.refresh_token, client_id }
    const second = await (await postForm(server, '/oauth/token', form)).json()
    const [before, after] = [await verify(server, first.access_token), await verify(server, second.access_token)]
    const times = { iat: server.clock.now, exp: server.clock.now + 900 }
    expect(after.payload).toEqual({ ...before.payload, ...times, jti: expect.any(String) })
    expect(after.payload.jti).not.toBe(before.payload.jti)
  })

  test('SEC-003 the key set is public: no private member is in it', async () => {
    const response = await server.fetch('/.well-known/jwks.json')
    expect(response.headers.get('content-type')).toMatch(/^application\/json\b/)
    const { keys } = await response.json()
    const members =
      algorithm === 'ES256' ? ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'] : ['alg', 'e', 'kid', 'kty', 'n', 'use']
    expect(keys.map((key: object) => Object.keys(key).sort())).toEqual([members])
  })

  test('a changed token does not verify', async () => {
    const { access_token } = await obtainTokens(server, client_id)
    const [header, , signature] = access_token.split('.')
    const claims = { ...(await verify(server, access_token)).payload, sub: 'somebody else' }
    const forged = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`
    expect(verify(server, forged)).rejects.toThrow('signature verification failed')
  })
})

async function withServer(config: ConfigInput, run: (server: TestServer, clientId: string) => Promise<void>) {
  const server = await createTestServer(config)
  await run(server, (await registerClient(server)).client_id)
  await server.close()
}

test('no two tokens have one jti', () =>
  withServer({}, async (server, clientId) => {
    const ids = new Set<unknown>()
    for (let count = 0; count < 20; count += 1) {
      ids.add((await verify(server, (await obtainTokens(server, clientId)).access_token)).payload.jti)
    }
    expect(ids.size).toBe(20)
  }))

test('a token never outlives its grant', () =>
  withServer({ refresh: { idle_lifetime: 100, absolute_lifetime: 100 } }, async (server, clientId) => {
    const first = await obtainTokens(server, clientId)
    expect(first.expires_in).toBe(100)
    server.clock.now += 99
    const form = { grant_type: 'refresh_token', refresh_token: first.refresh_token, client_id: clientId }
    const second = await (await postForm(server, '/oauth/token', form)).json()
    expect(second.expires_in).toBe(1)
    expect((await verify(server, second.access_token)).payload.exp).toBe(server.clock.now + 1)
  }))

test('section 2.2.3 a token without scopes has no scope claim', () =>
  withServer({ resources: [{ identifier: RESOURCE, scopes: {} }] }, async (server, clientId) => {
    const code = await obtainCode(server, clientId, { scope: undefined })
    const tokens = await (await postForm(server, '/oauth/token', codeForm(clientId, code))).json()
    expect(tokens.scope).toBe('')
    expect((await verify(server, tokens.access_token)).payload).not.toHaveProperty('scope')
  }))

describe('ADR 0046 whether a token still counts', () => {
  test('of a live grant it does; of a revoked one, a foreign one and a removed client it does not', () =>
    withServer({}, async (server, clientId) => {
      const jtiOf = async () => {
        const { payload } = await verify(server, (await obtainTokens(server, clientId)).access_token)
        return { jti: payload.jti ?? '' }
      }
      const [first, second] = [await jtiOf(), await jtiOf()]
      expect(await server.as.isLive(first)).toBe(true)
      expect(await server.as.revokeGrant(first.jti.split('.')[0] ?? '', server.userId)).toBe(true)
      expect([await server.as.isLive(first), await server.as.isLive(second)]).toEqual([false, true])
      for (const jti of ['', '.', 'x', 'x.y', await hash('x'), `${second.jti.split('.')[0]}`]) {
        expect(await server.as.isLive({ jti })).toBe(false)
      }
      await server.store.clients.remove(clientId, server.clock.now)
      expect(await server.as.isLive(second)).toBe(false)
    }))

  test("another person's grant cannot be revoked", () =>
    withServer({}, async (server, clientId) => {
      const { payload } = await verify(server, (await obtainTokens(server, clientId)).access_token)
      const { jti = '' } = payload
      expect(await server.as.revokeGrant(jti.split('.')[0] ?? '', 'usr_somebody_else')).toBe(false)
      expect(await server.as.isLive({ jti })).toBe(true)
    }))
})
