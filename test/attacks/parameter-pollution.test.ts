/**
 * Parameters that are there twice, in two places, or under a name that another parser would read differently.
 *
 * @see RFC 6749 section 3.1 and section 3.2
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import {
  authorizationQuery,
  codeForm,
  createTestServer,
  obtainCode,
  REDIRECT_URI,
  registerClient,
} from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'

const server = await createTestServer()
afterAll(() => server.close())
const { client_id } = await registerClient(server)
const { client_id: other } = await registerClient(server, { redirect_uris: ['http://127.0.0.1/other'] })

const EVIL = encodeURIComponent('https://evil.example/cb')

describe('AS-044 AS-048 at the authorization endpoint', () => {
  const twice: readonly string[] = [
    `&redirect_uri=${EVIL}`,
    `&redirect%5Furi=${EVIL}`,
    `&%72edirect_uri=${EVIL}`,
    `&redirect_uri=${encodeURIComponent(REDIRECT_URI)}`,
    `&client_id=${other}`,
    `&client%5fid=${other}`,
  ]
  test.each(twice)('twice, before or behind: %s is a 400 page', async (extra) => {
    const query = await authorizationQuery(client_id)
    for (const polluted of [`${query}${extra}`, `${extra.slice(1)}&${query}`]) {
      const response = await server.fetch(`/oauth/authorize?${polluted}`)
      expect([response.status, response.headers.get('location')]).toEqual([400, null])
    }
  })

  const others: readonly string[] = [
    `&redirect_uri[]=${EVIL}`,
    `&redirect_uri%00=${EVIL}`,
    `&Redirect_Uri=${EVIL}`,
    `&redirect_uri.=${EVIL}`,
    `;redirect_uri=${EVIL}`,
    `&+redirect_uri=${EVIL}`,
    `&__proto__[redirect_uri]=${EVIL}`,
    `&__proto__=${EVIL}`,
    `&constructor[prototype][redirect_uri]=${EVIL}`,
    '&redirect_uri=',
    '&client_id=',
  ]
  test.each(others)('under another name, or empty: %s changes nothing', async (extra) => {
    const query = await authorizationQuery(client_id, { prompt: 'none', nonce: '1' })
    const location = new URL((await server.fetch(`/oauth/authorize?${query}${extra}`)).headers.get('location') ?? '')
    expect(location.origin + location.pathname).toBe(REDIRECT_URI)
    expect(location.searchParams.get('error')).toBe('login_required')
  })

  test('behind a hash: not sent, and not read', async () => {
    const query = await authorizationQuery(client_id, { redirect_uri: `${REDIRECT_URI}#&redirect_uri=${EVIL}` })
    expect((await server.fetch(`/oauth/authorize?${query}`)).status).toBe(400)
  })
})

describe('AS-048 at the token endpoint', () => {
  const post = (body: string, query = '') =>
    server.fetch(`/oauth/token${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
    })
  const good = async () => String(new URLSearchParams(codeForm(client_id, await obtainCode(server, client_id))))

  test.each([
    '&code=x',
    '&c%6fde=x',
    `&client_id=${other}`,
    '&grant_type=refresh_token',
    '&code_verifier=x',
    `&redirect_uri=${EVIL}`,
    '&client_secret=x&client_secret=y',
  ])('twice in the body, before or behind: %s is invalid_request', async (extra) => {
    const body = await good()
    await expectError(await post(body + extra), 400, 'invalid_request')
    await expectError(await post(`${extra.slice(1)}&${body}`), 400, 'invalid_request')
    expect((await post(body)).status).toBe(200)
  })

  test.each([
    '&code[]=x',
    '&Code=x',
    '&x;code=x',
    '&code%00=x',
    '&__proto__=x&__proto__=y',
    '&__proto__[client_id]=x',
    '&constructor=x',
    '&toString=x&valueOf=y',
    '&code=',
    '&client_secret=',
    '&&&=&==',
  ])('under another name, or empty: %s changes nothing', async (extra) => {
    expect((await post(`${extra.slice(1)}&${await good()}`)).status).toBe(200)
  })

  test('in the query: not read, neither instead nor besides', async () => {
    const query = `?client_id=${other}&grant_type=refresh_token&code=x&client_secret=x&code_verifier=x`
    expect((await post(await good(), query)).status).toBe(200)
  })

  test('nothing reaches the prototype of objects', async () => {
    await post(`__proto__=polluted&__proto__[polluted]=1&constructor[prototype][polluted]=1&${await good()}`)
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted')
  })
})

describe('in a registration', () => {
  const register = (body: string) =>
    server.fetch('/oauth/register', { method: 'POST', headers: { 'content-type': 'application/json' }, body })

  test('members that are there twice: what is judged is what is registered', async () => {
    const [good, bad] = [`"redirect_uris":["${REDIRECT_URI}"]`, '"redirect_uris":["https://evil.example/cb"]']
    expect((await register(`{${good},${bad}}`)).status).toBe(400)
    const response = await register(`{${bad},${good}}`)
    const { client_id: id } = await response.json()
    expect((await server.store.clients.find(id))?.redirectUris).toEqual([REDIRECT_URI])
  })

  test('members of a prototype are not members', async () => {
    await expectError(
      await register(`{"__proto__":{"redirect_uris":["${REDIRECT_URI}"]}}`),
      400,
      'invalid_redirect_uri',
    )
    await register(
      `{"redirect_uris":["${REDIRECT_URI}"],"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}`,
    )
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted')
  })
})
