/**
 * Where an ID-JAG leads and how far: the resources and scopes that it names, those of the request, and the rules of the server, whichever is least.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4.4.1, and what its next version adds
 * @see MCP extension io.modelcontextprotocol/enterprise-managed-authorization
 * @see RFC 8707 section 2.2
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import type { ConfigInput } from '../../server/config.ts'
import { RESOURCE } from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'
import { type Company, createCompany, createIssuer, type trusting } from '../support/trusted-issuers.ts'

const MAIL = 'https://mail.example/mcp'
const BARE = 'https://bare.example/mcp'
const resources: ConfigInput['resources'] = [
  {
    identifier: RESOURCE,
    aliases: [`${RESOURCE}/`],
    scopes: { 'notes:read': 'Read', 'notes:write': 'Write', 'notes:admin': 'Delete' },
    scope_hierarchy: { 'notes:admin': ['notes:write'], 'notes:write': ['notes:read'] },
    default_scopes: ['notes:read'],
  },
  { identifier: MAIL, scopes: { 'mail:send': 'Send', 'notes:read': 'Read' } },
  { identifier: BARE, scopes: {} },
]
const idp = await createIssuer()
const company = await createCompany({ resources }, { idp })
const open: Company[] = [company]
afterAll(async () => {
  for (const { server } of open) await server.close()
})

/** A company with other settings. */
async function withSettings(config: Parameters<typeof createCompany>[0], client = {}): Promise<Company> {
  const made = await createCompany({ resources, ...config }, { idp, client })
  open.push(made)
  return made
}

type Claims = Parameters<Company['jag']>[0]
type Form = Parameters<Company['redeem']>[1]

/** What is granted, or why not. */
async function outcome(claims: Claims, form: Form = {}, at = company): Promise<string> {
  const response = await at.redeem(await at.jag(claims), form)
  if (response.status !== 200) return at.lastReason() ?? ''
  const { access_token, resource, scope } = await response.json()
  const token = decodeJwt(access_token)
  // What is told is what the token says.
  expect([resource, scope || undefined]).toEqual([token.aud, token['scope']])
  return `${resource} ${scope}`
}

describe('EMA-A06 EMA-A07 the resource', () => {
  const cases: readonly (readonly [string, Claims, Form, string])[] = [
    ['the one that is named', {}, {}, `${RESOURCE} notes:read`],
    ['by an alias of it, the one that it stands for', { resource: `${RESOURCE}/` }, {}, `${RESOURCE} notes:read`],
    ['in a list of one', { resource: [MAIL] }, {}, `${MAIL} notes:read`],
    ['one of two, which the request chooses', { resource: [RESOURCE, MAIL] }, { resource: MAIL }, `${MAIL} notes:read`],
    ['one of two, and nobody says which', { resource: [RESOURCE, MAIL] }, {}, 'unclear_resource'],
    ['one twice', { resource: [MAIL, MAIL] }, {}, `${MAIL} notes:read`],
    ['one that is not governed here', { resource: 'https://other.example/mcp' }, {}, 'ungoverned_resource'],
    ['one that is, and one that is not', { resource: [RESOURCE, 'https://other.example'] }, {}, 'ungoverned_resource'],
    [
      'the same, and the request chooses the first',
      { resource: [RESOURCE, 'https://other.example'] },
      { resource: RESOURCE },
      'ungoverned_resource',
    ],
    ['a part of one', { resource: 'https://mcp.example' }, {}, 'ungoverned_resource'],
    ['an empty list', { resource: [] }, {}, 'ungoverned_resource'],
    ['another one in the request', {}, { resource: MAIL }, 'resource_not_asserted'],
    ['an unknown one in the request', {}, { resource: 'https://other.example/mcp' }, 'unknown_resource'],
    ['two in the request', { resource: [RESOURCE, MAIL] }, { resource: [RESOURCE, MAIL] }, 'several_resources'],
    ['none, and there are several', { resource: undefined }, {}, 'unclear_resource'],
    ['none, and the request chooses', { resource: undefined }, { resource: MAIL }, `${MAIL} notes:read`],
  ]
  test.each(cases)('%s', async (_, claims, form, expected) => expect(await outcome(claims, form)).toBe(expected))

  test('EMA-A06 what is not governed is invalid_grant on the wire', async () => {
    await expectError(await company.redeem(await company.jag({ resource: 'https://x.example' })), 400, 'invalid_grant')
  })

  test('EMA-A07 none, where there is just one', async () => {
    const one = await withSettings({ resources: [{ identifier: MAIL, scopes: { 'notes:read': 'Read' } }] })
    expect(await outcome({ resource: undefined }, {}, one)).toBe(`${MAIL} notes:read`)
  })

  test('none, where there is nothing at all', async () => {
    expect(await outcome({ resource: undefined }, {}, await withSettings({ resources: [] }))).toBe('unclear_resource')
  })
})

