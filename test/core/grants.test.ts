/**
 * The pure decisions about codes and refresh tokens, as tables.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { checkCode, checkSameResource } from '../../server/core/grants/authorization-code.ts'
import { checkRefreshToken, checkRequest, replayable } from '../../server/core/grants/refresh-token.ts'
import type { AuthorizationCode, Client, Grant, RefreshToken, Resource } from '../../server/core/records.ts'
import type { Reason } from '../../server/core/rejection.ts'
import type { AuthorizationCodeRequest, RefreshTokenRequest } from '../../shared/token-request.ts'

const client: Client = {
  id: 'client',
  name: null,
  redirectUris: ['https://app.example/cb'],
  authMethods: ['none'],
  secrets: [],
  jwks: null,
  jwksUri: null,
  grantTypes: ['authorization_code', 'refresh_token'],
  responseTypes: ['code'],
  applicationType: 'web',
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
const other: Client = { ...client, id: 'other' }
const notes: Resource = {
  identifier: 'https://r/mcp',
  aliases: ['https://r/mcp/'],
  name: null,
  scopes: {},
  scopeHierarchy: {},
  defaultScopes: null,
  accessTokenLifetime: null,
  dpop: 'optional',
}
const mail: Resource = { ...notes, identifier: 'https://mail/mcp', aliases: [] }

const grant: Grant = {
  id: 'grant',
  userId: 'user',
  clientId: 'client',
  resource: notes.identifier,
  scopes: ['read', 'write'],
  createdAt: 0,
  expiresAt: 1000,
  revokedAt: null,
}
const code: AuthorizationCode = {
  hash: 'hash',
  grantId: 'grant',
  redirectUri: 'https://app.example/cb',
  codeChallenge: 'challenge',
  boundTo: null,
  expiresAt: 100,
  consumedAt: null,
}
const used = { ...code, consumedAt: 50 }
const codeRequest: AuthorizationCodeRequest = {
  grant_type: 'authorization_code',
  code: 'code',
  code_verifier: 'verifier',
  redirect_uri: 'https://app.example/cb',
}
const otherUri = { redirect_uri: 'https://app.example/other' }
const otherResource = { resource: ['https://mail/mcp'] }

describe('checkCode', () => {
  type Case = readonly [
    string,
    AuthorizationCode,
    Partial<AuthorizationCodeRequest>,
    Client,
    string,
    number,
    Reason | null,
  ]
  const cases: readonly Case[] = [
    ['all is well', code, {}, client, 'challenge', 60, null],
    ['AS-071 no redirect URI', code, { redirect_uri: undefined }, client, 'challenge', 60, null],
    ['the resource once more', code, { resource: ['https://r/mcp'] }, client, 'challenge', 60, null],
    ['the resource by an alias', code, { resource: ['https://r/mcp/'] }, client, 'challenge', 60, null],
    ['AS-052 the last second', code, {}, client, 'challenge', 99, null],
    ['AS-052 one second late', code, {}, client, 'challenge', 100, 'expired_code'],
    ['AS-052 another client', code, {}, other, 'challenge', 60, 'client_mismatch'],
    ['AS-052 another redirect URI', code, otherUri, client, 'challenge', 60, 'redirect_uri_mismatch'],
    ['AS-062 another verifier', code, {}, client, 'other', 60, 'verifier_mismatch'],
    ['AS-065 another resource', code, otherResource, client, 'challenge', 60, 'resource_mismatch'],
    [
      'AS-065 the resource and another',
      code,
      { resource: ['https://r/mcp', 'https://mail/mcp'] },
      client,
      'challenge',
      60,
      'resource_mismatch',
    ],
    ['AS-063 used already', used, {}, client, 'challenge', 60, 'replayed_code'],
    ['AS-063 used already, and late', used, {}, client, 'challenge', 999, 'replayed_code'],
    // None of these is a valid replay, so none may revoke.
    ['AS-063 used already, another client', used, {}, other, 'challenge', 60, 'client_mismatch'],
    ['AS-063 used already, another redirect URI', used, otherUri, client, 'challenge', 60, 'redirect_uri_mismatch'],
    ['AS-063 used already, another verifier', used, {}, client, 'other', 60, 'verifier_mismatch'],
    ['AS-063 used already, another resource', used, otherResource, client, 'challenge', 60, 'resource_mismatch'],
  ]
  test.each(cases)('%s', (_, record, changes, presenter, challenge, now, reason) => {
    const known = { client: presenter, sender: null, resources: [notes, mail], challenge }
    const checked = checkCode(record, grant, { ...codeRequest, ...changes }, known, now)
    expect(checked.ok ? checked.value.resource : checked.error.reason).toEqual(reason ?? notes)
  })

  test('a resource that is gone', () => {
    const known = { client, sender: null, resources: [mail], challenge: 'challenge' }
    expect(checkCode(code, grant, codeRequest, known, 60)).toMatchObject({ error: { reason: 'unknown_resource' } })
  })
})

describe('checkSameResource', () => {
  const cases: readonly [readonly string[] | undefined, boolean][] = [
    [undefined, true],
    [[], true],
    [['https://r/mcp'], true],
    [['https://r/mcp/', 'https://r/mcp'], true],
    [['https://r/mcp//'], false],
    [['https://r/MCP'], false],
    [['https://mail/mcp'], false],
    [[''], false],
  ]
  test.each(cases)('%p: %p', (requested, same) => {
    expect(checkSameResource(notes.identifier, requested, [mail, notes]).ok).toBe(same)
  })
})

const token: RefreshToken = {
  hash: 'hash',
  grantId: 'grant',
  createdAt: 0,
  expiresAt: 100,
  consumedAt: null,
  successorHash: null,
  sealedValue: null,
  boundTo: null,
}
const consumed: RefreshToken = { ...token, consumedAt: 50, successorHash: 'next' }
const successor: RefreshToken = { ...token, hash: 'next', sealedValue: 'sealed' }

describe('checkRefreshToken', () => {
  const cases: readonly (readonly [string, RefreshToken, Grant, Client, number, Reason | null])[] = [
    ['all is well', token, grant, client, 99, null],
    ['AS-068 idle for too long', token, grant, client, 100, 'expired_refresh_token'],
    ['AS-068 beyond the end of the grant', { ...token, expiresAt: 5000 }, grant, client, 1000, 'expired_refresh_token'],
    ['AS-068 another client', token, grant, other, 50, 'client_mismatch'],
    ['AS-068 another client, of a revoked grant', token, { ...grant, revokedAt: 1 }, other, 50, 'client_mismatch'],
    ['AS-068 a revoked grant', token, { ...grant, revokedAt: 1 }, client, 50, 'dead_grant'],
    ['AS-067 consumed: a reuse, late or not', consumed, grant, client, 500, null],
    ['consumed, but the grant has ended', consumed, grant, client, 1000, 'expired_refresh_token'],
  ]
  test.each(cases)('%s', (_, record, family, presenter, now, reason) => {
    const checked = checkRefreshToken(record, family, { client: presenter, sender: null }, now)
    expect(checked.ok ? null : checked.error.reason).toBe(reason)
  })
})

describe('checkRequest', () => {
  const cases: readonly (readonly [Partial<RefreshTokenRequest>, readonly string[] | Reason])[] = [
    [{}, ['read', 'write']],
    [{ scope: 'write' }, ['write']],
    [{ scope: 'write read' }, ['write', 'read']],
    [{ scope: 'offline_access' }, ['read', 'write']],
    [{ scope: 'offline_access read' }, ['read']],
    [{ scope: 'admin' }, 'scope_beyond_grant'],
    [{ scope: 'read admin' }, 'scope_beyond_grant'],
    [{ resource: ['https://r/mcp/'] }, ['read', 'write']],
    [{ resource: ['https://mail/mcp'] }, 'resource_mismatch'],
  ]
  test.each(cases)('AS-068 %p: %p', (changes, expected) => {
    const request: RefreshTokenRequest = { grant_type: 'refresh_token', refresh_token: 'x', ...changes }
    const checked = checkRequest(grant, request, null, [notes, mail])
    expect(checked.ok ? checked.value.scopes : checked.error.reason).toEqual(expected)
    expect(checked.ok ? checked.value.admission.resource : notes).toEqual(notes)
  })

  const implied: readonly (readonly [string | undefined, readonly string[] | Reason])[] = [
    [undefined, ['read', 'write']],
    ['write', ['write', 'read']],
    ['read', ['read']],
    // Implied by what is granted, but only since the consent.
    ['admin', 'scope_beyond_grant'],
  ]
  test.each(implied)('ADR 0108 AS-068 with a hierarchy, %p: %p', (scope, expected) => {
    const resource = { ...notes, scopeHierarchy: { write: ['read', 'admin'] } }
    const request: RefreshTokenRequest = { grant_type: 'refresh_token', refresh_token: 'x', ...(scope && { scope }) }
    const checked = checkRequest(grant, request, null, [resource])
    expect(checked.ok ? checked.value.scopes : checked.error.reason).toEqual(expected)
  })
})

describe('replayable', () => {
  const next = (changes: Partial<RefreshToken> = {}) => ({ token: { ...successor, ...changes }, grant })
  type Next = Parameters<typeof replayable>[1]
  const cases: readonly (readonly [string, RefreshToken, Next, number, number, string | null])[] = [
    ['just now', consumed, next(), 10, 50, 'sealed'],
    ['in the last second, which may have begun late', consumed, next(), 10, 60, 'sealed'],
    ['one second late', consumed, next(), 10, 61, null],
    ['before it was consumed, by a clock that is behind', consumed, next(), 10, 49, 'sealed'],
    ['without a window', consumed, next(), 0, 50, null],
    ['without a window, by a clock that is behind', consumed, next(), 0, 49, null],
    ['not consumed', { ...consumed, consumedAt: null }, next(), 10, 50, null],
    ['nothing to tell', consumed, next({ sealedValue: null }), 10, 50, null],
    ['no successor', consumed, null, 10, 50, null],
    ['the successor was used', consumed, next({ consumedAt: 51 }), 10, 52, null],
    ['the grant was revoked meanwhile', consumed, { ...next(), grant: { ...grant, revokedAt: 51 } }, 10, 52, null],
  ]
  test.each(cases)('ADR 0040 %s', (_, record, after, window, now, expected) => {
    expect(replayable(record, after, window, now)).toBe(expected)
  })
})
