/**
 * The pure checks of the authorization endpoint, as tables.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { canRememberConsent, nextStep } from '../../server/core/authorize/next-step.ts'
import { checkPrompt } from '../../server/core/authorize/prompt.ts'
import { checkRedirectable } from '../../server/core/authorize/redirectable-request.ts'
import type { Prompt, ValidRequest } from '../../server/core/authorize/request.ts'
import { checkScope } from '../../server/core/authorize/scope-allowed.ts'
import type { Client, Consent, Resource } from '../../server/core/records.ts'
import type { Reason } from '../../server/core/rejection.ts'
import { namesResource, selectResource } from '../../server/core/select-resource.ts'
import type { FormRecord } from '../../shared/form.ts'

const publicClient: Client = {
  id: 'client',
  name: null,
  redirectUris: ['http://127.0.0.1/cb'],
  authMethods: ['none'],
  secrets: [],
  jwks: null,
  jwksUri: null,
  grantTypes: ['authorization_code'],
  responseTypes: ['code'],
  applicationType: 'native',
  scope: null,
  scopeCeiling: null,
  resource: null,
  dpop: 'optional',
  agent: false,
  metadata: {},
  origin: 'dynamic',
  issuedAt: 0,
  lastUsedAt: null,
  expiresAt: null,
}
const confidential: Client = { ...publicClient, authMethods: ['client_secret_basic'] }
const resource: Resource = {
  identifier: 'https://r/mcp',
  aliases: ['https://r/mcp/'],
  name: null,
  scopes: { read: 'Read', write: 'Write' },
  scopeHierarchy: {},
  defaultScopes: null,
  accessTokenLifetime: null,
  dpop: 'optional',
}

/** Claims offline_access as a scope of its own, as only an embedding application could. */
const odd = (tiered: Resource): Resource => ({
  ...tiered,
  scopes: { ...tiered.scopes, offline_access: 'Stay' },
  scopeHierarchy: { read: ['offline_access'] },
})

function redirectable(query: FormRecord, client: Client | null = publicClient) {
  return checkRedirectable(query, client, { localhostAnyPort: true })
}

function validRequest(client: Client, prompts: readonly Prompt[], scopes: readonly string[]): ValidRequest {
  const checked = redirectable({ redirect_uri: 'http://127.0.0.1/cb' }, client)
  if (!checked.ok) throw new Error(checked.error.reason)
  return { ...checked.value, codeChallenge: 'x', boundTo: null, resource, scopes, prompts }
}

describe('nextStep', () => {
  const consent = (scopes: readonly string[]): Consent => ({
    userId: 'user',
    clientId: 'client',
    resource: resource.identifier,
    scopes,
    grantedAt: 0,
    clientDigest: null,
  })
  const login = { refuse: 'login_required' } as const
  const agree = { refuse: 'consent_required' } as const
  type Step = ReturnType<typeof nextStep>
  const cases: readonly (readonly [Client, readonly Prompt[], string | null, readonly string[] | null, Step])[] = [
    [publicClient, [], null, null, 'sign_in'],
    [publicClient, ['none'], null, null, login],
    [publicClient, [], 'user', null, 'consent'],
    [publicClient, [], 'user', ['read'], 'consent'],
    [publicClient, ['none'], 'user', ['read'], agree],
    [publicClient, ['login'], 'user', null, 'sign_in'],
    [confidential, [], null, ['read'], 'sign_in'],
    [confidential, ['none'], null, ['read'], login],
    [confidential, [], 'user', null, 'consent'],
    [confidential, [], 'user', ['read'], 'issue'],
    [confidential, [], 'user', ['write', 'read'], 'issue'],
    [confidential, [], 'user', ['write'], 'consent'],
    [confidential, [], 'user', [], 'consent'],
    [confidential, ['none'], 'user', ['read'], 'issue'],
    [confidential, ['none'], 'user', ['write'], agree],
    [confidential, ['none'], 'user', null, agree],
    [confidential, ['consent'], 'user', ['read'], 'consent'],
    [confidential, ['consent'], null, ['read'], 'sign_in'],
    [confidential, ['login'], 'user', ['read'], 'sign_in'],
    [confidential, ['login', 'consent'], 'user', ['read'], 'sign_in'],
  ]
  test.each(cases)('AS-053 %#', (client, prompts, userId, agreed, expected) => {
    const step = nextStep(validRequest(client, prompts, ['read']), userId, agreed && consent(agreed))
    expect(step).toEqual(expected)
  })

  test('AS-053 only a client with a secret is remembered', () => {
    expect([canRememberConsent(publicClient), canRememberConsent(confidential)]).toEqual([false, true])
  })
})

