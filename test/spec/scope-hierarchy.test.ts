/**
 * Scopes that imply others: what is asked for, agreed to, written into tokens, and narrowed.
 *
 * @see RFC 6749 section 3.3
 * @see docs/adr/0108-scopes-that-imply-others.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import { client } from '../../server/store/conformance/records.ts'
import { hash } from '../../server/store/hash.ts'
import {
  approve,
  authorizationQuery,
  codeForm,
  createBrowser,
  createTestServer,
  formFields,
  obtainCode,
  postForm,
  RESOURCE,
  registerClient,
  type Tokens,
  USER,
} from '../support/authorization-server.ts'

const scopes = { read: 'Read your notes', write: 'Change your notes', admin: 'Delete your notes' }
const hierarchy = { admin: ['write'], write: ['read'] }
const server = await createTestServer({
  resources: [{ identifier: RESOURCE, scopes, scope_hierarchy: hierarchy, access_token_lifetime: 60 }],
  client_credentials: { enabled: true },
})
afterAll(() => server.close())
const { client_id } = await registerClient(server)

async function tokensFor(scope: string): Promise<Tokens> {
  const code = await obtainCode(server, client_id, { scope })
  return (await postForm(server, '/oauth/token', codeForm(client_id, code))).json()
}

async function refresh({ refresh_token }: Tokens, scope?: string): Promise<Tokens> {
  const form = { grant_type: 'refresh_token', refresh_token, client_id, scope }
  return (await postForm(server, '/oauth/token', form)).json()
}

/** What a resource server sees that compares plain sets. */
const scopeOf = ({ access_token }: Tokens) => decodeJwt(access_token)['scope']

test.each([
  ['read', 'read'],
  ['write', 'write read'],
  ['admin', 'admin write read'],
  ['read admin', 'read admin write'],
])('section 3.3 asked for %p, the token and the answer say %p', async (scope, granted) => {
  const tokens = await tokensFor(scope)
  expect([tokens.scope, scopeOf(tokens)]).toEqual([granted, granted])
})

test('AS-068 a refresh may name what is implied, and what it names brings what that implies', async () => {
  const first = await tokensFor('admin')
  const narrow = await refresh(first, 'write')
  expect([narrow.scope, scopeOf(narrow)]).toEqual(['write read', 'write read'])
  const narrower = await refresh(narrow, 'read')
  expect([narrower.scope, scopeOf(narrower)]).toEqual(['read', 'read'])
  expect((await refresh(narrower)).scope).toBe('admin write read')
})

test('AS-068 AS-058 the consent page names each scope that will be granted, implied or not, and no other', async () => {
  const browser = createBrowser(server)
  const query = await authorizationQuery(client_id, { scope: 'write' })
  const toSignIn = await browser.fetch(`/oauth/authorize?${query}`)
  const path = toSignIn.headers.get('location') ?? ''
  const page = await (await browser.fetch(path)).text()
  const body = new URLSearchParams({ ...formFields(page), ...USER })
  const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: server.issuer }
  const signedIn = await browser.fetch(/action="([^"]*)"/.exec(page)?.[1] ?? '', { method: 'POST', body, headers })
  const consent = await (await browser.fetch(signedIn.headers.get('location') ?? '')).text()
  expect(consent).toContain(scopes.write)
  expect(consent).toContain(scopes.read)
  expect(consent).not.toContain(scopes.admin)
})

test('AS-072 a machine, whose ceiling is a broad scope, gets what that implies, for as long as the resource says', async () => {
  const secret = 'the secret of a machine'
  const machine = client({
    id: 'machine',
    authMethods: ['client_secret_post'],
    secrets: [{ hash: await hash(secret), expiresAt: 0 }],
    grantTypes: ['client_credentials'],
    scopeCeiling: ['write'],
    origin: 'administrator',
  })
  await server.store.clients.create(machine)
  const form = { grant_type: 'client_credentials', client_id: machine.id, client_secret: secret, resource: RESOURCE }
  const granted = async (scope: string) => (await postForm(server, '/oauth/token', { ...form, scope })).json()
  expect(await granted('read')).toMatchObject({ scope: 'read', expires_in: 60 })
  const tokens = await granted('write')
  expect([tokens.scope, scopeOf(tokens)]).toEqual(['write read', 'write read'])
  expect(await granted('admin')).toMatchObject({ error: 'invalid_scope' })
})

describe('SEC-044 a hierarchy that changes', () => {
  const identifier = 'https://changing.example/mcp'
  const put = (scopeHierarchy: Readonly<Record<string, readonly string[]>>) =>
    server.store.resources.put({
      identifier,
      aliases: [],
      name: null,
      scopes,
      scopeHierarchy,
      defaultScopes: null,
      accessTokenLifetime: null,
      dpop: 'optional',
    })

  test('gives a living grant nothing, not by refresh either', async () => {
    await put({})
    const code = await obtainCode(server, client_id, { scope: 'write', resource: identifier })
    const first: Tokens = await (
      await postForm(server, '/oauth/token', { ...codeForm(client_id, code), resource: identifier })
    ).json()
    expect(first.scope).toBe('write')
    await put({ write: ['read', 'admin'] })
    const second = await refresh(first)
    expect(second.scope).toBe('write')
    const third = await refresh(second, 'write')
    expect(third.scope).toBe('write')
    expect(await refresh(third, 'read')).toMatchObject({ error: 'invalid_scope' })
  })

  test('asks again, also who has agreed to the scope before', async () => {
    await put({})
    const secret = await registerClient(server, { token_endpoint_auth_method: 'client_secret_basic' })
    const query = await authorizationQuery(secret.client_id, { scope: 'write', resource: identifier })
    await approve(server, query)
    const step = async () => {
      const judged = await server.as.authorize(Object.fromEntries(query))
      return judged.kind === 'valid' ? (await server.as.next(judged.request, server.userId)).kind : judged.kind
    }
    expect(await step()).toBe('redirect')
    await put({ write: ['admin'] })
    expect(await step()).toBe('consent')
  })
})
