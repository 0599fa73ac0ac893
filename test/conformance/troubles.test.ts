/**
 * Servers that are down, slow, somewhere else, or something else: each is a line that says so, and never a stack trace.
 *
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import {
  checkAuthorizationServer,
  checkResourceServer,
  diagnose,
  toDiagnosisText,
  toText,
} from '../../conformance/index.ts'
import { freePort } from '../support/spawn.ts'
import { changeMetadata } from './mutants/mutant.ts'
import { createWorld } from './world.ts'

const listeners: { stop(now: boolean): unknown }[] = []
afterAll(() => {
  for (const listener of listeners) listener.stop(true)
})

function listen(answer: () => Response | Promise<Response>, tls?: { cert: string; key: string }): string {
  const listener = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: answer, ...(tls === undefined ? {} : { tls }) })
  listeners.push(listener)
  return `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${listener.port}`
}

const pem = await Bun.file(new URL('../support/certificates/app.pem', import.meta.url)).text()
const html = (): Response =>
  new Response('<!doctype html><title>Sign in</title>', { headers: { 'content-type': 'text/html' } })
const never = (): Promise<Response> => new Promise(() => {})
const endless = (): Response => Response.json({ text: 'x'.repeat(1_100_000) })
const plain = listen(html)

const silent = listen(never)

/** Seconds. Only one of them is waited for. */
const patienceFor = (server: string): number => (server === silent ? 0.2 : 10)

const CASES: readonly (readonly [what: string, server: string, line: RegExp])[] = [
  ['is down', `http://127.0.0.1:${freePort()}`, /nothing listens there \(connection refused\)/],
  [
    'has a name that does not resolve',
    'http://no-such-host.invalid',
    /the host name does not resolve|no connection can be made/,
  ],
  ['never answers', silent, /no answer in time/],
  ['answers with a page', plain, /200 with an HTML page \(Sign in\)/],
  [
    'redirects',
    listen(() => Response.redirect('https://elsewhere.invalid/', 302)),
    /does not resolve|a redirect to|no connection/,
  ],
  ['has a certificate that nobody trusts', listen(html, { cert: pem, key: pem }), /the TLS certificate/],
  [
    'speaks http where https is asked',
    plain.replace('http:', 'https:'),
    /TLS fails|no connection can be made|connection was closed/,
  ],
  ['answers without end', listen(endless), /the answer is longer than 1 MB/],
  ['answers with what is no JSON', listen(() => new Response('{"issuer": ')), /200 with/],
  ['answers with JSON that is no object', listen(() => Response.json([1, 2])), /200 with/],
  ['fails', listen(() => new Response('Oops', { status: 500 })), /500/],
  [
    'has had enough',
    listen(() => new Response('Later', { status: 429, headers: { 'retry-after': '7' } })),
    /too many requests \(429\)/,
  ],
]

/** What it says would be advice for another trouble. */
const ANSWERED = ['answers with what is no JSON', 'answers with JSON that is no object', 'answers without end']

describe.each(CASES)('a server that %s', (what, server, line) => {
  test('as an authorization server', async () => {
    const report = await checkAuthorizationServer({ issuer: server, timeout: patienceFor(server) })
    const first = report.results.find(({ id }) => id === 'as-metadata')
    expect(first?.status).toBe('fail')
    expect(first?.received).toMatch(line)
    // The one thing that is wrong is told once.
    expect(report.results.filter(({ status }) => status === 'fail')).toHaveLength(1)
    expect(toText([report])).not.toMatch(/^\s+at .+:\d+/m)
  })

  test('as an MCP server', async () => {
    const report = await checkResourceServer({ url: `${server}/mcp`, timeout: patienceFor(server) })
    const [first] = report.results
    expect(first).toMatchObject({ id: 'rs-401', status: 'fail' })
    expect(report.results.filter(({ status }) => status === 'pass').map(({ id }) => id)).toEqual([])
    const told = report.results.filter(({ status }) => status === 'fail' || status === 'warning').map(({ id }) => id)
    if (!ANSWERED.includes(what)) expect(told).toEqual(['rs-401'])
    expect(toText([report])).not.toMatch(/^\s+at .+:\d+/m)
  })

  test('told by the doctor', async () => {
    const told = toDiagnosisText(await diagnose({ url: `${server}/mcp`, timeout: patienceFor(server) }))
    expect(told).toContain('FAIL The server answers, and asks for a token')
    expect(told).toContain('Hosts will not connect')
    expect(told).not.toMatch(/^\s+at .+:\d+/m)
  })
})

const ADVICE: readonly (readonly [what: string, server: string, advice: RegExp])[] = [
  ['is down', `http://127.0.0.1:${freePort()}`, /Start the server, or look at host and port\./],
  ['has a bad certificate', listen(html, { cert: pem, key: pem }), /Install a certificate for this host name/],
  ['speaks http where https is asked', plain.replace('http:', 'https:'), /say http where it is http/],
  [
    'has had enough',
    listen(() => new Response('', { status: 429, headers: { 'retry-after': '7' } })),
    /Wait 7 seconds/,
  ],
  ['shows a page', plain, /sign-in page or a proxy stands before it/],
  ['redirects', listen(() => Response.redirect('https://elsewhere.invalid/mcp', 302)), /give them that URL/],
]

