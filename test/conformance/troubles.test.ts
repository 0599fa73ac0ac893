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
]

describe.each(CASES)('a server that %s', (_, server, line) => {
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
    expect(toText([report])).not.toMatch(/^\s+at .+:\d+/m)
  })

  test('told by the doctor', async () => {
    const told = toDiagnosisText(await diagnose({ url: `${server}/mcp`, timeout: patienceFor(server) }))
    expect(told).toContain('FAIL The server answers, and asks for a token')
    expect(told).toContain('Hosts will not connect')
    expect(told).not.toMatch(/^\s+at .+:\d+/m)
  })
})
