/**
 * Asking a provider about somebody takes a while. What happens meanwhile is newer than the answer, and is not undone by it.
 *
 * @see docs/adr/0087-what-is-newer-stays.md
 * @see docs/adr/0193-who-has-left.md
 * @module
 */
import { expect, test } from 'bun:test'
import { companySignIn, resealRefreshTokens } from '../../server/company-sign-in.ts'
import type { OnWarning } from '../../server/login/oidc/context.ts'
import { random } from '../../server/store/random.ts'
import { createBrowser, postForm } from '../support/authorization-server.ts'
import { type CompanyWorld, createCompanyWorld, doorTo, IDP } from '../support/company.ts'
import { justBefore } from '../support/just-before.ts'

const NEW_SECRET = 'the secret that follows, of 32 bytes and more'

/** Somebody who has signed in at the company, and is due. */
async function due(world: CompanyWorld): Promise<void> {
  expect((await world.signIn(createBrowser(world.server), null)).status).toBe(303)
  world.server.clock.now += 3600
}

/** The refresh tokens that the company was asked with, in that order. */
const askedWith = ({ company }: CompanyWorld): string[] =>
  company.asked.flatMap(({ form }) => form?.get('refresh_token') ?? [])

/** Those that it gave. */
const given = ({ company }: CompanyWorld): string[] =>
  company.given.filter((token) => token.startsWith('upstream-refresh-'))

/** Once, while the company is making its next answer. */
function meanwhile({ company }: CompanyWorld, act: () => Promise<unknown>): void {
  company.lies.sign = async (claims) => {
    delete company.lies.sign
    await act()
    return company.sign(claims)
  }
}

/** What looks after people, with another secret. */
async function withSecrets(world: CompanyWorld, secrets: { secret: string; previous_secret?: string }) {
  const { server, company } = world
  const settings = { ...server.settings, ...secrets }
  const warnings: Parameters<OnWarning>[] = []
  const onWarning: OnWarning = (...warning) => warnings.push(warning)
  const tools = { store: server.store, now: () => server.clock.now, random, audit: () => {}, door: doorTo(company) }
  const upstream = await companySignIn(settings, { ...tools, onWarning })
  return { settings, warnings, revalidate: async () => upstream?.revalidateDue(async () => true) }
}

const identity = ({ server, company }: CompanyWorld) => server.store.identities.find(IDP, company.person.sub)

test('whoever signs in anew while they are asked about is asked about with the token of that sign-in', async () => {
  const world = await createCompanyWorld()
  await due(world)
  let newer = ''
  meanwhile(world, async () => {
    await world.signIn(createBrowser(world.server), null)
    newer = given(world).at(-1) ?? ''
  })
  await world.revalidate()
  expect(given(world)).toHaveLength(3)
  world.server.clock.now += 3600
  await world.revalidate()
  expect(askedWith(world).slice(1)).toEqual([newer])
  await world.server.close()
})

test('a sign-in that brings no token leaves the one that the answer brings', async () => {
  const world = await createCompanyWorld()
  await due(world)
  meanwhile(world, async () => {
    world.company.lies.tokens = ({ refresh_token: _, ...honest }) => honest
    await world.signIn(createBrowser(world.server), null)
    delete world.company.lies.tokens
  })
  await world.revalidate()
  const [, rotated] = given(world)
  world.server.clock.now += 3600
  await world.revalidate()
  expect(askedWith(world).slice(1)).toEqual([rotated ?? ''])
  await world.server.close()
})

test('whom the provider signs out while they are asked about is not brought back by the answer', async () => {
  const world = await createCompanyWorld({ logout_ends_access: true })
  await due(world)
  meanwhile(world, async () => {
    const logout = await postForm(world.server, '/oidc/back-channel-logout', {
      logout_token: await world.company.logoutToken(),
    })
    expect(logout.status).toBe(200)
  })
  await world.revalidate()
  expect(await identity(world)).toMatchObject({ sealedRefreshToken: null, checkAt: null })
  expect(world.server.events).toContainEqual(
    expect.objectContaining({ type: 'access_ended', reason: 'signed_out_by_provider' }),
  )
  await world.server.close()
})

