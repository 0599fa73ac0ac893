/**
 * The refresh token grant: what a token that was just used is still good for.
 *
 * @see OAuth 2.1 section 4.3.1 (draft-ietf-oauth-v2-1-16)
 * @see docs/adr/0040-refresh-replay-window.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import { postForm, RESOURCE, type Tokens } from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'
import { auditOf, stored, withFamily } from '../support/refresh-family.ts'

describe('ADR 0040 the replay window', () => {
  test('AS-067 the very same successor, and it is audited', () =>
    withFamily({}, async ({ server, clientId, first, rotate, isLive }) => {
      const second = await rotate(first.refresh_token)
      server.events.length = 0
      server.clock.now += 9
      const again = await rotate(first.refresh_token)
      expect(again).toEqual({ ...second, access_token: again.access_token })
      expect(await isLive(again)).toBe(true)
      const grantId = decodeJwt(first.access_token).jti?.split('.')[0] ?? ''
      const parties = { grantId, userId: server.userId, clientId, resource: RESOURCE }
      expect(server.events).toEqual([{ type: 'refresh_replayed', ...parties }])
      await rotate(second.refresh_token)
    }))

  test('32 at once: 32 times 200, one successor', () =>
    withFamily({}, async ({ server, first, rotate }) => {
      server.events.length = 0
      const answers = await Promise.all(Array.from({ length: 32 }, () => rotate(first.refresh_token)))
      expect(new Set(answers.map(({ refresh_token }) => refresh_token)).size).toBe(1)
      expect(auditOf(server).toSorted()).toEqual([...Array(31).fill('refresh_replayed'), 'token_refreshed'])
      await rotate(answers[0]?.refresh_token ?? '')
    }))

  test('32 at once again and again, each with the successor of the last', () =>
    withFamily({}, async ({ first, rotate }) => {
      let token = first.refresh_token
      for (let round = 0; round < 5; round += 1) {
        const answers = await Promise.all(Array.from({ length: 32 }, () => rotate(token)))
        expect(new Set(answers.map(({ refresh_token }) => refresh_token)).size).toBe(1)
        token = answers[0]?.refresh_token ?? ''
      }
    }))

  test.each([
    [9, 200],
    [10, 200],
    [11, 400],
  ])('AS-067 after %d of 10 seconds: %d', (seconds, status) =>
    withFamily({}, async ({ server, first, rotate, refresh, isLive }) => {
      const second = await rotate(first.refresh_token)
      server.clock.now += seconds
      expect((await refresh(first.refresh_token)).status).toBe(status)
      expect(await isLive(second)).toBe(status === 200)
      expect((await refresh(second.refresh_token)).status).toBe(status)
    }),
  )

  test('is as long as the setting says', () =>
    withFamily({ refresh: { replay_window: 60 } }, async ({ server, first, rotate, refresh }) => {
      const second = await rotate(first.refresh_token)
      server.clock.now += 59
      expect((await rotate(first.refresh_token)).refresh_token).toBe(second.refresh_token)
      server.clock.now += 2
      await expectError(await refresh(first.refresh_token), 400, 'invalid_grant')
    }))

  test('AS-067 0 is strict: the second use ends the family, and nothing sealed is kept', () =>
    withFamily({ refresh: { replay_window: 0 } }, async ({ server, first, rotate, refresh, isLive }) => {
      const second = await rotate(first.refresh_token)
      expect(await stored(server, second.refresh_token)).toMatchObject({ sealedValue: null })
      await expectError(await refresh(first.refresh_token), 400, 'invalid_grant')
      await expectError(await refresh(second.refresh_token), 400, 'invalid_grant')
      expect([await isLive(first), await isLive(second)]).toEqual([false, false])
    }))

  test('0 is strict: of 32 at once at most one gets an answer, and the family is over', () =>
    withFamily({ refresh: { replay_window: 0 } }, async ({ first, refresh, isLive }) => {
      const answers = await Promise.all(Array.from({ length: 32 }, () => refresh(first.refresh_token)))
      const granted = answers.filter(({ status }) => status === 200)
      expect(granted).toHaveLength(1)
      const tokens: Tokens = await (granted[0] ?? new Response()).json()
      await expectError(await refresh(tokens.refresh_token), 400, 'invalid_grant')
      expect(await isLive(tokens)).toBe(false)
    }))

  test('AS-067 it ends with the first use of the successor', () =>
    withFamily({}, async ({ server, first, rotate, refresh, isLive }) => {
      const second = await rotate(first.refresh_token)
      const third = await rotate(second.refresh_token)
      expect(await stored(server, second.refresh_token)).toMatchObject({ sealedValue: null })
      server.events.length = 0
      await expectError(await refresh(first.refresh_token), 400, 'invalid_grant')
      expect(auditOf(server)).toEqual(['grant_revoked', 'token_rejected'])
      expect(server.events[0]).toMatchObject({ reason: 'refresh_reused' })
      await expectError(await refresh(third.refresh_token), 400, 'invalid_grant')
      expect(await isLive(third)).toBe(false)
    }))

  test('a replay does not lengthen it', () =>
    withFamily({}, async ({ server, first, rotate, refresh }) => {
      await rotate(first.refresh_token)
      for (const _ of [1, 2, 3]) {
        server.clock.now += 3
        await rotate(first.refresh_token)
      }
      server.clock.now += 2
      await expectError(await refresh(first.refresh_token), 400, 'invalid_grant')
    }))

  test('AS-068 a replay must be a good request: no other resource, no wider scope, and nothing is revoked', () =>
    withFamily({}, async ({ first, rotate, refresh }) => {
      const second = await rotate(first.refresh_token)
      await expectError(
        await refresh(first.refresh_token, { resource: 'https://other.example' }),
        400,
        'invalid_target',
      )
      await expectError(await refresh(first.refresh_token, { scope: 'notes:admin' }), 400, 'invalid_scope')
      const narrow = await rotate(first.refresh_token, { resource: RESOURCE, scope: 'notes:read' })
      expect(narrow).toMatchObject({ refresh_token: second.refresh_token, scope: 'notes:read' })
      expect(decodeJwt(narrow.access_token)['scope']).toBe('notes:read')
    }))

  test('after the window any reuse ends the family, a good request or not', () =>
    withFamily({}, async ({ server, first, rotate, refresh }) => {
      const second = await rotate(first.refresh_token)
      server.clock.now += 11
      await expectError(await refresh(first.refresh_token, { resource: 'https://other.example' }), 400, 'invalid_grant')
      await expectError(await refresh(second.refresh_token), 400, 'invalid_grant')
    }))

  test('nothing is replayed for a family that was revoked', () =>
    withFamily({}, async ({ server, clientId, first, rotate, refresh }) => {
      await rotate(first.refresh_token)
      await postForm(server, '/oauth/revoke', { token: first.refresh_token, client_id: clientId })
      await expectError(await refresh(first.refresh_token), 400, 'invalid_grant')
    }))
})
