/**
 * A stolen refresh token, used before, beside and after its owner. Either the thief gets nothing that the owner has not got, or the
 * family ends for both.
 *
 * @see OAuth 2.1 section 4.3.1 and section 7.1 (draft-ietf-oauth-v2-1-16)
 * @see docs/adr/0040-refresh-replay-window.md
 * @module
 */
import { expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import {
  createTestServer,
  obtainTokens,
  postForm,
  registerClient,
  type Tokens,
} from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'

async function createTheft() {
  const server = await createTestServer()
  const { client_id } = await registerClient(server)
  const refresh = (refresh_token: string) =>
    postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token, client_id })
  return {
    server,
    stolen: await obtainTokens(server, client_id),
    refresh,
    rotate: async (token: string): Promise<Tokens> => {
      const response = await refresh(token)
      expect(response.status).toBe(200)
      return response.json()
    },
    expectOver: async (...families: readonly Tokens[]) => {
      for (const { refresh_token, access_token } of families) {
        await expectError(await refresh(refresh_token), 400, 'invalid_grant')
        expect(await server.as.isLive({ jti: decodeJwt(access_token).jti ?? '' })).toBe(false)
      }
      const reused = server.events.filter((event) => event.type === 'grant_revoked')
      expect(reused.map(({ reason }) => reason)).toEqual(['refresh_reused'])
    },
  }
}

test('AS-067 the thief was first and goes on: the owner comes, and the family ends for both', async () => {
  const { stolen, rotate, refresh, expectOver } = await createTheft()
  const thief = await rotate((await rotate(stolen.refresh_token)).refresh_token)
  await expectError(await refresh(stolen.refresh_token), 400, 'invalid_grant')
  await expectOver(thief, stolen)
})

test('AS-067 the thief was first and waits: the owner comes after the window, and the family ends for both', async () => {
  const { server, stolen, rotate, refresh, expectOver } = await createTheft()
  const thief = await rotate(stolen.refresh_token)
  server.clock.now += 11
  await expectError(await refresh(stolen.refresh_token), 400, 'invalid_grant')
  await expectOver(thief, stolen)
})

test('AS-067 the thief comes later: the family ends for both', async () => {
  const { server, stolen, rotate, refresh, expectOver } = await createTheft()
  const owner = await rotate(stolen.refresh_token)
  server.clock.now += 3600
  await expectError(await refresh(stolen.refresh_token), 400, 'invalid_grant')
  await expectOver(owner, stolen)
})

test('AS-067 the thief comes within the window: no more than the owner has, and going on from it ends the family', async () => {
  const { server, stolen, rotate, refresh, expectOver } = await createTheft()
  const owner = await rotate(stolen.refresh_token)
  const thief = await rotate(stolen.refresh_token)
  expect(thief).toEqual({ ...owner, access_token: thief.access_token })
  expect(server.events.at(-1)).toMatchObject({ type: 'refresh_replayed' })
  const next = await rotate(owner.refresh_token)
  server.clock.now += 11
  await expectError(await refresh(thief.refresh_token), 400, 'invalid_grant')
  await expectOver(next, owner, stolen)
})

test('AS-067 a token of long ago, from the middle of the chain, ends it all', async () => {
  const { stolen, rotate, refresh, expectOver } = await createTheft()
  const chain = [stolen]
  for (let use = 0; use < 6; use += 1) chain.push(await rotate(chain.at(-1)?.refresh_token ?? ''))
  await expectError(await refresh(chain[3]?.refresh_token ?? ''), 400, 'invalid_grant')
  await expectOver(...chain)
})

test('AS-067 it ends this family and no other, of the same person at the same client', async () => {
  const { server, stolen, rotate, refresh, expectOver } = await createTheft()
  const [grant] = await server.store.grants.listLive(server.userId, server.clock.now)
  const sibling = await obtainTokens(server, grant?.clientId ?? '')
  await rotate((await rotate(stolen.refresh_token)).refresh_token)
  await refresh(stolen.refresh_token)
  await expectOver(stolen)
  await rotate(sibling.refresh_token)
})
