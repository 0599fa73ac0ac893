/**
 * Whatever is refused is written down: in the audit log, in the log, and where it belongs to an attempt to connect, in the flow trace. With its request,
 * the address, and whose it said it was.
 *
 * @see docs/adr/0123-what-a-refused-request-says.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { resetSync } from '@logtape/logtape'
import { showAudit } from '../../server/admin/audit.ts'
import { showFlows } from '../../server/admin/flows.ts'
import type { AuditFilter } from '../../server/core/audit.ts'
import { recordedName } from '../../server/core/claimed.ts'
import { auditLog, configureLogging } from '../../server/logging.ts'
import { digest } from '../../server/store/hash.ts'
import { random } from '../../server/store/random.ts'
import {
  authorizationQuery,
  codeForm,
  createBrowser,
  createTestServer,
  formFields,
  obtainCode,
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

/** How what is not known is written down. */
const markOf = (url: string): string => `claimed:${new URL(url).origin}/unknown:${digest(url).slice(0, 6)}`

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
    expect(rows).toMatchObject([{ reason: 'unknown_client', clientId: markOf('https://app.example/gone') }])
  })

  test('a code or a key in the path of a URL is not kept, and whoever has the URL finds it', async () => {
    const secrets = [await obtainCode(server, client_id), 'm2x0p8k1a0007', random(), 'mcp-key']
    for (const secret of secrets) {
      const url = `https://mcp.evil.example/s/${secret}/mcp`
      const rows = await rowsOf(await postForm(app, '/oauth/token', { ...codeForm(url, 'x'), resource: url }))
      expect(rows).toMatchObject([{ clientId: markOf(url), resource: markOf(url) }])
      expect(JSON.stringify([rows, await server.store.flows.since(0)])).not.toContain(secret)
      const tools = { store: server.store, now: () => server.clock.now, digest }
      const found = await showAudit(tools, { client: url, limit: 10, json: false })
      expect(found.ok && found.value.split('\n')).toHaveLength(1)
      const flows = await showFlows(tools, { client: url, failed: true, since: '1h', json: false })
      expect(flows.ok && flows.value).toContain('1 attempts: 0 connected, 0 issued, 1 refused')
    }
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
    [{ resource: 'https://other.example/mcp' }, 'unknown_resource', markOf('https://other.example/mcp')],
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

describe('what is refused before it is judged', () => {
  const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
  const JSON_TYPE = { 'content-type': 'application/json' }
  const own = `client_id=${client_id}`
  const ofClient = { clientId: `claimed:${client_id}` }
  const inBasic = basic(client_id, 'x')
  const code = `grant_type=authorization_code&code=x&resource=${RESOURCE}&${own}`
  const many = Array.from({ length: 101 }, (_, index) => `p${index}=1`).join('&')

  const requests: readonly [string, string, string, Record<string, string>, string, object][] = [
    [
      'no code_verifier',
      '/oauth/token',
      code,
      FORM,
      'malformed_request',
      { ...ofClient, resource: `claimed:${RESOURCE}` },
    ],
    [
      'no code_verifier, a client in HTTP Basic',
      '/oauth/token',
      code.replace(own, ''),
      { ...FORM, ...inBasic },
      'malformed_request',
      ofClient,
    ],
    ['an unknown grant type', '/oauth/token', `grant_type=x&${own}`, FORM, 'unsupported_grant_type', ofClient],
    ['no grant type', '/oauth/token', own, FORM, 'malformed_request', ofClient],
    [
      'a repeated parameter',
      '/oauth/token',
      `${code}&code=y&code_verifier=${'v'.repeat(43)}`,
      FORM,
      'malformed_request',
      ofClient,
    ],
    ['JSON', '/oauth/token', '{}', JSON_TYPE, 'wrong_content_type', { clientId: null }],
    ['too many parameters', '/oauth/token', `${own}&${many}`, FORM, 'too_many_parameters', ofClient],
    ['a long parameter', '/oauth/token', `${own}&code=${'x'.repeat(9000)}`, FORM, 'parameter_too_long', ofClient],
    ['a long body', '/oauth/token', 'x'.repeat(70_000), { ...FORM, ...inBasic }, 'body_too_large', ofClient],
    ['a long URL', `/oauth/token?${'x'.repeat(9000)}`, '', { ...FORM, ...inBasic }, 'url_too_long', ofClient],
    ['no token', '/oauth/revoke', own, FORM, 'malformed_request', ofClient],
    ['no token', '/oauth/introspect', 'x=y', { ...FORM, ...inBasic }, 'malformed_request', ofClient],
    ['no JSON', '/oauth/register', '{', JSON_TYPE, 'malformed_request', { clientId: null }],
    ['redirect URIs that are none', '/oauth/register', '{"redirect_uris":7}', JSON_TYPE, 'bad_redirect_uri', {}],
    ['metadata that are none', '/oauth/register', '{"client_name":7}', JSON_TYPE, 'malformed_metadata', {}],
  ]
  const types: Readonly<Record<string, string>> = {
    token: 'token_rejected',
    revoke: 'revocation_rejected',
    introspect: 'introspection_rejected',
    register: 'registration_rejected',
  }

  test.each(requests)('%s: %s', async (_, path, body, headers, reason, parties) => {
    server.events.length = 0
    const response = await app.fetch(path, { method: 'POST', headers, body })
    expect(response.status).toBeGreaterThanOrEqual(400)
    const type = types[/\w+$/.exec(path.split('?')[0] ?? '')?.[0] ?? '']
    expect(await rowsOf(response)).toMatchObject([{ type, reason, actor: 'address:192.0.2.7', count: 1, ...parties }])
    expect(server.events).toMatchObject([{ type, reason }])
  })

  test('shows where the attempt stopped, and does not blame the network', async () => {
    const fresh = await createTestServer()
    const registered = await registerClient(fresh)
    await obtainCode(fresh, registered.client_id)
    const response = await postForm(fresh, '/oauth/token', {
      ...codeForm(registered.client_id, 'x'),
      code_verifier: undefined,
    })
    fresh.clock.now += 3600
    await fresh.flush()
    const tools = { store: fresh.store, now: () => fresh.clock.now, digest }
    const shown = await showFlows(tools, { client: registered.client_id, failed: true, since: '24h', json: false })
    expect(shown.ok && shown.value).toContain('  => stopped at token: malformed_request\n')
    expect(shown.ok && shown.value).toContain(`request ${response.headers.get('x-request-id')}`)
    expect(shown.ok && shown.value).toContain('1 attempts:')
    await fresh.close()
  })

  test('another method than POST', async () => {
    const response = await app.fetch(`/oauth/token?${code}`)
    expect(response.status).toBe(405)
    expect(await rowsOf(response)).toMatchObject([{ type: 'token_rejected', reason: 'wrong_method', ...ofClient }])
    server.events.length = 0
    for (const path of ['/oauth/nothing', '/nowhere', '/.well-known/jwks.json?x'])
      await app.fetch(path, { method: 'PUT' })
    expect(server.events).toEqual([])
  })

  test('a failure of ours is where it stopped, too', async () => {
    const broken = await createTestServer()
    const { client_id: other } = await registerClient(broken)
    await broken.store.close()
    await postForm(broken, '/oauth/token', { grant_type: 'refresh_token', refresh_token: 'x', client_id: other })
    expect(broken.events.at(-1)).toEqual({ type: 'token_rejected', reason: 'unavailable' })
  })
})

describe('who comes too often', () => {
  test.each([
    ['/oauth/token', 'token'],
    ['/oauth/revoke', 'token'],
    ['/oauth/introspect', 'introspect'],
    ['/oauth/register', 'register'],
  ] as const)('%s: is in the audit log a few times, and counted beyond that', async (path, limit) => {
    const limited = await createTestServer({ rate_limits: { [limit]: { per_address: 1 } } })
    const send = () =>
      limited.handle(
        new Request(`${limited.issuer}${path}`, { method: 'POST', headers: basic('desk', 'x') }),
        '192.0.2.7',
      )
    const answers: (Response | null)[] = []
    for (let request = 0; request < 101; request += 1) answers.push(await send())
    const ids = answers.map((answer) => answer?.headers.get('x-request-id') ?? '')
    expect(limited.limited).toEqual([{ limit: `${limit}.per_address`, from: '192.0.2.7', requestId: ids[1] ?? '' }])
    await limited.flush()
    const { records } = await limited.store.audit.readBack(null, {})
    const refused = records.filter(({ reason }) => reason === 'rate_limited').toReversed()
    expect(refused.map(({ count }) => count)).toEqual([...Array(10).fill(1), 90])
    expect(refused.slice(0, 10).map(({ requestId }) => requestId)).toEqual(ids.slice(1, 11))
    expect(refused[0]).toMatchObject({
      actor: 'address:192.0.2.7',
      clientId: `claimed:${recordedName('desk', digest)}`,
    })
    const steps = (await limited.store.flows.since(0)).filter(({ reason }) => reason === 'rate_limited')
    expect(steps.length).toBe(path === '/oauth/token' || path === '/oauth/register' ? 1 : 0)
    await limited.close()
  })

  test('with guesses for one client: that client is named', async () => {
    const limited = await createTestServer({ rate_limits: { token: { failures: 1 } } })
    const { client_id: guessed } = await registerClient(limited)
    const guess = async () =>
      limited.handle(
        new Request(`${limited.issuer}/oauth/token`, {
          method: 'POST',
          body: new URLSearchParams(codeForm(guessed, 'x')),
        }),
        '192.0.2.7',
      )
    await guess()
    const answer = await guess()
    expect(answer?.status).toBe(429)
    await limited.flush()
    const { records } = await limited.store.audit.readBack(null, {
      requestId: answer?.headers.get('x-request-id') ?? '',
    })
    expect(records).toMatchObject([{ reason: 'rate_limited', clientId: `claimed:${guessed}` }])
    await limited.close()
  })

  test('is a line in the log once, as a warning, and the others are for those who debug', () => {
    const lines: string[] = []
    configureLogging({ level: 'info', format: 'json' }, (line) => void lines.push(line))
    auditLog()({ type: 'token_rejected', reason: 'rate_limited' }, { at: 0, requestId: 'r-1' })
    auditLog()({ type: 'token_rejected', reason: 'malformed_request' }, { at: 0, requestId: 'r-2' })
    resetSync()
    expect(lines.map((line) => JSON.parse(line).requestId)).toEqual(['r-2'])
  })
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
