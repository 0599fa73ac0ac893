/**
 * Cross-app access: who the person is, which key is proven, and options that cannot work.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 9.2 (a better sign-in), section 9.9.1 (DPoP)
 * @see MCP extension io.modelcontextprotocol/enterprise-managed-authorization, section 3
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { crossAppAccess } from '../../client/grants/index.ts'
import { memoryStore } from '../../client/index.ts'
import { failureOf } from '../support/client.ts'
import { json } from '../support/fake-authorization-server.ts'
import { employeeIn, fakeCompany, IDP, IDP_TOKEN } from '../support/fake-company.ts'

describe('the person', () => {
  test('EMA-C11 a function is asked each time that an ID-JAG is needed', async () => {
    const world = fakeCompany({ expiresIn: 100, jagLifetime: 50 })
    world.accepted.add('second')
    const tokens = ['id-token', 'second']
    const session = employeeIn(world, {}, { identity: async () => tokens.shift() ?? '' })
    await session.fetch(world.resource)
    world.clock.now += 100
    await session.fetch(world.resource)
    expect(world.exchanges().map(({ form }) => form.get('subject_token'))).toEqual(['id-token', 'second'])
  })

  test('EMA-C11 whom the provider does not vouch for any more has to sign in there', async () => {
    const world = fakeCompany()
    world.accepted.clear()
    expect(await failureOf(employeeIn(world).authorize())).toMatchObject({
      code: 'identity_rejected',
      interactive: true,
      retryable: false,
      oauthError: 'invalid_grant',
      url: IDP_TOKEN,
    })
  })

  const unmet = () => json({ error: 'insufficient_user_authentication', max_age: 5, acr_values: 'phr' }, 400)

  test('EMA-C14 what the provider wants of a sign-in is passed on, once', async () => {
    const world = fakeCompany()
    world.accepted.add('fresh')
    world.on('POST', IDP_TOKEN, (request) =>
      request.form.get('subject_token') === 'fresh' ? world.exchange(request) : unmet(),
    )
    const wanted: unknown[] = []
    const identity = (about: { readonly maxAge?: number }) => {
      wanted.push(about)
      return about.maxAge === undefined ? 'id-token' : 'fresh'
    }
    expect((await employeeIn(world, {}, { identity }).fetch(world.resource)).status).toBe(200)
    expect(wanted).toEqual([{}, { maxAge: 5, acrValues: 'phr' }])
  })

  test('EMA-C14 where that brings nothing better, the person is needed', async () => {
    const world = fakeCompany()
    world.on('POST', IDP_TOKEN, unmet)
    for (const [identity, requests] of [
      ['id-token', 1],
      [() => 'id-token', 2],
    ] as const) {
      world.requests.length = 0
      const failure = await failureOf(employeeIn(world, {}, { identity }).authorize())
      expect(failure).toMatchObject({ code: 'identity_rejected', oauthError: 'insufficient_user_authentication' })
      expect(world.exchanges()).toHaveLength(requests)
    }
  })

  test('R12 in a store that is shared each person has a profile', async () => {
    const world = fakeCompany()
    const store = memoryStore(world.now)
    expect(() => employeeIn(world, { store })).toThrow('a profile beside a store')
    await employeeIn(world, { store, profile: 'ada' }).authorize()
    expect(await employeeIn(world, { store, profile: 'bob' }).status()).toBe('signed-out')
    expect(await employeeIn(world, { store, profile: 'ada' }).status()).toBe('ready')
  })
})

describe('EMA-C18 DPoP', () => {
  const algs = { dpop_signing_alg_values_supported: ['ES256'] }

  test('the same key is proven at both, and the ID-JAG says so', async () => {
    const world = fakeCompany({ serverMetadata: algs, idpMetadata: algs })
    expect((await employeeIn(world, { dpop: 'required' }).authorize()).tokenType).toBe('DPoP')
    expect(world.exchanges()[0]?.headers.get('dpop')).toMatch(/^ey/)
    expect(world.redeemed[0]?.['cnf']).toEqual({ jkt: expect.stringMatching(/^[\w-]{43}$/) })
  })

  test('a provider that does none of it is sent none; the token is bound all the same', async () => {
    const world = fakeCompany({ serverMetadata: algs })
    expect((await employeeIn(world, { dpop: 'required' }).authorize()).tokenType).toBe('DPoP')
    expect(world.exchanges()[0]?.headers.has('dpop')).toBe(false)
    expect(world.redeemed[0]?.['cnf']).toBeUndefined()
  })

  test('an ID-JAG without the key that was proven is a downgrade, where that matters', async () => {
    const world = fakeCompany({ serverMetadata: algs, idpMetadata: algs })
    world.jag.claims = { cnf: undefined }
    expect((await failureOf(employeeIn(world, { dpop: 'required' }).authorize())).code).toBe('dpop_downgrade')
    expect(world.redemptions()).toEqual([])
    expect((await employeeIn(world, { dpop: 'preferred' }).authorize()).tokenType).toBe('DPoP')
  })

  test('RFC 9449 section 8 a nonce of the provider is taken up', async () => {
    const world = fakeCompany({ serverMetadata: algs, idpMetadata: algs })
    world.on('POST', IDP_TOKEN, (request) => {
      const claims = JSON.parse(
        atob((request.headers.get('dpop') ?? '').split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? ''),
      )
      return claims.nonce === 'n-1'
        ? world.exchange(request)
        : json({ error: 'use_dpop_nonce' }, 400, { 'dpop-nonce': 'n-1' })
    })
    expect((await employeeIn(world, { dpop: 'required' }).authorize()).tokenType).toBe('DPoP')
    expect(world.exchanges()).toHaveLength(2)
  })

  test('a new key is a new ID-JAG: the one before cannot be redeemed with it', async () => {
    const world = fakeCompany({ serverMetadata: algs, idpMetadata: algs, expiresIn: 100, jagLifetime: 1000 })
    const session = employeeIn(world, { dpop: 'required' })
    await session.authorize()
    await session.authorize({ force: true })
    expect(world.exchanges()).toHaveLength(2)
    expect(world.redemptions()).toHaveLength(2)
  })
})

describe('options that cannot work are told apart', () => {
  const of = (idp: Parameters<typeof crossAppAccess>[0]['idp']) => () => crossAppAccess({ idp, identity: 'id-token' })
  const cases = [
    ['http://login.acme.example', { id: 'a' }, 'https'],
    ['not a URL', { id: 'a' }, 'https'],
    [IDP, {}, 'client.id'],
    [IDP, { id: '' }, 'empty'],
  ] as const
  test.each(cases)('%s %o', (issuer, client, words) => {
    expect(of({ issuer, client })).toThrow(words)
  })

  test('an empty identity is no identity', async () => {
    const world = fakeCompany()
    expect((await failureOf(employeeIn(world, {}, { identity: () => '' }).authorize())).code).toBe('configuration')
    expect(world.exchanges()).toEqual([])
  })

  test('what one resource is allowed to leave out, the provider is not: no address is made up for it', async () => {
    const world = fakeCompany()
    world.on('GET', `${IDP}/.well-known/openid-configuration`, () => new Response(null, { status: 404 }))
    const session = employeeIn(world, { compat: { authorizeAtOrigin: true } })
    expect((await failureOf(session.authorize())).code).toBe('server_metadata_not_found')
    expect(world.exchanges()).toEqual([])
  })

  test('inside the network of the company: the provider is judged beside itself', async () => {
    const world = fakeCompany()
    world.on('GET', 'https://10.1.2.3/.well-known/openid-configuration', () =>
      json({ issuer: 'https://10.1.2.3', token_endpoint: 'https://10.1.2.3/token' }),
    )
    world.on('POST', 'https://10.1.2.3/token', world.exchange)
    const idp = { issuer: 'https://10.1.2.3', client: { id: 'a' } }
    expect((await employeeIn(world, {}, { idp }).fetch(world.resource)).status).toBe(200)
  })
})
