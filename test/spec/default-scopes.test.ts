/**
 * What a request without a scope means.
 *
 * @see RFC 6749 section 3.3
 * @see RFC 9700 section 2.3
 * @see OpenID Connect Core 1.0 section 11: offline access
 * @see docs/adr/0042-default-scopes.md
 * @see docs/adr/0045-offline-access.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import type { ConfigInput } from '../../server/config.ts'
import {
  approve,
  authorizationQuery,
  codeForm,
  createTestServer,
  postForm,
  RESOURCE,
  registerClient,
} from '../support/authorization-server.ts'

const scopes = { read: 'Read', write: 'Write', admin: 'Everything' }

/** The scope that is granted, or the error. */
async function granted(config: ConfigInput, scope: string | undefined, ceiling?: readonly string[]): Promise<string> {
  const server = await createTestServer(config)
  const { client_id: registered } = await registerClient(server)
  const client = await server.store.clients.find(registered)
  if (client === null) throw new Error('not registered')
  await server.store.clients.create({ ...client, id: 'client', scopeCeiling: ceiling ?? null })
  const location = await approve(server, await authorizationQuery('client', { scope }))
  const code = location.searchParams.get('code')
  const answer =
    code === null
      ? (location.searchParams.get('error') ?? 'nothing')
      : (await (await postForm(server, '/oauth/token', codeForm('client', code))).json()).scope
  await server.close()
  return answer
}

describe('oauth.require_scope is on, the default', () => {
  const resources = [{ identifier: RESOURCE, scopes, default_scopes: ['read'] }]
  const cases: readonly [string | undefined, string][] = [
    [undefined, 'invalid_scope'],
    ['', 'invalid_scope'],
    [' ', 'invalid_scope'],
    ['offline_access', 'invalid_scope'],
    ['read', 'read'],
    ['write read', 'write read'],
    ['read  read', 'read'],
    ['offline_access read', 'read'],
    ['read nonsense', 'invalid_scope'],
  ]
  test.each(cases)('AS-057 the scope %p: %p', async (scope, expected) => {
    expect(await granted({ resources }, scope)).toBe(expected)
  })

  test('a resource without scopes needs none', async () => {
    const bare = { resources: [{ identifier: RESOURCE, scopes: {} }] }
    expect(await granted(bare, undefined)).toBe('')
    expect(await granted(bare, 'read')).toBe('invalid_scope')
  })
})

describe('oauth.require_scope is off', () => {
  const oauth = { require_scope: false }
  const cases: readonly [string, readonly string[] | undefined, string | undefined, string][] = [
    ['the declared default set', ['read'], undefined, 'read'],
    ['the declared default set, in its order', ['write', 'read'], '', 'write read'],
    ['all registered ones where none is declared', undefined, undefined, 'read write admin'],
    ['none where the declared set is empty', [], undefined, ''],
    ['the default for offline_access alone', ['read'], 'offline_access', 'read'],
    ['what is asked for', ['read'], 'admin', 'admin'],
    ['still not what is unknown', ['read'], 'nonsense', 'invalid_scope'],
  ]
  test.each(cases)('AS-057 a request without a scope gets %s', async (_, default_scopes, scope, expected) => {
    const resource = { identifier: RESOURCE, scopes, ...(default_scopes && { default_scopes: [...default_scopes] }) }
    expect(await granted({ oauth, resources: [resource] }, scope)).toBe(expected)
  })

  test('ADR 0045 offline_access is not granted, even where a resource claims it as a scope', async () => {
    const odd = { ...scopes, offline_access: 'Stay' }
    for (const asked of [undefined, 'offline_access read', 'read']) {
      const resource = { identifier: RESOURCE, scopes: odd, default_scopes: ['read', 'offline_access'] }
      expect(await granted({ oauth, resources: [resource] }, asked)).toBe('read')
    }
  })

  test('no more than the ceiling of the client', async () => {
    const resources = [{ identifier: RESOURCE, scopes }]
    expect(await granted({ oauth, resources }, undefined, ['write', 'read'])).toBe('read write')
    expect(await granted({ oauth, resources }, undefined, [])).toBe('')
    expect(await granted({ oauth, resources }, 'read admin', ['read'])).toBe('invalid_scope')
  })
})
