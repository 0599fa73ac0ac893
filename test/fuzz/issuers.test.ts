/**
 * Whoever is trusted to vouch for people and programs, and companies at which people sign in, say anything: a word of theirs counts once, and only
 * as it was meant. On PostgreSQL, which takes fewer values than SQLite does.
 *
 * @see RFC 7523 section 3
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4.4.1
 * @see OpenID Connect Core 1.0 section 3.1.3.7
 * @see OpenID Connect Back-Channel Logout 1.0 section 2.6
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ID_JAG_TYPE, JWT_BEARER_GRANT } from '../../shared/grant-names.ts'
import { authorizationQuery, createTestServer, RESOURCE, registerClient } from '../support/authorization-server.ts'
import { CLIENT_ID, createCompany, doorTo, IDP } from '../support/company.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { usePostgres } from '../support/postgres.ts'
import { CLUSTER, createIssuer, idJagClaims, workloadClaims } from '../support/trusted-issuers.ts'
import { expectGoodAnswer } from './answers.ts'
import { type Changes, change, changes, type Members, sign, type Token, token } from './foreign-words.ts'
import { fuzz, tooFew } from './runs.ts'
import { browserFor, CONFIG, leaveFor, TRUSTING, VOUCHING } from './world.ts'

const postgres = usePostgres()
const stranger = await createIssuer()
const employer = await createIssuer(IDP)

async function createScene() {
  const company = await createCompany(IDP, () => server.clock.now)
  const oidc = {
    providers: [{ id: 'company', name: 'Company', issuer: IDP, client_id: CLIENT_ID, userinfo: true }],
  }
  const config = { ...CONFIG, ...TRUSTING, oidc, database: await postgres.createDatabase() }
  const server: Awaited<ReturnType<typeof createTestServer>> = await createTestServer(config, { door: doorTo(company) })
  const host = await addSecretClient(server, { id: 'host', grantTypes: [JWT_BEARER_GRANT] })
  const { client_id } = await registerClient(server)
  return { server, company, host, query: String(await authorizationQuery(client_id)) }
}

let scene: Awaited<ReturnType<typeof createScene>>
beforeAll(async () => {
  scene = await createScene()
}, 60_000)
afterAll(() => scene.server.close())

/** How often something good came of it. */
const successes = new Map<string, number>()
const count = (what: string): unknown => successes.set(what, (successes.get(what) ?? 0) + 1)

/** Limits are for other tests. */
const PAUSE = 60

function post(path: string, form: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) {
  scene.server.clock.now += PAUSE
  return async (): Promise<boolean> => {
    const request = new Request(scene.server.issuer + path, {
      method: 'POST',
      headers,
      body: new URLSearchParams(form),
    })
    const words = Object.values(form).filter((value) => value.startsWith('ey'))
    return /^200/.test(await expectGoodAnswer(scene.server, request, words))
  }
}

const isOnly = (one: unknown, wanted: string): boolean => Bun.deepEquals([one].flat(), [wanted])

