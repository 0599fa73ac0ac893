/**
 * The secret is changed while people of a company are signed in: they are asked about as before, and whoever has left loses access.
 *
 * @see docs/adr/0026-changing-the-secret.md
 * @see docs/adr/0193-who-has-left.md
 * @module
 */
import { expect, test } from 'bun:test'
import { companySignIn } from '../../server/company-sign-in.ts'
import type { Identity } from '../../server/core/records.ts'
import { createServer } from '../../server/create-server.ts'
import { random } from '../../server/store/random.ts'
import { createBrowser } from '../support/authorization-server.ts'
import { createCompanyWorld, doorTo } from '../support/company.ts'

const NEW_SECRET = 'the secret that follows, of 32 bytes and more'

test('what providers gave is opened with the previous secret, and sealed with the new one at the start', async () => {
  const world = await createCompanyWorld()
  const { server, company } = world
  expect((await world.signIn(createBrowser(server), null)).status).toBe(303)
  const sealed = async (): Promise<Identity> => {
    const [identity] = await server.store.identities.listSealed({ issuer: '', subject: '' }, 10)
    if (identity === undefined) throw new Error('the provider gave a refresh token')
    return identity
  }
  const { store } = server
  const door = doorTo(company)
  const now = (): number => server.clock.now
  /** Somebody is due, and the provider is asked about them: how often. */
  async function askedWith(settings: typeof server.settings): Promise<number> {
    server.clock.now += 7200
    const upstream = await companySignIn(settings, { store, now, random, audit: () => {}, door })
    const asked = company.asked.length
    await upstream?.revalidateDue(async () => true)
    return company.asked.slice(asked).filter(({ form }) => form?.get('grant_type') === 'refresh_token').length
  }
  const { secret } = server.settings
  const changing = { ...server.settings, secret: NEW_SECRET, previous_secret: secret }
  const start = (settings: typeof changing) =>
    createServer({ settings, store, now, door, audit: () => {}, onFailure: () => {} })

  // A replica that opens with either, before anything was sealed anew.
  expect(await askedWith({ ...server.settings, secret: NEW_SECRET, previous_secret: secret })).toBe(1)
  // And one that has the old one first still, as others do while they are restarted one after the other.
  expect(await askedWith({ ...server.settings, previous_secret: NEW_SECRET })).toBe(1)

  const old = await sealed()
  await (await start(changing)).close()
  const after = await sealed()
  expect(after.sealedRefreshToken).not.toBe(old.sealedRefreshToken)
  expect(after).toEqual({ ...old, sealedRefreshToken: after.sealedRefreshToken })
  // Sealed with the new one already: left alone.
  await (await start(changing)).close()
  expect(await sealed()).toEqual(after)

  // The old secret is gone for good.
  expect(await askedWith({ ...server.settings, secret: NEW_SECRET })).toBe(1)
  expect(await askedWith(server.settings)).toBe(0)
  await server.close()
})