test('a logout counts also when an answer was stored at that very moment', async () => {
  const world = await createCompanyWorld({ logout_ends_access: true })
  await due(world)
  justBefore(world.server.store.identities, 'lose', world.revalidate)
  const logout = await postForm(world.server, '/oidc/back-channel-logout', {
    logout_token: await world.company.logoutToken(),
  })
  expect(logout.status).toBe(200)
  expect(given(world)).toHaveLength(2)
  expect(await identity(world)).toMatchObject({ sealedRefreshToken: null, checkAt: null })
  await world.server.close()
})

test('what is sealed with a new secret while the provider answers is replaced by the answer all the same', async () => {
  const world = await createCompanyWorld()
  await due(world)
  const { server } = world
  const changing = await withSecrets(world, { secret: NEW_SECRET, previous_secret: server.settings.secret })
  meanwhile(world, () => resealRefreshTokens(changing.settings, server.store))
  await changing.revalidate()
  const [, rotated] = given(world)
  server.clock.now += 3600
  await changing.revalidate()
  expect(askedWith(world).slice(1)).toEqual([rotated ?? ''])
  await server.close()
})

test('whose turn is over is left to whoever has it now: no refresh token is used by two', async () => {
  const world = await createCompanyWorld()
  const { server, company } = world
  await world.signIn(createBrowser(server), null)
  company.person.sub = 'somebody-else'
  await due(world)
  company.person.sub = 'a1b2-c3d4'
  const [, second = ''] = given(world)
  // A claim of theirs would end them: whom the ID token is about follows from the token.
  company.lies.claims = (honest) => ({
    ...honest,
    sub: askedWith(world).at(-1) === second ? 'somebody-else' : honest['sub'],
  })
  company.lies.userinfo = () => 'no JSON'
  const elsewhere = await withSecrets(world, { secret: server.settings.secret })
  meanwhile(world, () => {
    server.clock.now += 300
    return elsewhere.revalidate()
  })
  await world.revalidate()
  expect(askedWith(world).filter((token) => token === second)).toHaveLength(1)
  await server.close()
})

test('a token that is sealed with a secret that is gone: nobody is asked, an administrator is told, and unseen_lifetime counts', async () => {
  const world = await createCompanyWorld({}, { oidc: { unseen_lifetime: 10_800 } })
  const { server } = world
  await due(world)
  const gone = await withSecrets(world, { secret: NEW_SECRET })
  await gone.revalidate()
  const told = [expect.stringContaining('as previous_secret'), { people: 1 }] as [string, { people: number }]
  expect([askedWith(world), gone.warnings]).toEqual([[], [told]])
  // Told again in an hour, not every five minutes.
  server.clock.now += 3599
  await gone.revalidate()
  expect(gone.warnings).toHaveLength(1)
  server.clock.now += 1
  await gone.revalidate()
  expect(gone.warnings).toHaveLength(2)
  // As it is told: with that secret everything is as before.
  const back = await withSecrets(world, { secret: NEW_SECRET, previous_secret: server.settings.secret })
  server.clock.now += 3599
  await back.revalidate()
  expect([askedWith(world).length, back.warnings]).toEqual([0, []])
  expect((await server.store.audit.readBack(null, { type: 'access_ended' })).records).toEqual([])
  server.clock.now += 1
  await gone.revalidate()
  const { records } = await server.store.audit.readBack(null, { type: 'access_ended' })
  expect(records).toMatchObject([{ reason: 'not_seen_by_provider' }])
  await server.close()
})

test('who is removed on the way back from the provider is not signed in', async () => {
  const world = await createCompanyWorld()
  const { users, identities, sessions } = world.server.store
  const remove = async () => users.remove((await identity(world))?.userId ?? '', world.server.clock.now)
  justBefore(sessions, 'create', remove)
  const browser = createBrowser(world.server)
  expect((await world.signIn(browser, null)).status).not.toBe(303)
  expect(world.lastFailure()).toBe('no_account')
  expect((await browser.fetch('/account')).headers.get('location')).toBe('/sign-in')
  // The same, a little earlier.
  expect((await world.signIn(browser, null)).status).toBe(303)
  justBefore(identities, 'seen', remove)
  expect((await world.signIn(createBrowser(world.server), null)).status).not.toBe(303)
  expect(world.lastFailure()).toBe('no_account')
  await world.server.close()
})