describe('what vouches for somebody', () => {
  const redeem = (assertion: string, form: Readonly<Record<string, string>> = {}, headers = {}) =>
    post('/oauth/token', { grant_type: JWT_BEARER_GRANT, assertion, ...form }, headers)

  /** What was signed, if it is signed as it has to be. */
  const signed = (base: Members, typ: string, changed: Token, key: CryptoKey) =>
    sign(change(base, changed.claims, scene.server.clock.now + PAUSE), typ, changed, {
      own: key,
      stranger: stranger.key,
    })

  fuzz('an ID-JAG counts once, for this server, this client and this resource', 20, token, async (changed) => {
    const { server, host } = scene
    const at = { issuer: server.issuer, clock: { now: server.clock.now + PAUSE } }
    const base = { iss: VOUCHING.idp.issuer, ...idJagClaims(at, host.id) }
    const { compact, claims } = await signed(base, ID_JAG_TYPE, changed, VOUCHING.idp.key)
    const send = redeem(compact, {}, host.basic)
    if (!(await send())) return
    count('ID-JAG')
    const { iss, aud, client_id, exp, resource, authorization_details, tenant, cnf } = claims
    expect([changed.signer, iss, isOnly(aud, server.issuer), client_id]).toEqual(['own', base.iss, true, host.id])
    expect([Number(exp) > server.clock.now - 60, isOnly(resource, RESOURCE)]).toEqual([true, true])
    expect([authorization_details, tenant, cnf]).toEqual([undefined, undefined, undefined])
    expect(await send()).toBe(false)
  })

  fuzz('the token of a workload counts once, for this server and this workload', 20, token, async (changed) => {
    const { server } = scene
    const at = { issuer: server.issuer, clock: { now: server.clock.now + PAUSE } }
    const base = { iss: CLUSTER, ...workloadClaims(at) }
    const { compact, claims } = await signed(base, 'JWT', changed, VOUCHING.cluster.key)
    const send = redeem(compact, { resource: RESOURCE, scope: 'notes:read' })
    if (!(await send())) return
    count('workload')
    const { iss, sub, aud, exp, cnf } = claims
    expect([changed.signer, iss, sub, isOnly(aud, server.issuer)]).toEqual(['own', CLUSTER, 'job', true])
    expect([Number(exp) > server.clock.now - 60, cnf]).toEqual([true, undefined])
    expect(await send()).toBe(false)
  })

  fuzz('a logout token counts once, for this server, and is no ID token', 20, token, async (changed) => {
    const { server, company } = scene
    const now = server.clock.now + PAUSE
    company.lies.jwks = () => employer.jwks
    const base = {
      ...{ iss: IDP, aud: CLIENT_ID, iat: now, exp: now + 120, jti: crypto.randomUUID(), sub: company.person.sub },
      ...{ sid: 'session-at-company', events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
    }
    const { compact, claims } = await signed(base, 'logout+jwt', changed, employer.key)
    const send = post('/oidc/back-channel-logout', { logout_token: compact })
    if (!(await send())) return
    count('logout token')
    const { iss, aud, nonce, exp, sub, sid } = claims
    expect([changed.signer, iss, [aud].flat().includes(CLIENT_ID), nonce]).toEqual(['own', IDP, true, undefined])
    expect([Number(exp) > now - 60, typeof sub === 'string' || typeof sid === 'string']).toEqual([true, true])
    expect(await send()).toBe(false)
  })
})

/** What a provider answers to each question, otherwise than an honest one. */
interface Lie {
  readonly idToken: Token
  readonly metadata: Changes
  readonly jwks: unknown
  readonly tokens: Changes
  readonly userinfo: Changes
}

const seldom = <T>(arbitrary: fc.Arbitrary<T>, otherwise: T): fc.Arbitrary<T> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary })

const lie: fc.Arbitrary<Lie> = fc.record({
  idToken: token,
  metadata: seldom(changes, []),
  jwks: seldom<unknown>(fc.jsonValue({ maxDepth: 3 }), undefined),
  tokens: seldom(changes, []),
  userinfo: seldom(changes, []),
})

describe('a company', () => {
  fuzz('signs somebody in with its own word for this very sign-in, whatever it says', 20, lie, async (told) => {
    const { server, company, query } = scene
    // Nothing is remembered of what it said before.
    server.clock.now += 100_000
    const { now } = server.clock
    let said: Members = {}
    let nonce: unknown
    Object.assign(company.lies, {
      metadata: (metadata: Members) => change(metadata, told.metadata, now),
      jwks: () => told.jwks ?? employer.jwks,
      tokens: (tokens: Members) => change(tokens, told.tokens, now),
      userinfo: (person: Members) => change(person, told.userinfo, now),
      claims(claims: Members) {
        nonce = claims['nonce']
        said = change(claims, told.idToken.claims, now)
        return said
      },
      sign: async (claims: Members) =>
        (await sign(claims, 'JWT', told.idToken, { own: employer.key, stranger: stranger.key })).compact,
    })
    const browser = await browserFor(server, 'visitor')
    if (browser === null) throw new Error('a visitor has a browser')
    const { cookie, csrf } = browser
    const body = new URLSearchParams({ csrf, provider: 'company', request: query })
    const leaving = new Request(`${server.issuer}/oidc/start`, { method: 'POST', headers: { cookie }, body })
    if (!(await expectGoodAnswer(server, leaving, [], [502, 503])).startsWith('303')) return
    const { upstreamState: state, upstreamCode: code } = await leaveFor(company, { server, browser, query })
    const answer = new URLSearchParams({ state, code, iss: IDP })
    const request = new Request(`${server.issuer}/oidc/callback/company?${answer}`, {
      headers: { cookie: browser.cookie },
    })
    const outcome = await expectGoodAnswer(server, request, [code], [502, 503])
    if (!outcome.startsWith('303')) return
    count('sign-in')
    expect([told.idToken.signer, said['iss'], [said['aud']].flat().includes(CLIENT_ID)]).toEqual(['own', IDP, true])
    expect([said['nonce'], Number(said['exp']) > now - 60]).toEqual([nonce, true])
    expect(await server.store.identities.find(IDP, String(said['sub']))).not.toBe(null)
  })
})

describe('and what they say is good', () => {
  test.skipIf(tooFew !== null).each(['ID-JAG', 'workload', 'logout token', 'sign-in'])('sometimes: %s', (what) => {
    expect(successes.get(what)).toBeGreaterThan(0)
  })
})