describe('checkRedirectable', () => {
  const cases: readonly (readonly [string, FormRecord, Client | null, Reason])[] = [
    ['no client', { redirect_uri: 'http://127.0.0.1/cb' }, null, 'unknown_client'],
    ['another redirect URI', { redirect_uri: 'http://127.0.0.1/other' }, publicClient, 'unregistered_redirect_uri'],
    ['two redirect URIs', { redirect_uri: ['http://127.0.0.1/cb', 'x'] }, publicClient, 'malformed_request'],
    ['none of none', {}, { ...publicClient, redirectUris: [] }, 'missing_redirect_uri'],
    ['none of two', {}, { ...publicClient, redirectUris: ['https://a', 'https://b'] }, 'missing_redirect_uri'],
  ]
  test.each(cases)('AS-044 %s', (_, query, client, reason) => {
    expect(redirectable(query, client)).toEqual({ ok: false, error: { reason } })
  })

  test('what was presented is where it goes, state and all', () => {
    const query = { redirect_uri: 'http://127.0.0.1:5/cb', state: 's' }
    expect(redirectable(query)).toMatchObject({ ok: true, value: { redirectUri: query.redirect_uri, state: 's' } })
    expect(redirectable({})).toMatchObject({
      ok: true,
      value: { redirectUri: 'http://127.0.0.1/cb', state: undefined },
    })
  })
})

describe('checkPrompt', () => {
  const cases: readonly (readonly [string | undefined, readonly Prompt[] | null])[] = [
    [undefined, []],
    ['', []],
    ['none', ['none']],
    ['none none', null],
    ['consent login', ['login', 'consent']],
    ['login login', ['login']],
    ['select_account', []],
    ['none x', null],
    ['NONE', []],
  ]
  test.each(cases)('%p: %p', (prompt, expected) => {
    const checked = checkPrompt(prompt)
    expect(checked.ok ? checked.value : null).toEqual(expected)
  })
})