describe('EMA-A08 EMA-A13 the scopes', () => {
  const cases: readonly (readonly [string, Claims, Form, string])[] = [
    ['those that are named', { scope: 'notes:read' }, {}, 'notes:read'],
    ['what they imply is theirs, too', { scope: 'notes:write' }, {}, 'notes:read notes:write'],
    ['fewer, where fewer are asked for', { scope: 'notes:write' }, { scope: 'notes:read' }, 'notes:read'],
    ['never more than the issuer named', { scope: 'notes:read' }, { scope: 'notes:read notes:admin' }, 'notes:read'],
    ['of broader ones, what the issuer named of them', { scope: 'notes:read' }, { scope: 'notes:admin' }, 'notes:read'],
    ['none of which the issuer named one', { resource: MAIL }, { scope: 'mail:send' }, 'no_scope_left'],
    ['those that the resource does not have are left out', { scope: 'openid notes:read mail:send' }, {}, 'notes:read'],
    ['none that the resource has', { scope: 'openid email' }, {}, 'no_scope_left'],
    ['an empty list of the issuer is no list of all', { scope: '' }, {}, 'no_scope_left'],
    ['offline_access is no scope of a token', { scope: 'notes:read offline_access' }, {}, 'notes:read'],
    ['a malformed one in the request', {}, { scope: 'notes:"read"' }, 'malformed_scope'],
    ['nobody names any', { scope: undefined }, {}, 'missing_scope'],
    ['the request alone names some', { scope: undefined }, { scope: 'notes:write' }, 'notes:read notes:write'],
    ['a resource that has none needs none', { resource: BARE, scope: undefined }, {}, ''],
  ]
  test.each(cases)('%s', async (_, claims, form, expected) => {
    const outcomes = await outcome(claims, form)
    expect(outcomes.replace(/^https:\S+ /, '')).toBe(expected)
  })

  test('nobody names any, and that means the default where the settings say so', async () => {
    const lenient = await withSettings({ oauth: { require_scope: false } })
    expect(await outcome({ scope: undefined }, {}, lenient)).toBe(`${RESOURCE} notes:read`)
    expect(await outcome({ scope: undefined, resource: MAIL }, {}, lenient)).toBe(`${MAIL} mail:send notes:read`)
  })

  test('never more than the ceiling of the client', async () => {
    const low = await withSettings({}, { scopeCeiling: ['notes:read'] })
    expect(await outcome({ scope: 'notes:admin' }, {}, low)).toBe(`${RESOURCE} notes:read`)
  })
})

describe('EMA-A11 the rules', () => {
  const under = (rules: ReturnType<typeof trusting>['rules'], client = {}) =>
    withSettings({ provider: { rules } }, client)

  test('a rule for another client is none for this one', async () => {
    expect(await outcome({}, {}, await under([{ clients: ['other'] }]))).toBe('denied_by_rules')
  })

  test('a rule for another resource is none for this one', async () => {
    const mail = await under([{ resources: [MAIL] }])
    expect(await outcome({}, {}, mail)).toBe('denied_by_rules')
    expect(await outcome({ resource: MAIL }, {}, mail)).toBe(`${MAIL} notes:read`)
  })

  test('what a rule names has to fit all of it', async () => {
    const id = 'host'
    const both = await under(
      [
        { clients: [id], resources: [MAIL] },
        { clients: ['other'], resources: [RESOURCE] },
      ],
      { id },
    )
    expect(both.client.id).toBe(id)
    expect(await outcome({}, {}, both)).toBe('denied_by_rules')
    expect(await outcome({ resource: MAIL }, {}, both)).toBe(`${MAIL} notes:read`)
  })

  test('rules narrow the scopes, and what they imply is allowed with them', async () => {
    const narrow = await under([{ scopes: ['notes:write'] }])
    expect(await outcome({ scope: 'notes:admin' }, {}, narrow)).toBe(`${RESOURCE} notes:read notes:write`)
    expect(await outcome({ resource: MAIL, scope: 'mail:send' }, {}, narrow)).toBe('no_scope_left')
  })

  test('what one of them allows is allowed', async () => {
    const two = await under([
      { resources: [RESOURCE], scopes: ['notes:read'] },
      { resources: [MAIL], scopes: ['mail:send'] },
    ])
    expect(await outcome({ scope: 'notes:write' }, {}, two)).toBe(`${RESOURCE} notes:read`)
    expect(await outcome({ resource: MAIL, scope: 'mail:send notes:read' }, {}, two)).toBe(`${MAIL} mail:send`)
  })

  test('a resource may be named by an alias', async () => {
    expect(await outcome({}, {}, await under([{ resources: [`${RESOURCE}/`] }]))).toBe(`${RESOURCE} notes:read`)
  })

  test('whoever is refused by the rules gets no account', async () => {
    const closed = await under([{ clients: ['other'] }])
    await outcome({ sub: 'stranger' }, {}, closed)
    expect(await closed.server.store.identities.find(idp.issuer, 'stranger')).toBeNull()
  })
})
