/**
 * How much a request may say is the same on every runtime: headers, URL, body and parameters, over real sockets.
 *
 * @see RFC 6585 section 5, RFC 9110 section 15.5
 * @see docs/adr/0113-bounds-of-a-request.md
 * @module
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { connect } from 'node:net'
import { expectError } from '../support/oauth-error.ts'
import { type Installation, install, type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { RUNTIMES } from '../support/spawn.ts'

setDefaultTimeout(60_000)

/** Bytes through a socket, and all that comes until it is closed. */
const say = ({ hostname, port }: URL, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let heard = ''
    const socket = connect(Number(port), hostname)
    socket.setEncoding('latin1')
    socket.on('data', (chunk) => {
      heard += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(heard))
    socket.end(text)
  })

const KIB = 1024
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

describe.each(Object.entries(RUNTIMES))('%s', (_, runtime) => {
  let installation: Installation
  let server: ServerProcess
  beforeAll(async () => {
    installation = await install({
      shutdown: { drain: 0 },
      trusted_proxies: ['loopback'],
      rate_limits: { token: { failures: 2 } },
    })
    server = await startServerProcess(installation, { runtime })
  })
  afterAll(async () => {
    server.kill()
    await server.exited
    await installation.remove()
  })

  const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    server.fetch('/oauth/token', { method: 'POST', headers: { ...FORM, ...headers }, body })

  test('headers of 15 KiB are read, of 17 KiB are refused', async () => {
    const visit = (bytes: number): Promise<Response> =>
      server.fetch('/.well-known/jwks.json', { headers: { 'x-long': 'x'.repeat(bytes) } })
    expect((await visit(15 * KIB)).status).toBe(200)
    const refused = await visit(17 * KIB)
    expect(refused.status).toBe(431)
    // The parsers of Bun and Node refuse it before there is a request; Deno's reads on, so that the refusal is ours.
    expect(refused.headers.has('x-request-id')).toBe(runtime === RUNTIMES.deno)
  })

  test('what is no HTTP is answered by the parser: a bare 400 that says nothing, and the end of the connection', async () => {
    const answer = await say(new URL(installation.issuer), 'GARBAGE\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(answer.toLowerCase()).not.toContain('x-request-id')
    expect(answer).toEndWith('\r\n\r\n')
    expect((await server.fetch('/.well-known/jwks.json')).status).toBe(200)
  })

  test('a URL of 8 KiB is read, one longer is refused in the form of the endpoint', async () => {
    const visit = (path: string, length: number): Promise<Response> =>
      server.fetch(`${installation.issuer}${path}?`.padEnd(length, 'x'))
    expect((await visit('/.well-known/jwks.json', 8 * KIB)).status).toBe(200)
    await expectError(await visit('/.well-known/jwks.json', 8 * KIB + 200), 414, 'invalid_request')
    const page = await visit('/oauth/authorize', 8 * KIB + 200)
    expect([page.status, page.headers.get('content-type')]).toEqual([414, 'text/html; charset=utf-8'])
  })

  test('a body of 64 KiB is read, one longer is refused', async () => {
    const read = await expectError(await post('x'.repeat(64 * KIB)), 400, 'invalid_request')
    expect(read.error_description).toBe('A parameter is longer than 8192 characters.')
    await expectError(await post('x'.repeat(64 * KIB + 1)), 413, 'invalid_request')
    expect((await post('x'.repeat(5 * KIB * KIB))).status).toBe(413)
  })

  test('a hundred parameters are read, one more is refused', async () => {
    const many = (count: number): string => Array.from({ length: count }, (_, index) => `p${index}=1`).join('&')
    const { error_description } = await expectError(await post(many(101)), 400, 'invalid_request')
    expect(error_description).toBe('There are more than 100 parameters.')
  })

  test('limits count whom a trusted proxy names, and not who the peer claims to be', async () => {
    const guess = (forwarded: string): Promise<Response> =>
      post('grant_type=refresh_token&refresh_token=x&client_id=nobody', { 'x-forwarded-for': forwarded })
    for (const _ of [1, 2]) expect((await guess('198.51.100.7')).status).toBe(401)
    for (const forwarded of [
      '198.51.100.7',
      '192.0.2.66, 198.51.100.7',
      '::ffff:198.51.100.7',
      '198.51.100.7, 127.0.0.1',
    ]) {
      await expectError(await guess(forwarded), 429, 'temporarily_unavailable')
    }
    expect((await guess('198.51.100.7, 192.0.2.66')).status).toBe(401)
    for (const host of ['1', '2']) expect((await guess(`2001:db8:0:1::${host}`)).status).toBe(401)
    expect((await guess('2001:db8:0:1:ffff::3')).status).toBe(429)
    expect((await guess('2001:db8:0:2::1')).status).toBe(401)
  })
})
