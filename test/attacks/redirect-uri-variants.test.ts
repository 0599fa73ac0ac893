/**
 * Redirect URIs that look like a registered one. None is redirected to, for an error no more than for a code.
 *
 * @see OAuth 2.1 section 4.1.1 and section 7.5.2 (draft-ietf-oauth-v2-1-16)
 * @see RFC 9700 section 4.1
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { readForm } from '../../shared/form.ts'
import { authorizationQuery, createTestServer, registerClient } from '../support/authorization-server.ts'

const WEB = 'https://app.example/cb'
const server = await createTestServer({ registration: { mode: 'open' } })
afterAll(() => server.close())
const clientOf = async (uri: string) => (await registerClient(server, { redirect_uris: [uri] })).client_id

async function kindOf(clientId: string, redirectUri: string): Promise<string> {
  for (const changes of [{}, { prompt: 'none' }, { scope: 'nonsense' }, { response_type: 'token' }]) {
    const query = await authorizationQuery(clientId, { redirect_uri: redirectUri, ...changes })
    const response = await server.fetch(`/oauth/authorize?${query}`)
    const location = response.headers.get('location')
    if (location !== null && !location.startsWith('/sign-in?')) return `redirect to ${location}`
    if (response.status !== 400) return `status ${response.status}`
    expect(await response.text()).not.toContain('evil')
  }
  const outcome = await server.as.authorize(readForm(await authorizationQuery(clientId, { redirect_uri: redirectUri })))
  return outcome.kind
}

describe(`AS-043 SEC-023 ${WEB} is registered`, async () => {
  const clientId = await clientOf(WEB)
  test.each([
    'https://app.example',
    'https://app.example/',
    'https://app.example/c',
    'https://app.example/cb/',
    'https://app.example/cb/x',
    'https://app.example/cbx',
    'https://app.example/cb?',
    'https://app.example/cb?x=1',
    'https://app.example/cb;x',
    'https://app.example/cb#',
    'https://app.example/cb#x',
    'https://app.example/CB',
    'https://app.example/x/../cb',
    'https://app.example/./cb',
    'https://app.example//cb',
    'https://app.example/%63b',
    'https://app.example/cb%00',
    'https://app.example/cb%2f..%2fevil',
    'https://app.example/cb\u0000.evil',
    'https://app.example/cb\t',
    'https://app.example/cb ',
    ' https://app.example/cb',
    'https://app.example/cb\r\nlocation: https://evil.example',
    'https://APP.example/cb',
    'HTTPS://app.example/cb',
    'http://app.example/cb',
    'https:app.example/cb',
    'https:/app.example/cb',
    'https:///app.example/cb',
    '//app.example/cb',
    '/cb',
    'app.example/cb',
    'https://app.example./cb',
    'https://app.example:443/cb',
    'https://app.example:8443/cb',
    'https://app.example:/cb',
    'https://evil.example/cb',
    'https://evil.app.example/cb',
    'https://app.example.evil.example/cb',
    'https://appXexample/cb',
    'https://evilapp.example/cb',
    'https://app.example@evil.example/cb',
    'https://app.example:x@evil.example/cb',
    'https://evil.example\\@app.example/cb',
    'https://evil.example#@app.example/cb',
    'https://evil.example?app.example/cb',
    'https://app.example\\evil.example/cb',
    'https://app.example%2eevil.example/cb',
    'https://app.example%00.evil.example/cb',
    'https://\u0430pp.example/cb',
    'https://app\u3002example/cb',
    'https://xn--pp-8cd.example/cb',
    'javascript:alert(1)//https://app.example/cb',
    'data:text/html,https://app.example/cb',
    'com.evil:https://app.example/cb',
    '*',
    'https://*/cb',
    'https://app.example/*',
    'null',
    'undefined',
  ])('%p is not it', async (uri) => expect(await kindOf(clientId, uri)).toBe('local_error'))

  test('itself is', async () => {
    const outcome = await server.as.authorize(readForm(await authorizationQuery(clientId, { redirect_uri: WEB })))
    expect(outcome.kind).toBe('valid')
  })
})

describe.each(['http://127.0.0.1:7777/cb', 'http://[::1]:7777/cb', 'http://localhost:7777/cb'])(
  'AS-046 %s is registered',
  async (registered) => {
    const clientId = await clientOf(registered)
    const { hostname } = new URL(registered)
    const others = ['127.0.0.1', '[::1]', 'localhost'].filter((host) => host !== hostname)

    test.each([
      ...others.map((host) => `http://${host}:7777/cb`),
      `https://${hostname}:7777/cb`,
      `http://${hostname}:7777/cb/`,
      `http://${hostname}:7777/CB`,
      `http://${hostname}:7777/`,
      `http://${hostname}:7777/cb?x=1`,
      `http://${hostname}:7777/cb#x`,
      `http://${hostname}:7777/../cb`,
      `http://${hostname}:7777@evil.example/cb`,
      `http://${hostname}:7777.evil.example/cb`,
      `http://${hostname}.evil.example:7777/cb`,
      `http://${hostname}:evil.example/cb`,
      `http://${hostname}:70000/cb`,
      `http://${hostname}:-1/cb`,
      `http://user@${hostname}:7777/cb`,
      `http:${hostname}:7777/cb`,
      `HTTP://${hostname}:7777/cb`,
      'http://127.0.0.2:7777/cb',
      'http://127.1:7777/cb',
      'http://2130706433:7777/cb',
      'http://0x7f.0.0.1:7777/cb',
      'http://0177.0.0.1:7777/cb',
      'http://[::ffff:127.0.0.1]:7777/cb',
      'http://[0:0:0:0:0:0:0:1]:7777/cb',
      'http://0.0.0.0:7777/cb',
      'http://x.localhost:7777/cb',
      'http://localhost.:7777/cb',
      'http://LOCALHOST:7777/cb',
    ])('%s is not it', async (uri) => expect(await kindOf(clientId, uri)).toBe('local_error'))

    test.each([1, 80, 7777, 51234, 65535])('on port %d it is', async (port) => {
      const uri = registered.replace('7777', String(port))
      const outcome = await server.as.authorize(readForm(await authorizationQuery(clientId, { redirect_uri: uri })))
      expect(outcome.kind).toBe('valid')
    })
  },
)

test('AS-046 the port of localhost is fixed where the setting says so', async () => {
  const strict = await createTestServer({ oauth: { localhost_any_port: false } })
  const { client_id } = await registerClient(strict, {
    redirect_uris: ['http://localhost:1/cb', 'http://127.0.0.1:1/cb'],
  })
  const judge = async (uri: string) =>
    (await strict.as.authorize(readForm(await authorizationQuery(client_id, { redirect_uri: uri })))).kind
  expect(await judge('http://localhost:1/cb')).toBe('valid')
  expect(await judge('http://localhost:2/cb')).toBe('local_error')
  expect(await judge('http://127.0.0.1:2/cb')).toBe('valid')
  await strict.close()
})
