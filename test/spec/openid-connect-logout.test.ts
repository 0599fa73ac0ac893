/**
 * Signing out: here and at the provider, there and here; and people who have left.
 *
 * @see OpenID Connect RP-Initiated Logout 1.0 section 2
 * @see OpenID Connect Back-Channel Logout 1.0 section 2.6
 * @see docs/adr/0193-who-has-left.md
 *
 * @standard OpenID Connect RP-Initiated Logout: OpenID Connect RP-Initiated Logout 1.0
 * @status implemented
 * @does as a relying party: who signs out here is sent to the provider's end_session_endpoint with the ID token, and comes back
 * @published https://openid.net/specs/openid-connect-rpinitiated-1_0.html
 * @standard OpenID Connect Back-Channel Logout: OpenID Connect Back-Channel Logout 1.0
 * @status implemented
 * @does as a relying party: logout tokens end the sessions that came from there, by sid or sub, and what was granted where the settings say so
 * @published https://openid.net/specs/openid-connect-backchannel-1_0.html
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import type { OnWarning } from '../../server/login/oidc/context.ts'
import { codeForm, createBrowser, formFields, postForm } from '../support/authorization-server.ts'
import { CLIENT_ID, type CompanyWorld, createCompanyWorld, IDP, type WorldBrowser } from '../support/company.ts'

const isSignedIn = async (browser: WorldBrowser): Promise<boolean> => (await browser.fetch('/account')).status === 200

/** Signs in at the company, agrees, and redeems: a browser and a refresh token. */
async function connect({ server, signIn, query, clientId }: CompanyWorld, provider?: string) {
  const browser = createBrowser(server)
  const back = await signIn(browser, await query(), provider)
  const page = await (await browser.fetch(back.headers.get('location') ?? '')).text()
  const body = new URLSearchParams({ ...formFields(page), decision: 'allow' })
  const decided = await browser.fetch('/oauth/authorize/consent', { method: 'POST', body })
  const code = new URL(decided.headers.get('location') ?? '').searchParams.get('code') ?? ''
  const tokens = await (await postForm(server, '/oauth/token', codeForm(clientId, code))).json()
  let refreshToken: string = tokens.refresh_token
  return {
    browser,
    async refresh(): Promise<number> {
      const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }
      const answer = await postForm(server, '/oauth/token', form)
      if (answer.status === 200) refreshToken = (await answer.json()).refresh_token
      return answer.status
    },
  }
}

const send = (world: CompanyWorld, token: string): Promise<Response> =>
  postForm(world.server, '/oidc/back-channel-logout', { logout_token: token })

describe('RP-Initiated Logout', () => {
  test('section 2 who signs out here is sent to the provider, with the ID token, for this client, and comes back to the sign-in page', async () => {
    const world = await createCompanyWorld()
    const { server, company } = world
    const browser = createBrowser(server)
    await world.signIn(browser, null)
    const { csrf = '' } = formFields(await (await browser.fetch('/account')).text())
    const answer = await browser.fetch('/sign-out', { method: 'POST', body: new URLSearchParams({ csrf }) })
    const url = new URL(answer.headers.get('location') ?? '')
    expect(url.origin + url.pathname).toBe(`${IDP}/logout`)
    expect(url.searchParams.get('client_id')).toBe(CLIENT_ID)
    expect(url.searchParams.get('post_logout_redirect_uri')).toBe(`${server.issuer}/sign-in`)
    expect(decodeJwt(url.searchParams.get('id_token_hint') ?? '').sub).toBe(company.person.sub)
    expect(await isSignedIn(browser)).toBe(false)
    await server.close()
  })

  test.each([
    ['it is switched off', { sign_out: false }, {}],
    [
      'the provider has no such endpoint',
      {},
      { metadata: ({ end_session_endpoint: _, ...honest }: Record<string, unknown>) => honest },
    ],
  ])('nobody is sent there where %s', async (_, changes, lies) => {
    const { server, company, signIn } = await createCompanyWorld(changes)
    Object.assign(company.lies, lies)
    const browser = createBrowser(server)
    await signIn(browser, null)
    const { csrf = '' } = formFields(await (await browser.fetch('/account')).text())
    const answer = await browser.fetch('/sign-out', { method: 'POST', body: new URLSearchParams({ csrf }) })
    expect(answer.headers.get('location')).toBe('/sign-in')
    await server.close()
  })
})

