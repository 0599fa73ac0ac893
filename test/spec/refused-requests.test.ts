/**
 * Whatever is refused is written down: in the audit log, in the log, and where it belongs to an attempt to connect, in the flow trace. With its request,
 * the address, and whose it said it was.
 *
 * @see docs/adr/0123-what-a-refused-request-says.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { showAudit } from '../../server/admin/audit.ts'
import type { AuditFilter } from '../../server/core/audit.ts'
import { digest } from '../../server/store/hash.ts'
import {
  authorizationQuery,
  codeForm,
  createBrowser,
  createTestServer,
  formFields,
  postForm,
  RESOURCE,
  registerClient,
  type TestServer,
  USER,
} from '../support/authorization-server.ts'

const server = await createTestServer()
afterAll(() => server.close())
const { client_id, client_secret = '' } = await registerClient(server, {
  token_endpoint_auth_method: 'client_secret_basic',
})

/** An application at this address. */
const app: Pick<TestServer, 'fetch'> = {
  fetch: async (input, init) =>
    (await server.handle(new Request(`${server.issuer}${input}`, init), '192.0.2.7')) ?? new Response(null),
}

const basic = (name: string, secret: string) => ({ authorization: `Basic ${btoa(`${name}:${secret}`)}` })

/** What is written down of the request that this is the answer to. */
async function rowsOf(response: Response) {
  await server.flush()
  const requestId = response.headers.get('x-request-id') ?? ''
  return (await server.store.audit.readBack(null, { requestId } satisfies AuditFilter)).records
}

describe('a client that does not prove who it is', () => {
  const requests: readonly [string, Record<string, string>][] = [
    ['/oauth/token', { grant_type: 'refresh_token', refresh_token: 'x' }],
    ['/oauth/revoke', { token: 'x' }],
    ['/oauth/introspect', { token: 'x' }],
  ]
  const types = {
    '/oauth/token': 'token',
    '/oauth/revoke': 'revocation',
    '/oauth/introspect': 'introspection',
  } as const

  test.each(requests)('%s: a wrong secret in HTTP Basic', async (path, form) => {
    const rows = await rowsOf(await postForm(app, path, form, basic(client_id, 'wrong')))
    const type = `${types[path as keyof typeof types]}_rejected`
    expect(rows).toMatchObject([
      { type, reason: 'wrong_client_secret', clientId: client_id, actor: 'address:192.0.2.7' },
    ])
  })

  test.each(requests)('%s: no secret at all', async (path, form) => {
    const rows = await rowsOf(await postForm(app, path, { ...form, client_id }))
    expect(rows).toMatchObject([{ reason: 'missing_client_authentication', clientId: client_id }])
  })

  test.each(requests)('%s: nobody that is known, in HTTP Basic', async (path, form) => {
    const rows = await rowsOf(
      await postForm(app, path, form, basic(encodeURIComponent('https://app.example/gone'), 'x')),
    )
    expect(rows).toMatchObject([{ reason: 'unknown_client', clientId: 'claimed:https://app.example/gone' }])
  })

  test('a secret in the place of the id is a mark', async () => {
    const response = await postForm(app, '/oauth/token', codeForm('a-short-secret-of-somebody', 'x'))
    const [row] = await rowsOf(response)
    expect(row?.clientId).toMatch(/^claimed:unknown:[\w-]{6}$/)
    expect(JSON.stringify([row, await server.store.flows.since(0)])).not.toContain('a-short-secret')
  })
})

describe('the resource that it was for is named as what it is, a claim', () => {
  test('at the token endpoint', async () => {
    const rows = await rowsOf(
      await postForm(app, '/oauth/token', { ...codeForm(client_id, 'x') }, basic(client_id, client_secret)),
    )
    expect(rows).toMatchObject([{ reason: 'unknown_code', resource: `claimed:${RESOURCE}` }])
  })

  test.each([
    [{ resource: 'https://other.example/mcp' }, 'unknown_resource', 'claimed:https://other.example/mcp'],
    [{ resource: 'https://other.example/mcp?key=secret' }, 'unknown_resource', 'claimed:https://other.example/mcp...'],
    [{ scope: 'nonsense' }, 'unknown_scope', `claimed:${RESOURCE}`],
    [{ redirect_uri: 'https://evil.example/' }, 'unregistered_redirect_uri', `claimed:${RESOURCE}`],
  ] as const)('at the authorization endpoint: %o', async (changes, reason, resource) => {
    const rows = await rowsOf(await server.fetch(`/oauth/authorize?${await authorizationQuery(client_id, changes)}`))
    expect(rows).toMatchObject([{ type: 'authorization_rejected', reason, resource, clientId: client_id }])
  })
})

test('the command finds what only claimed to be of a client, by the id that somebody tells', async () => {
  await rowsOf(await postForm(app, '/oauth/token', codeForm('told-by-phone', 'x')))
  const tools = { store: server.store, now: () => server.clock.now, digest }
  const found = await showAudit(tools, { client: 'told-by-phone', limit: 10, json: false })
  expect(found.ok && found.value.split('\n')).toEqual([expect.stringMatching(/client=claimed:unknown:[\w-]{6} /)])
})

describe('a sign-in that fails', () => {
  /** Signs in for a request of the client from this address, and what is written down of it. */
  async function attempt(username: string, password: string, query = '') {
    const visitor = createBrowser({
      fetch: async (input, init) =>
        (await server.handle(new Request(`${server.issuer}${input}`, init), '198.51.100.1')) ?? new Response(null),
    })
    const page = await visitor.fetch(query === '' ? '/sign-in' : `/sign-in?${new URLSearchParams({ request: query })}`)
    const body = new URLSearchParams({ ...formFields(await page.text()), username, password })
    const response = await visitor.fetch('/sign-in', { method: 'POST', body })
    return { status: response.status, rows: await rowsOf(response) }
  }

  test('names whose account it was, for which client and resource, and from where', async () => {
    const query = await authorizationQuery(client_id)
    for (const name of [USER.username, USER.username.toUpperCase()]) {
      const { rows } = await attempt(name, 'wrong password', String(query))
      expect(rows).toMatchObject([
        {
          ...{ type: 'sign_in_failed', reason: 'bad_credentials', userId: server.userId, clientId: client_id },
          ...{ resource: `claimed:${RESOURCE}`, actor: 'address:198.51.100.1' },
        },
      ])
    }
  })

  test('names nobody where there is no such account, and keeps nothing of what was typed', async () => {
    const { rows } = await attempt('correct horse battery', '')
    expect(rows).toMatchObject([{ reason: 'bad_credentials', userId: null, actor: 'address:198.51.100.1' }])
    const stored = JSON.stringify([rows, await server.store.flows.since(0)])
    expect(stored).not.toMatch(/correct|horse|battery/)
    expect(stored).not.toContain(digest('correct horse battery').slice(0, 6))
  })

  test('for an account that is being guessed at is named, too', async () => {
    const last = []
    for (let guess = 0; guess < 6; guess += 1) last.push(await attempt(USER.username, `wrong password ${guess}`))
    expect(last.at(-1)).toMatchObject({ status: 429, rows: [{ reason: 'too_many_attempts', userId: server.userId }] })
  })
})