describe('checkScope', () => {
  const withDefault = { ...resource, defaultScopes: ['write'] }
  const bare = { ...resource, scopes: {} }
  const capped = { ...publicClient, scopeCeiling: ['read'] }
  const cases: readonly (readonly [string | undefined, Resource, Client, boolean, readonly string[] | Reason])[] = [
    ['read', resource, publicClient, true, ['read']],
    ['write read write', resource, publicClient, true, ['write', 'read']],
    ['read offline_access', resource, publicClient, true, ['read']],
    [undefined, resource, publicClient, true, 'missing_scope'],
    ['offline_access', resource, publicClient, true, 'missing_scope'],
    [undefined, resource, publicClient, false, ['read', 'write']],
    [undefined, withDefault, publicClient, false, ['write']],
    [undefined, withDefault, capped, false, []],
    [undefined, resource, capped, false, ['read']],
    [undefined, bare, publicClient, true, []],
    ['read', bare, publicClient, true, 'unknown_scope'],
    ['admin', resource, publicClient, true, 'unknown_scope'],
    ['toString', resource, publicClient, true, 'unknown_scope'],
    ['__proto__', resource, publicClient, true, 'unknown_scope'],
    ['*', resource, publicClient, true, 'unknown_scope'],
    ['read write', resource, capped, true, 'scope_above_ceiling'],
    ['read"', resource, publicClient, true, 'malformed_scope'],
    ['read\nwrite', resource, publicClient, true, 'malformed_scope'],
  ]
  test.each(cases)('AS-057 SEC-044 %p', (scope, target, client, required, expected) => {
    const checked = checkScope(scope, target, client, required)
    expect(checked.ok ? checked.value : checked.error.reason).toEqual(expected)
  })

  const tiered: Resource = {
    ...resource,
    scopes: { read: 'Read', write: 'Write', admin: 'Everything', audit: 'Look at the log' },
    scopeHierarchy: { admin: ['write', 'audit'], write: ['read'] },
  }
  const ceiling = (...scopeCeiling: string[]): Client => ({ ...publicClient, scopeCeiling })
  const hierarchy: readonly (readonly [string, string | undefined, Resource, Client, readonly string[] | Reason])[] = [
    ['what is implied follows', 'write', tiered, publicClient, ['write', 'read']],
    ['transitively', 'admin', tiered, publicClient, ['admin', 'write', 'read', 'audit']],
    ['once', 'read audit write', tiered, publicClient, ['read', 'audit', 'write']],
    ['never upwards', 'read', tiered, publicClient, ['read']],
    ['of the defaults', undefined, { ...tiered, defaultScopes: ['write'] }, publicClient, ['write', 'read']],
    ['a ceiling implies, too', 'read', tiered, ceiling('write'), ['read']],
    ['a ceiling implies transitively', 'write audit', tiered, ceiling('admin'), ['write', 'read', 'audit']],
    ['a ceiling ends there', 'admin', tiered, ceiling('write', 'audit'), 'scope_above_ceiling'],
    ['the defaults below a ceiling', undefined, tiered, ceiling('write'), ['read', 'write']],
    ['only what exists', 'read', { ...tiered, scopeHierarchy: { read: ['gone'] } }, publicClient, ['read']],
    ['offline_access by no way', 'read', odd(tiered), publicClient, ['read']],
  ]
  test.each(hierarchy)('ADR 0108 %s', (_, scope, target, client, expected) => {
    const checked = checkScope(scope, target, client, false)
    expect(checked.ok ? checked.value : checked.error.reason).toEqual(expected)
  })
})

describe('selectResource', () => {
  const mail: Resource = { ...resource, identifier: 'urn:mail', aliases: [] }
  const both = [resource, mail]
  const cases: readonly (readonly [readonly Resource[], readonly string[] | undefined, string])[] = [
    [[resource], undefined, 'https://r/mcp'],
    [[resource], [], 'https://r/mcp'],
    [both, ['https://r/mcp'], 'https://r/mcp'],
    [both, ['https://r/mcp/'], 'https://r/mcp'],
    [both, ['urn:mail'], 'urn:mail'],
    [both, ['https://r/mcp', 'https://r/mcp/'], 'https://r/mcp'],
    [both, undefined, 'missing_resource'],
    [[], undefined, 'missing_resource'],
    [both, ['https://r/mcp', 'urn:mail'], 'several_resources'],
    [both, ['https://r/other'], 'unknown_resource'],
    [both, ['https://r/mcp', 'https://r/other'], 'unknown_resource'],
    [both, ['https://r/other', 'https://r/mcp'], 'unknown_resource'],
    [both, ['/mcp'], 'malformed_resource'],
    [both, ['https://r/mcp#x'], 'malformed_resource'],
    [both, ['https://r/mcp', ''], 'malformed_resource'],
  ]
  test.each(cases)('AS-049 %#', (resources, requested, expected) => {
    const selected = selectResource(resources, requested)
    expect(selected.ok ? selected.value.identifier : selected.error.reason).toBe(expected)
  })

  test('a name is a whole string', () => {
    for (const value of ['https://r/mc', 'https://r/mcp/x', 'HTTPS://r/mcp', ' https://r/mcp']) {
      expect(namesResource(resource, value)).toBe(false)
    }
  })
})
