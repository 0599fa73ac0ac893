/**
 * The refresh token grant: rotation, and what ends a family.
 *
 * @see OAuth 2.1 section 4.3 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import { hashOpaqueToken } from '../../server/core/tokens/opaque-token.ts'
import { hash } from '../../server/store/hash.ts'
import { codeForm, obtainCode, postForm, RESOURCE, registerClient } from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'
import { auditOf, type Form, stored, withFamily } from '../support/refresh-family.ts'

describe('section 4.3.1 rotation', () => {
  test('AS-067 MUST give a new refresh token with every use', () =>
    withFamily({}, async ({ first, rotate, server }) => {
      let tokens = first
      const seen = new Set([first.refresh_token])
      for (let use = 1; use <= 5; use += 1) {
        tokens = await rotate(tokens.refresh_token)
        expect(seen.has(tokens.refresh_token)).toBe(false)
        seen.add(tokens.refresh_token)
      }
      expect(auditOf(server).filter((type) => type === 'token_refreshed')).toHaveLength(5)
    }))

  test('AS-067 a confidential client rotates too', () =>
    withFamily({}, async ({ server }) => {
      const client = await registerClient(server, { token_endpoint_auth_method: 'client_secret_post' })
      const { client_id, client_secret } = client
      const post = (form: Form) => postForm(server, '/oauth/token', { ...form, client_id, client_secret })
      const first = await (await post(codeForm(client_id, await obtainCode(server, client_id)))).json()
      const form = { grant_type: 'refresh_token', refresh_token: first.refresh_token }
      await expectError(await postForm(server, '/oauth/token', { ...form, client_id }), 401, 'invalid_client')
      const second = await (await post(form)).json()
      expect(second.refresh_token).toMatch(/^\w{12}\.[\w-]{43}$/)
      expect(second.refresh_token).not.toBe(first.refresh_token)
    }))

  test('AS-070 what is stored cannot be presented, nor opened without the token', () =>
    withFamily({}, async ({ server, first, rotate, refresh }) => {
      const second = await rotate(first.refresh_token)
      const [used, next] = [await stored(server, first.refresh_token), await stored(server, second.refresh_token)]
      expect(used).toMatchObject({ successorHash: next?.hash, consumedAt: server.clock.now })
      expect(next?.sealedValue).toEqual(expect.any(String))
      for (const { refresh_token } of [first, second]) {
        const secret = refresh_token.slice(refresh_token.lastIndexOf('.') + 1)
        expect(JSON.stringify([used, next])).not.toContain(secret)
      }
      for (const hashed of [next?.hash ?? '', next?.hash.split('.').at(-1) ?? '']) {
        await expectError(await refresh(hashed), 400, 'invalid_grant')
      }
    }))

  test('a token from before there were locators goes on, and its successor has one', () =>
    withFamily({}, async ({ server, first, rotate }) => {
      const grantId = (await stored(server, first.refresh_token))?.grantId ?? ''
      const old = 'O'.repeat(43)
      const at = server.clock.now
      const record = { hash: await hash(old), grantId, createdAt: at, expiresAt: at + 100 }
      const unused = { consumedAt: null, successorHash: null, sealedValue: null, boundTo: null }
      const known = await hashOpaqueToken(first.refresh_token, hash)
      await server.store.refreshTokens.rotate({ hash: known, successor: { ...record, ...unused }, now: at })
      const next = await rotate(old)
      expect(next.refresh_token).toMatch(/^\w{12}\./)
      await rotate(next.refresh_token)
    }))

  const spoilt: readonly [string, (token: string) => string][] = [
    ['another locator', (token) => token.replace(/^./, 'A')],
    ['no locator', (token) => token.slice(token.lastIndexOf('.') + 1)],
    ['an empty secret', (token) => token.slice(0, token.lastIndexOf('.') + 1)],
    ['a locator with NUL', (token) => `\0${token}`],
    ['a locator of 600 characters', (token) => 'a'.repeat(600) + token],
    ['a wildcard', (token) => token.replace(/^.{5}/, '%')],
    ['one more part', (token) => `a.${token}`],
  ]
  test.each(spoilt)('%s: invalid_grant, and nothing is revoked', (_, spoil) =>
    withFamily({}, async ({ first, refresh, rotate }) => {
      await expectError(await refresh(spoil(first.refresh_token)), 400, 'invalid_grant')
      await rotate(first.refresh_token)
    }),
  )
})

describe('section 4.3.1 bound to client, scope and resource', () => {
  test('AS-068 under another client id: invalid_grant, and nothing is revoked', () =>
    withFamily({}, async ({ server, first, rotate, refresh, isLive }) => {
      const other = await registerClient(server)
      await expectError(await refresh(first.refresh_token, { client_id: other.client_id }), 400, 'invalid_grant')
      const second = await rotate(first.refresh_token)
      server.clock.now += 60
      await expectError(await refresh(first.refresh_token, { client_id: other.client_id }), 400, 'invalid_grant')
      expect(await isLive(second)).toBe(true)
      await rotate(second.refresh_token)
    }))

  test('AS-068 a narrower scope narrows the access token, not the family', () =>
    withFamily({}, async ({ first, rotate }) => {
      const narrow = await rotate(first.refresh_token, { scope: 'notes:read' })
      expect([narrow.scope, decodeJwt(narrow.access_token)['scope']]).toEqual(['notes:read', 'notes:read'])
      expect((await rotate(narrow.refresh_token)).scope).toBe('notes:read notes:write')
    }))

  const scopes: readonly [string, string][] = [
    ['offline_access notes:read', 'notes:read'],
    ['offline_access', 'notes:read notes:write'],
    ['notes:write  notes:read notes:read', 'notes:write notes:read'],
    ['', 'notes:read notes:write'],
  ]
  test.each(scopes)('the scope %p gets %p', (scope, expected) =>
    withFamily({}, async ({ first, rotate }) => {
      expect((await rotate(first.refresh_token, { scope })).scope).toBe(expected)
    }),
  )

  const beyond = ['notes:admin', 'notes:read notes:admin', 'nonsense', 'notes:read\t', '"', 'NOTES:READ', 'é']
  test.each(beyond)('AS-068 no scope beyond the grant: %p is invalid_scope, and uses nothing up', (scope) =>
    withFamily({}, async ({ first, refresh, rotate }) => {
      await expectError(await refresh(first.refresh_token, { scope }), 400, 'invalid_scope')
      await rotate(first.refresh_token)
    }),
  )

  test('what the resource stopped offering is still within the grant, what it newly offers is not', () =>
    withFamily({}, async ({ first, refresh, rotate, server }) => {
      const scopes = { 'notes:read': 'Read', 'notes:new': 'New' }
      await server.store.resources.put({
        identifier: RESOURCE,
        aliases: [],
        name: null,
        scopes,
        scopeHierarchy: {},
        defaultScopes: null,
        accessTokenLifetime: null,
        dpop: 'optional',
      })
      await expectError(await refresh(first.refresh_token, { scope: 'notes:new' }), 400, 'invalid_scope')
      await rotate(first.refresh_token)
    }))

  test('AS-048 two tokens, no token: invalid_request', () =>
    withFamily({}, async ({ server, clientId, first, rotate }) => {
      const form = { grant_type: 'refresh_token', client_id: clientId }
      for (const refresh_token of [undefined, '', [first.refresh_token, first.refresh_token]]) {
        await expectError(await postForm(server, '/oauth/token', { ...form, refresh_token }), 400, 'invalid_request')
      }
      await rotate(first.refresh_token)
    }))

  test('an access token is no refresh token, and neither is a code', () =>
    withFamily({}, async ({ first, refresh }) => {
      for (const token of [first.access_token, 'nonsense', first.refresh_token.slice(0, -1)]) {
        await expectError(await refresh(token), 400, 'invalid_grant')
      }
    }))
})

describe('section 4.3.3 lifetimes', () => {
  const refreshLifetimes = { refresh: { idle_lifetime: 100, absolute_lifetime: 250 } }

  test.each([
    [99, 200],
    [100, 400],
  ])('AS-068 unused for %d of 100 seconds: %d', (seconds, status) =>
    withFamily(refreshLifetimes, async ({ server, first, refresh }) => {
      server.clock.now += seconds
      expect((await refresh(first.refresh_token)).status).toBe(status)
    }),
  )

  test('AS-068 in use it lives on, and no longer than the absolute lifetime', () =>
    withFamily(refreshLifetimes, async ({ server, first, rotate, refresh }) => {
      let tokens = first
      for (const seconds of [90, 90, 69]) {
        server.clock.now += seconds
        tokens = await rotate(tokens.refresh_token)
      }
      server.clock.now += 1
      await expectError(await refresh(tokens.refresh_token), 400, 'invalid_grant')
    }))

  test('one that was merely late revokes nothing', () =>
    withFamily(refreshLifetimes, async ({ server, first, refresh }) => {
      server.clock.now += 100
      server.events.length = 0
      await expectError(await refresh(first.refresh_token), 400, 'invalid_grant')
      expect(auditOf(server)).toEqual(['token_rejected'])
    }))

  test('AS-067 one that was consumed is a reuse, also long after its idle time', () =>
    withFamily(refreshLifetimes, async ({ server, first, rotate, refresh }) => {
      server.clock.now += 50
      const second = await rotate(first.refresh_token)
      server.clock.now += 60
      await expectError(await refresh(first.refresh_token), 400, 'invalid_grant')
      await expectError(await refresh(second.refresh_token), 400, 'invalid_grant')
      expect(server.events.filter(({ type }) => type === 'grant_revoked')).toHaveLength(1)
    }))
})

test('AS-068 a grant that the person revoked refreshes no more', () =>
  withFamily({}, async ({ server, first, refresh }) => {
    const [grant] = await server.store.grants.listLive(server.userId, server.clock.now)
    expect(await server.as.revokeGrant(grant?.id ?? '', server.userId)).toBe(true)
    await expectError(await refresh(first.refresh_token), 400, 'invalid_grant')
  }))
