/**
 * Delegated tokens where they are used: oauth4webapi gets them, and the resource module tells tools who acts for whom.
 *
 * @see RFC 8693 section 2.2.1, section 4.1
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import * as oauth from 'oauth4webapi'
import { protectResource } from '../../server/resource/index.ts'
import { ACCESS_TOKEN_TOKEN_TYPE, TOKEN_EXCHANGE_GRANT } from '../../shared/token-exchange.ts'
import { ARCHIVE, createExchangeWorld, MAIL } from '../support/exchange-world.ts'
import { createTokenIssuer } from '../support/token-issuer.ts'

const world = await createExchangeWorld()
const { server, notes, mail, personToken, exchange, actingAs } = world
afterAll(() => world.close())

/** What the library gives to `fetch`, as far as it matters in one process. */
interface Sent {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body?: URLSearchParams | string | undefined
}

const archiveServer = protectResource({
  resource: ARCHIVE,
  authorizationServers: [server.issuer],
  scopes: ['read', 'write'],
  fetch: (input, init) => server.fetch(new Request(input, init)),
  isRevoked: async (claims) => !(await server.as.isLive(claims)),
  now: () => server.clock.now,
})

describe('section 2 as an independent client asks', () => {
  test('genericTokenEndpointRequest, from discovery to the claims', async () => {
    const issuer = new URL(server.issuer)
    const custom = {
      [oauth.customFetch]: (url: string, { method, headers, body }: Sent) =>
        server.fetch(url, { method, headers, ...(body === undefined ? {} : { body }) }),
    }
    const discovered = await oauth.discoveryRequest(issuer, { ...custom, algorithm: 'oauth2' })
    const as = await oauth.processDiscoveryResponse(issuer, discovered)
    expect(as.grant_types_supported).toContain(TOKEN_EXCHANGE_GRANT)
    const { access_token } = await personToken()
    const client = { client_id: notes.id }
    const parameters = {
      subject_token: access_token,
      subject_token_type: ACCESS_TOKEN_TOKEN_TYPE,
      resource: MAIL,
      scope: 'read',
      actor_token: String((await actingAs(notes))['actor_token']),
      actor_token_type: ACCESS_TOKEN_TOKEN_TYPE,
    }
    const auth = oauth.ClientSecretBasic(notes.secret)
    const response = await oauth.genericTokenEndpointRequest(as, client, auth, TOKEN_EXCHANGE_GRANT, parameters, custom)
    const answer = await oauth.processGenericTokenEndpointResponse(as, client, response)
    expect(answer).toMatchObject({ token_type: 'bearer', scope: 'read', issued_token_type: ACCESS_TOKEN_TOKEN_TYPE })
    expect(await world.introspect(answer.access_token, mail)).toMatchObject({ active: true, act: { sub: notes.id } })
  })
})

describe('section 4.1 the resource is told who acts', () => {
  async function delegated() {
    const { access_token } = await personToken('read')
    const one = await exchange(access_token, notes, await actingAs(notes))
    const two = await exchange(one.access_token, mail, { resource: ARCHIVE, ...(await actingAs(mail)) })
    return { one, two, access_token }
  }

  test('the subject is the person, the newest actor is first', async () => {
    const { two } = await delegated()
    const verified = await archiveServer.verify(two.access_token)
    expect(verified.ok && verified.value).toMatchObject({
      clientId: 'mail-server',
      extra: {
        sub: server.userId,
        actors: [
          { sub: 'mail-server', clientId: 'mail-server' },
          { sub: 'notes-server', clientId: 'notes-server' },
        ],
      },
    })
  })

  test('nobody acts: nothing is said of it', async () => {
    const { access_token } = await personToken('read')
    const impersonating = await exchange(access_token, notes)
    const next = await exchange(impersonating.access_token, mail, { resource: ARCHIVE })
    const verified = await archiveServer.verify(next.access_token)
    expect(verified.ok && Object.keys(verified.value.extra)).toEqual(['sub', 'iss', 'jti'])
  })

  test('a token for a hop before is for another audience; one whose origin ended is revoked', async () => {
    const { one, two, access_token } = await delegated()
    expect(await archiveServer.verify(one.access_token)).toEqual({ ok: false, error: 'wrong_audience' })
    await world.revoke(access_token, world.host)
    expect(await archiveServer.verify(two.access_token)).toEqual({ ok: false, error: 'revoked' })
  })

  test.each([{}, { sub: 7 }, { sub: 'a', act: {} }, 'a', ['a'], null])(
    'an act that says nothing, %o: no token',
    async (act) => {
      const now = () => server.clock.now
      const issuer = await createTokenIssuer({ issuer: 'https://issuer.example', audience: ARCHIVE, now })
      const { fetch } = issuer
      const guarded = protectResource({ resource: ARCHIVE, authorizationServers: [issuer.issuer], fetch, now })
      expect((await guarded.verify(await issuer.sign({ act: { sub: 'robot' } }))).ok).toBe(true)
      expect(await guarded.verify(await issuer.sign({ act }))).toEqual({ ok: false, error: 'missing_claim' })
    },
  )
})