test.each(ADVICE)('what to do about a server that %s is about just that', async (_, server, advice) => {
  const { results } = await checkResourceServer({ url: `${server}/mcp` })
  expect(results.filter(({ status }) => status === 'fail').map(({ mend }) => mend)).toEqual([
    expect.stringMatching(advice),
  ])
  const told = toDiagnosisText(await diagnose({ url: `${server}/mcp` })).replaceAll(/\s+/g, ' ')
  expect(told).toMatch(advice)
  expect(told.match(/To mend it/g)).toBeNull()
})

test('a server that is reached no more does not make a failure of the first check a failure of all', async () => {
  const started = listen(() => Response.json({ jsonrpc: '2.0' }))
  const { results } = await checkResourceServer({ url: `${started}/mcp`, only: ['rs-401', 'rs-garbage'] })
  expect(results.map(({ status }) => status)).toEqual(['fail', 'fail'])
})

test('a server without a resource is told that it has none, and what to do about it', async () => {
  const world = await createWorld({ resources: [] })
  const { results } = await world.check(undefined, { only: ['authorize'] })
  await world.server.close()
  expect(results).toMatchObject([{ status: 'fail', received: expect.stringContaining('invalid_target') }])
  expect(results[0]?.mend).toContain('sallyport resources add URL')
})

test('a server that breaks in the course of the checks does not pass', async () => {
  const world = await createWorld()
  let asked = 0
  const { results } = await world.check(async (sent, next) => {
    asked += 1
    return asked > 200 ? new Response('Oops', { status: 500 }) : next(sent)
  })
  await world.server.close()
  const failed = results.filter(({ status }) => status === 'fail')
  expect(failed.map(({ received }) => received)).toContain(
    'the server fails at what it did before: 500 with something of no type',
  )
})

describe('URLs of the server under test that are no http URLs are not asked for', () => {
  const secret = new URL('../support/certificates/app.pem', import.meta.url).href
  const json = (value: unknown): Response => Response.json(value)
  const lines = (text: string): string => text.replace(/\s+/g, ' ')

  test('those of an authorization server: the members are named once, and nothing is read', async () => {
    const members = { authorization_endpoint: secret, token_endpoint: secret, jwks_uri: secret }
    const registration_endpoint = 'javascript:alert(1)'
    const fetch = async (url: string, init: RequestInit): Promise<Response> => {
      if (!url.startsWith('http')) return globalThis.fetch(url, init)
      return url.includes('/.well-known/oauth')
        ? json({ issuer: 'https://as.example', ...members, registration_endpoint, response_types_supported: ['code'] })
        : new Response('Not found', { status: 404 })
    }
    const report = await checkAuthorizationServer({ issuer: 'https://as.example', fetch })
    expect(lines(toText([report]))).not.toContain('BEGIN')
    const failed = report.results.filter(({ status }) => status === 'fail').map(({ id }) => id)
    expect(failed).toEqual(['as-metadata-endpoints', 'as-metadata-pkce'].toSorted(byOrder(report.results)))
  })

  test('the place of the metadata in a challenge', async () => {
    const challenge = { 'www-authenticate': `Bearer resource_metadata="${secret}"` }
    const asked: string[] = []
    const fetch = async (url: string): Promise<Response> => {
      asked.push(url)
      return url.endsWith('/mcp') && !url.includes('well-known')
        ? new Response(null, { status: 401, headers: challenge })
        : new Response('Not found', { status: 404 })
    }
    const report = await checkResourceServer({ url: 'https://mcp.example/mcp', fetch })
    expect(asked.filter((url) => !url.startsWith('https:'))).toEqual([])
    expect(report.results.find(({ id }) => id === 'rs-challenge-metadata')?.status).toBe('warning')
  })

  test('where a redirect leads', async () => {
    const server = listen(() => new Response(null, { status: 302, headers: { location: secret } }))
    const report = await checkAuthorizationServer({ issuer: server, only: ['as-metadata'] })
    expect(toText([report])).not.toContain('BEGIN')
  })
})

const byOrder =
  (results: readonly { readonly id: string }[]) =>
  (one: string, other: string): number =>
    results.findIndex(({ id }) => id === one) - results.findIndex(({ id }) => id === other)

test('where nobody answers at the registration endpoint, that is told once', async () => {
  const nobody = `http://127.0.0.1:${freePort()}/register`
  const world = await createWorld()
  const report = await world.check(
    changeMetadata((members) => ({ ...members, registration_endpoint: nobody })),
    {
      fetchLines: undefined,
    },
  )
  await world.server.close()
  const failed = report.results.filter(({ status }) => status === 'fail').map(({ id }) => id)
  expect(failed.filter((id) => !id.startsWith('register'))).toEqual([])
  expect(report.results.find(({ id }) => id === 'token')?.note).toContain('no client can be registered')
})
