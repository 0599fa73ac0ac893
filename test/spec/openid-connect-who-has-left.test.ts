/**
 * People who have left their company, and those whom nobody can ask about.
 *
 * @see OpenID Connect Core 1.0 section 12
 * @see docs/adr/0193-who-has-left.md
 * @see docs/adr/0195-who-cannot-be-asked-about.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import type { OnWarning } from '../../server/login/oidc/context.ts'
import { createBrowser } from '../support/authorization-server.ts'
import { createCompanyWorld, IDP } from '../support/company.ts'
import { connect, isSignedIn } from '../support/company-access.ts'

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

  test.each([null, ''])(
    'a refresh token of %p is none, and an ID token of a refresh may be missing like that',
    async (none) => {
      const world = await createCompanyWorld()
      const { company, server } = world
      const { refresh } = await connect(world)
      company.lies.tokens = (honest) => ({ ...honest, refresh_token: none, id_token: none })
      server.clock.now += 3600
      await world.revalidate()
      company.lies.tokens = (honest) => ({ ...honest, refresh_token: none })
      company.person.sub = 'somebody without one'
      expect((await world.signIn(createBrowser(server), null)).status).toBe(303)
      expect((await server.store.identities.find(IDP, company.person.sub))?.sealedRefreshToken).toBeNull()
      expect(await refresh()).toBe(200)
      expect(company.asked.flatMap(({ form }) => form?.get('refresh_token') ?? []).every(Boolean)).toBe(true)
      await server.close()
    },
  )

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

  test('a provider that keeps everybody waiting is asked three times in a round, and those of others are asked about all the same', async () => {
    const world = await createCompanyWorld()
    const { server, company, other } = world
    for (const sub of ['one', 'two', 'three', 'four', 'five']) {
      company.person.sub = sub
      await world.signIn(createBrowser(server), null)
    }
    server.clock.now += 1
    const behind = await connect(world, 'other')
    other.lies.refuse = 'invalid_grant'
    company.lies.refuse = 'silence'
    const asked = () => company.asked.filter(({ url }) => url.endsWith('/token')).length
    const before = asked()
    server.clock.now += 3600
    await world.revalidate()
    expect(asked() - before).toBe(3)
    expect(await behind.refresh()).toBe(400)
    // In the next round it is asked again, and about those that it was not asked about as well.
    company.lies.refuse = 'invalid_grant'
    server.clock.now += 300
    await world.revalidate()
    expect(asked() - before).toBe(3 + 5)
    await server.close()
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
