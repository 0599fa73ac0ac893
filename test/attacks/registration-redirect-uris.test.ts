/**
 * Redirect URIs that would run code, read files or smuggle something in. No mode registers one, and no approval makes it good.
 *
 * @see RFC 7591 section 5
 * @see docs/adr/0043-approved-redirects.md and docs/adr/0044-private-use-schemes.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { createTestServer, REDIRECT_URI, type TestServer } from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'

const open = await createTestServer({ registration: { mode: 'open' } })
const approved = await createTestServer()
afterAll(() => Promise.all([open.close(), approved.close()]))

const register = (server: TestServer, redirect_uris: readonly unknown[]) =>
  server.fetch('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris }),
  })

async function expectRefused(uri: string) {
  for (const server of [open, approved]) {
    await expectError(await register(server, [uri]), 400, 'invalid_redirect_uri')
    await expectError(await register(server, [REDIRECT_URI, uri]), 400, 'invalid_redirect_uri')
    await expectError(await register(server, [uri, REDIRECT_URI]), 400, 'invalid_redirect_uri')
    expect(await server.store.clients.list()).toEqual([])
  }
}

const SCHEMES = [
  'javascript:',
  'data:',
  'file:',
  'blob:',
  'vbscript:',
  'about:',
  'filesystem:',
  'view-source:',
  'ftp:',
  'ws:',
  'wss:',
  'jar:',
  'intent:',
]

describe.each(SCHEMES)('%s', (scheme) => {
  const upper = scheme.toUpperCase()
  const mixed = [...scheme].map((letter, at) => (at % 2 === 0 ? letter.toUpperCase() : letter)).join('')
  const half = `${scheme.slice(0, 2)}\t${scheme.slice(2)}`
  const variants = [
    `${scheme}alert(1)`,
    `${scheme}//alert(1)`,
    `${scheme}//127.0.0.1/cb`,
    `${scheme}///etc/passwd`,
    `${scheme}https://app.example/cb`,
    `${upper}//x/y`,
    `${mixed}//x/y`,
    `${scheme}%0aalert(1)//`,
    `${scheme}text/html,<script>alert(1)</script>`,
    ` ${scheme}//x/y`,
    `\t${scheme}//x/y`,
    `\u0000${scheme}//x/y`,
    `\u00a0${scheme}//x/y`,
    `\ufeff${scheme}//x/y`,
    `${half}//x/y`,
    half.replace('\t', '\n'),
    half.replace('\t', '\r'),
    half.replace('\t', '\u0001'),
    half.replace('\t', '&#9;'),
    half.replace('\t', '\\t'),
    `${scheme.slice(0, -1)}\t:alert(1)`,
    `${scheme.slice(0, -1)}\n:alert(1)`,
    `${scheme.slice(0, -1)}&colon;alert(1)`,
    `${scheme.slice(0, -1)}%3aalert(1)`,
    `${scheme.slice(0, -1)}\uff1aalert(1)`,
  ]
  test.each(variants)('%p', (uri) => expectRefused(uri))
})

describe('what is no URI of an application', () => {
  test.each([
    'http://evil.example/cb',
    'http://127.0.0.1.evil.example/',
    'http://127.0.0.1@evil.example/',
    'http://127.0.0.1:80\\@evil.example/',
    'http://evil.example\\@127.0.0.1/',
    'http://localhost#@evil.example/',
    'http://localhost%00.evil.example/',
    'http://localhost\u3002evil.example/',
    'http:evil.example',
    'http:127.0.0.1/cb',
    'https:app.example/cb',
    'https:/app.example/cb',
    'https:///app.example/cb',
    '///evil.example',
    '\\\\evil.example\\cb',
    'https://app.example/cb\r\nset-cookie: x=y',
    'https://app.example/\u202egpj.exe',
    'https://app.example/\u0142',
    'https://\u0430pp.example/cb',
    'https://app.example/{x}',
    'https://app.example/cb#',
    'https://app.example:0x50/',
    'https://[::1/',
    'https://[evil]/',
    'https://%/',
    ':',
    '://',
    'x',
    '*',
  ])('%p', (uri) => expectRefused(uri))
})

test('SEC-023 a wildcard is a letter: not approved, and in open mode compared as it stands', async () => {
  const uri = 'https://*.app.example/cb'
  await expectError(await register(approved, [uri]), 400, 'invalid_redirect_uri')
  const { client_id } = await (await register(open, [uri])).json()
  const query = new URLSearchParams({ client_id, redirect_uri: 'https://evil.app.example/cb' })
  expect((await open.fetch(`/oauth/authorize?${query}`)).status).toBe(400)
})