describe('Back-Channel Logout', () => {
  test('section 2.7 a logout token ends the session that it names, and leaves what was granted', async () => {
    const world = await createCompanyWorld()
    const { browser, refresh } = await connect(world)
    const elsewhere = createBrowser(world.server)
    world.company.lies.claims = (honest) => ({ ...honest, sid: 'another-session' })
    await world.signIn(elsewhere, null)
    const answer = await send(world, await world.company.logoutToken())
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect([await isSignedIn(browser), await isSignedIn(elsewhere)]).toEqual([false, true])
    expect(await refresh()).toBe(200)
    // By the person: every session.
    expect((await send(world, await world.company.logoutToken({ sid: undefined }))).status).toBe(200)
    expect(await isSignedIn(elsewhere)).toBe(false)
    await world.server.close()
  })

  test('with logout_ends_access it ends what was granted, too', async () => {
    const world = await createCompanyWorld({ logout_ends_access: true })
    const { browser, refresh } = await connect(world)
    await send(world, await world.company.logoutToken())
    expect([await isSignedIn(browser), await refresh()]).toEqual([false, 400])
    expect(world.server.events).toContainEqual(
      expect.objectContaining({ type: 'access_ended', reason: 'signed_out_by_provider' }),
    )
    await world.server.close()
  })

  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  test.each([
    ['for another client', { aud: 'another-client' }, {}, 'wrong_claims'],
    ['of an issuer that is not trusted', { iss: 'https://evil.example' }, {}, 'wrong_issuer'],
    ['without events', { events: undefined }, {}, 'wrong_claims'],
    ['of another event', { events: { other: {} } }, {}, 'wrong_claims'],
    [
      'whose event is no object',
      { events: { ...events, 'http://schemas.openid.net/event/backchannel-logout': 1 } },
      {},
      'wrong_claims',
    ],
    ['with a nonce', { nonce: 'x' }, {}, 'wrong_claims'],
    ['without a jti', { jti: undefined }, {}, 'wrong_claims'],
    ['that names nobody', { sub: undefined, sid: undefined }, {}, 'wrong_claims'],
    ['that has expired', { exp: 1_800_000_000 - 61 }, {}, 'wrong_claims'],
    ['without an end', { exp: undefined }, {}, 'wrong_claims'],
    ['that is good for years', { exp: 1_900_000_000 }, {}, 'wrong_claims'],
    ['of the future', { iat: 1_800_000_000 + 120 }, {}, 'wrong_claims'],
    ['that says it is an access token', {}, { typ: 'at+jwt' }, 'wrong_claims'],
  ])('section 2.6 MUST refuse one %s', async (_, claims, header, reason) => {
    const world = await createCompanyWorld()
    const browser = createBrowser(world.server)
    await world.signIn(browser, null)
    const answer = await send(world, await world.company.logoutToken(claims, header))
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: 'invalid_request' })
    expect(world.lastFailure()).toBe(reason)
    expect(await isSignedIn(browser)).toBe(true)
    await world.server.close()
  })

  test('section 2.6 MUST refuse a forged one, a replayed one, and an ID token', async () => {
    const world = await createCompanyWorld()
    const { company, other, signIn, lastFailure } = world
    const browser = createBrowser(world.server)
    await signIn(browser, null)
    // The other provider is trusted, for its own people.
    const forged = await other.logoutToken({ iss: IDP })
    expect([(await send(world, forged)).status, lastFailure()]).toEqual([400, 'wrong_signature'])
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await company.logoutToken()).split('.')[1]}.`
    expect([(await send(world, unsigned)).status, lastFailure()]).toEqual([400, 'wrong_signature'])
    const idToken = company.given.find((one) => one.startsWith('eyJ')) ?? ''
    expect([(await send(world, idToken)).status, lastFailure()]).toEqual([400, 'wrong_claims'])
    expect(await isSignedIn(browser)).toBe(true)
    expect((await send(world, await other.logoutToken())).status).toBe(200)
    expect(await isSignedIn(browser)).toBe(true)

    const token = await company.logoutToken()
    expect((await send(world, token)).status).toBe(200)
    await signIn(browser, null)
    expect([(await send(world, token)).status, lastFailure()]).toEqual([400, 'replayed'])
    expect(await isSignedIn(browser)).toBe(true)
    await world.server.close()
  })
})

describe('who has left', () => {
  test('invalid_grant ends sessions and grants; whoever is still there keeps them', async () => {
    const world = await createCompanyWorld()
    const { server, company, revalidate } = world
    const { browser, refresh } = await connect(world)
    server.clock.now += 3599
    company.lies.refuse = 'invalid_grant'
    await revalidate()
    expect(await refresh()).toBe(200)
    delete company.lies.refuse
    server.clock.now += 1
    await revalidate()
    expect([await isSignedIn(browser), await refresh()]).toEqual([true, 200])
    company.lies.refuse = 'invalid_grant'
    server.clock.now += 3600
    await revalidate()
    expect([await isSignedIn(browser), await refresh()]).toEqual([false, 400])
    const [entry] = (await server.store.audit.readBack(null, { type: 'access_ended' })).records
    expect(entry).toMatchObject({ reason: 'refused_by_provider', actor: 'server' })
    await server.close()
  })

  test.each(['silence', 'invalid_client', 'temporarily_unavailable', 'server_error'])(
    'an outage is none: %s',
    async (refuse) => {
      const world = await createCompanyWorld()
      const { refresh } = await connect(world)
      world.company.lies.refuse = refuse
      world.server.clock.now += 3600
      await world.revalidate()
      expect(await refresh()).toBe(200)
      // It is asked again soon, not in an hour.
      world.company.lies.refuse = 'invalid_grant'
      world.server.clock.now += 300
      await world.revalidate()
      expect(await refresh()).toBe(400)
      await world.server.close()
    },
  )

  test('oidc.unseen_lifetime ends an outage that lasts, and people without refresh tokens', async () => {
    const world = await createCompanyWorld({}, { oidc: { unseen_lifetime: 7200 } })
    const first = await connect(world)
    world.company.lies.refuse = 'silence'
    for (const seconds of [3600, 3000]) {
      world.server.clock.now += seconds
      await world.revalidate()
    }
    expect(await first.refresh()).toBe(200)
    world.server.clock.now += 600
    await world.revalidate()
    expect(await first.refresh()).toBe(400)

    delete world.company.lies.refuse
    world.company.lies.tokens = ({ refresh_token: _, ...honest }) => honest
    const second = await connect(world)
    world.server.clock.now += 7199
    await world.revalidate()
    expect(await second.refresh()).toBe(200)
    world.server.clock.now += 1
    await world.revalidate()
    expect(await second.refresh()).toBe(400)
    expect(world.server.events).toContainEqual(
      expect.objectContaining({ type: 'access_ended', reason: 'not_seen_by_provider' }),
    )
    await world.server.close()
  })

  test('who is in none of the groups any more, or is said to be somebody else, has left', async () => {
    for (const change of ['group', 'subject', 'subject of the ID token'] as const) {
      // Userinfo would notice, too.
      const only = change === 'subject of the ID token' ? { userinfo: false } : { groups: ['engineering'] }
      const world = await createCompanyWorld(only)
      const { refresh } = await connect(world)
      if (change === 'group') world.company.person['groups'] = ['marketing']
      else world.company.person.sub = 'somebody-else'
      world.server.clock.now += 3600
      await world.revalidate()
      expect(await refresh()).toBe(400)
      await world.server.close()
    }
  })

  test('a provider that gives a refresh token only the first time is still asked after the second sign-in', async () => {
    const world = await createCompanyWorld()
    const { company, server } = world
    const { refresh } = await connect(world)
    company.lies.tokens = ({ refresh_token: _, ...honest }) => honest
    await world.signIn(createBrowser(server), null)
    server.clock.now += 3600
    company.lies.refuse = 'invalid_grant'
    await world.revalidate()
    expect(await refresh()).toBe(400)
    await server.close()
  })

  test.each([
    ['userinfo that does not answer', { userinfo: () => 'no JSON' }],
    ['an ID token that cannot be read', { claims: (honest: object) => ({ ...honest, exp: 1 }) }],
    ['an ID token of a key that nobody knows', { jwks: () => ({ keys: [] }), sign: async () => 'e30.e30.e30' }],
  ])('%s says neither that somebody is there nor that they have left', async (_, lies) => {
    const world = await createCompanyWorld({ groups: ['engineering'] }, { oidc: { unseen_lifetime: 7200 } })
    const { company, server } = world
    const { refresh } = await connect(world)
    const before = await server.store.identities.find(IDP, company.person.sub)
    Object.assign(company.lies, lies)
    server.clock.now += 3600
    await world.revalidate()
    expect(await refresh()).toBe(200)
    const after = await server.store.identities.find(IDP, company.person.sub)
    expect(after?.lastSeenAt).toBe(before?.lastSeenAt ?? 0)
    // What the provider gave in place of the old one is what it is asked with next.
    expect(after?.sealedRefreshToken).not.toBe(before?.sealedRefreshToken ?? null)
    server.clock.now += 3600
    await world.revalidate()
    expect(await refresh()).toBe(400)
    await server.close()
  })

  test('a provider that is taken out of the settings takes along what was granted to its people, within revalidate_every, and says how many', async () => {
    const world = await createCompanyWorld()
    const { server, company, other } = world
    const kept = await connect(world, 'other')
    Object.assign(company.person, { sub: 'asked-about' })
    const asked = await connect(world)
    // Nobody can be asked about the second.
    company.lies.tokens = ({ refresh_token: _, ...honest }) => honest
    Object.assign(company.person, { sub: 'unaskable' })
    const unaskable = await connect(world)
    const warnings: unknown[] = []
    const later = await world.restart([other.issuer], (...warning) => warnings.push(warning))
    server.clock.now += 3599
    await later.revalidateDue(async () => true)
    expect([await asked.refresh(), await unaskable.refresh(), warnings]).toEqual([200, 200, []])
    server.clock.now += 1
    await later.revalidateDue(async () => true)
    expect([await asked.refresh(), await unaskable.refresh()]).toEqual([400, 400])
    expect([await isSignedIn(asked.browser), await isSignedIn(unaskable.browser)]).toEqual([false, false])
    expect([await kept.refresh(), await isSignedIn(kept.browser)]).toEqual([200, true])
    expect(warnings).toEqual([[expect.stringContaining('no longer in oidc.providers'), { people: 2 }]])
    const { records } = await server.store.audit.readBack(null, { type: 'access_ended' })
    expect(records.map(({ reason }) => reason)).toEqual(['provider_removed', 'provider_removed'])
    // Also where none is left.
    const none = await world.restart([], (...warning) => warnings.push(warning))
    server.clock.now += 3600
    await none.revalidateDue(async () => true)
    expect(await kept.refresh()).toBe(400)
    expect(warnings.at(-1)).toEqual([expect.any(String), { people: 1 }])
    await server.close()
  })

  test('who has an account here and was only linked to a provider that is not in the settings keeps what was granted', async () => {
    const world = await createCompanyWorld({ accounts: 'linked' })
    const { server, other } = world
    const { refresh } = await connect(world, 'other')
    const identity = await server.store.identities.find(other.issuer, other.person.sub)
    const link = { issuer: 'https://gone.example', subject: 'ada', userId: identity?.userId ?? '' }
    const at = server.clock.now
    await server.store.identities.link({
      ...link,
      linkedAt: at,
      lastSeenAt: at,
      sealedRefreshToken: null,
      checkAt: null,
    })
    server.clock.now += 3600
    await world.revalidate()
    expect(await refresh()).toBe(200)
    await server.close()
  })

  test('a provider that gives no refresh token is named once, unless unseen_lifetime ends what was granted', async () => {
    for (const unseen_lifetime of [0, 7200]) {
      const world = await createCompanyWorld({}, { oidc: { unseen_lifetime } })
      await world.signIn(createBrowser(world.server), null, 'other')
      expect(world.warnings).toEqual([])
      world.company.lies.tokens = ({ refresh_token: _, ...honest }) => honest
      for (const sub of ['one', 'two']) {
        world.company.person.sub = sub
        await world.signIn(createBrowser(world.server), null)
      }
      const named: Parameters<OnWarning> = [expect.stringContaining('gave no refresh token'), { provider: 'company' }]
      expect(world.warnings).toEqual(unseen_lifetime === 0 ? [named] : [])
      await world.server.close()
    }
  })

  test('whoever has signed in anew keeps access, and a refresh token that was rotated is the one that is asked with', async () => {
    const world = await createCompanyWorld()
    const { refresh } = await connect(world)
    const { company, server } = world
    server.clock.now += 3600
    await world.revalidate()
    server.clock.now += 3600
    await world.revalidate()
    const asked = company.asked.flatMap(({ form }) => form?.get('refresh_token') ?? [])
    expect(new Set(asked).size).toBe(2)
    expect(asked.every((token) => company.given.includes(token))).toBe(true)
    expect(await refresh()).toBe(200)
    await server.close()
  })

  test('users disable: sessions, refreshing, codes and introspection end at once, with their reason', async () => {
    const world = await createCompanyWorld()
    const { server } = world
    const { browser, refresh } = await connect(world)
    const identity = await server.store.identities.find(IDP, world.company.person.sub)
    const [grant] = await server.store.grants.listLive(identity?.userId ?? '', server.clock.now)
    expect(await server.as.isLive({ jti: `${grant?.id}.x` })).toBe(true)
    await server.store.users.disable(identity?.userId ?? '', server.clock.now)
    expect([await isSignedIn(browser), await refresh()]).toEqual([false, 400])
    expect(await server.as.isLive({ jti: `${grant?.id}.x` })).toBe(false)
    expect(server.events.at(-1)).toMatchObject({ type: 'token_rejected', reason: 'dead_grant' })
    await server.close()
  })
})
