/**
 * Signing out: here and at the provider, there and here.
 *
 * @see OpenID Connect RP-Initiated Logout 1.0 section 2
 * @see OpenID Connect Back-Channel Logout 1.0 section 2.6
 * @see docs/adr/0197-logout-tokens-without-a-person.md
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

import { createBrowser, formFields, postForm } from '../support/authorization-server.ts'
import { CLIENT_ID, type CompanyWorld, createCompanyWorld, IDP } from '../support/company.ts'
import { connect, isSignedIn } from '../support/company-access.ts'

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

  test('an ID token that would make the address too long stays here', async () => {
    const world = await createCompanyWorld()
    const groups = Array.from({ length: 500 }, (_, group) => `a group of the company, number ${group}`)
    world.company.lies.claims = (honest) => ({ ...honest, groups })
    const browser = createBrowser(world.server)
    await world.signIn(browser, null)
    const { csrf = '' } = formFields(await (await browser.fetch('/account')).text())
    const answer = await browser.fetch('/sign-out', { method: 'POST', body: new URLSearchParams({ csrf }) })
    const { searchParams } = new URL(answer.headers.get('location') ?? '')
    expect([...searchParams.keys()]).toEqual(['client_id', 'post_logout_redirect_uri'])
    expect(await isSignedIn(browser)).toBe(false)
    await world.server.close()
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

  test('section 2.7 a token with sub and sid ends the session of a provider whose ID tokens name none', async () => {
    const world = await createCompanyWorld()
    world.company.lies.claims = ({ sid: _, ...honest }) => honest
    const browser = createBrowser(world.server)
    await world.signIn(browser, null)
    expect((await send(world, await world.company.logoutToken({ sub: 'somebody-else' }))).status).toBe(200)
    expect(await isSignedIn(browser)).toBe(true)
    expect((await send(world, await world.company.logoutToken())).status).toBe(200)
    expect(await isSignedIn(browser)).toBe(false)
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

  test('section 2.4 with logout_ends_access a token without sub ends what was granted while the session is known here, and says so when it is not', async () => {
    for (const isKnown of [true, false]) {
      const world = await createCompanyWorld({ logout_ends_access: true })
      const { browser, refresh } = await connect(world)
      const { csrf = '' } = formFields(await (await browser.fetch('/account')).text())
      if (!isKnown) await browser.fetch('/sign-out', { method: 'POST', body: new URLSearchParams({ csrf }) })
      // Section 2.7: whoever is signed out already has been signed out.
      expect((await send(world, await world.company.logoutToken({ sub: undefined }))).status).toBe(200)
      expect([await isSignedIn(browser), await refresh()]).toEqual([false, isKnown ? 400 : 200])
      const said = [expect.stringContaining('Have it send sub'), { provider: 'company' }] as const
      expect(world.warnings).toEqual(isKnown ? [] : [[...said]])
      expect((await send(world, await world.company.logoutToken())).status).toBe(200)
      expect(await refresh()).toBe(400)
      await world.server.close()
    }
  })

  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  test.each([
    ['for another client', { aud: 'another-client' }, {}, 'wrong_claims'],
    ['for others as well', { aud: [CLIENT_ID, 'another-client'] }, {}, 'wrong_claims'],
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
