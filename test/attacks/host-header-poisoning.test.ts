/**
 * A request that lies about where it went. Nothing that the server says of itself may follow it.
 *
 * @see RFC 8414 section 3.3
 * @see RFC 9700 section 4.13: proxies and headers
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import {
  authorizationQuery,
  codeForm,
  createTestServer,
  obtainCode,
  registerClient,
} from '../support/authorization-server.ts'

const POISON = {
  host: 'evil.example',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'http',
  'x-forwarded-port': '8080',
  'x-forwarded-prefix': '/evil',
  'x-forwarded-server': 'evil.example',
  'x-forwarded-scheme': 'http',
  'x-http-host-override': 'evil.example',
  'x-host': 'evil.example',
  'x-original-host': 'evil.example',
  'x-original-url': 'https://evil.example/',
  'x-rewrite-url': '/evil',
  forwarded: 'for=evil.example;host=evil.example;proto=http',
  origin: 'https://evil.example',
  referer: 'https://evil.example/',
}
/** The URL that the request seems to be for. */
const PLACES = ['https://evil.example', 'http://evil.example:8080', 'https://evil.example.auth.example', 'https://x']

describe.each(['https://auth.example', 'https://auth.example/tenant'])('the issuer %s', async (issuer) => {
  const server = await createTestServer({ issuer })
  afterAll(() => server.close())
  const { client_id } = await registerClient(server)
  const base = new URL(issuer).pathname.replace(/\/$/, '')
  const poisoned = (place: string, path: string, init: RequestInit = {}) =>
    server.handle(new Request(place + path, { ...init, headers: { ...POISON, ...init.headers } }))

  const paths = [
    base === '' ? '/.well-known/oauth-authorization-server' : `/.well-known/oauth-authorization-server${base}`,
    `${base}/.well-known/openid-configuration`,
    `${base}/oauth/authorize?${await authorizationQuery(client_id)}`,
    `${base}/oauth/authorize?${await authorizationQuery(client_id, { prompt: 'none' })}`,
    `${base}/oauth/authorize?${await authorizationQuery('nobody')}`,
    `${base}/sign-in`,
    `${base}/account`,
    `${base}/oauth/token`,
    `${base}/nothing`,
    `${base}//evil.example/`,
    `${base}/%2f%2fevil.example/`,
  ]

  test.each(paths)('no answer at %s knows of another place', async (path) => {
    for (const place of PLACES) {
      const response = await poisoned(place, path)
      const said = `${[...(response?.headers ?? [])].join('\n')}\n${await response?.text()}`
      expect([place, said.includes('evil'), said.includes('8080')]).toEqual([place, false, false])
      expect(said).not.toMatch(/domain=/i)
      const location = response?.headers.get('location') ?? null
      if (location !== null)
        expect(location).toMatch(base === '' ? /^(\/[a-z]|http:\/\/127)/ : /^(\/tenant\/|http:\/\/127)/)
    }
  })

  test('AS-004 AS-050 metadata, iss and tokens name the configured issuer', async () => {
    for (const place of PLACES) {
      const metadata = await (await poisoned(place, paths[0] ?? ''))?.json()
      expect(metadata).toEqual(await server.as.metadata())
      expect(metadata.issuer).toBe(issuer)
      const silent = await poisoned(
        place,
        `${base}/oauth/authorize?${await authorizationQuery(client_id, { prompt: 'none' })}`,
      )
      expect(new URL(silent?.headers.get('location') ?? '').searchParams.get('iss')).toBe(issuer)
      const form = codeForm(client_id, await obtainCode(server, client_id))
      const init = { method: 'POST', body: new URLSearchParams(form) }
      const tokens = await (await poisoned(place, `${base}/oauth/token`, init))?.json()
      expect(decodeJwt(tokens.access_token).iss).toBe(issuer)
    }
  })
})
