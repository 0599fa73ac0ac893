/**
 * Bodies that do not end, lie about their length, or are small and costly.
 *
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { readForm } from '../../shared/form.ts'
import {
  authorizationQuery,
  createBrowser,
  createTestServer,
  formFields,
  registerClient,
} from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'

const server = await createTestServer()
afterAll(() => server.close())
const { client_id } = await registerClient(server)

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'
const KIB = 1024

/** A body that never ends, and how much of it was read. */
function endless(text: string) {
  const chunk = new TextEncoder().encode(text.padEnd(KIB, 'x'))
  const seen = { bytes: 0, cancelled: false }
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        seen.bytes += chunk.byteLength
        // Without a limit the test ends all the same, and fails.
        if (seen.bytes > 4 * KIB * KIB) controller.close()
        else controller.enqueue(chunk)
      },
      cancel() {
        seen.cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, seen }
}

const ENDPOINTS: readonly [string, string][] = [
  ['/oauth/token', FORM],
  ['/oauth/revoke', FORM],
  ['/oauth/register', JSON_TYPE],
]

describe.each(ENDPOINTS)('%s', (path, contentType) => {
  test('an endless body is read no further than its limit, and let go', async () => {
    const { stream, seen } = endless(`client_id=${client_id}&token=`)
    const headers = { 'content-type': contentType }
    const response = await server.fetch(path, { method: 'POST', headers, body: stream })
    await expectError(response, 413, 'invalid_request')
    // What comes next over this connection would be the rest of the body.
    expect(response.headers.get('connection')).toBe('close')
    expect(seen.bytes).toBeLessThan(80 * KIB)
    expect(seen.cancelled).toBe(true)
  })

  test('one of another content type is not read at all', async () => {
    const { stream, seen } = endless('x')
    const headers = { 'content-type': 'text/plain' }
    await expectError(await server.fetch(path, { method: 'POST', headers, body: stream }), 400, 'invalid_request')
    expect(seen.bytes).toBe(0)
  })

  test.each([64 * KIB + 1, 10 * KIB * KIB])('one of %d bytes is refused', async (length) => {
    const headers = { 'content-type': contentType }
    await expectError(
      await server.fetch(path, { method: 'POST', headers, body: 'x'.repeat(length) }),
      413,
      'invalid_request',
    )
  })
})

test('64 KiB are read, in pieces that cut letters apart', async () => {
  const client_name = '\u{1F511}'.repeat(50)
  const document = JSON.stringify({ client_name, redirect_uris: ['http://127.0.0.1/cb'] })
  const bytes = new TextEncoder().encode(document.padEnd(64 * KIB - 50 * 2))
  expect(bytes.byteLength).toBe(64 * KIB)
  let at = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.byteLength) return controller.close()
      controller.enqueue(bytes.slice(at, at + 7))
      at += 7
    },
  })
  const response = await server.fetch('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': JSON_TYPE },
    body,
  })
  expect([response.status, (await response.json()).client_name]).toEqual([201, client_name])
})

test('text that is no UTF-8 is no failure', async () => {
  const body = new Uint8Array([...new TextEncoder().encode(`client_id=${client_id}&token=`), 0xff, 0xfe, 0xc0, 0x80])
  const headers = { 'content-type': FORM }
  expect((await server.fetch('/oauth/revoke', { method: 'POST', headers, body })).status).toBe(200)
})

test('JSON that is nested as deep as it can be', async () => {
  for (const body of ['['.repeat(60_000), `{"redirect_uris":${'['.repeat(30_000)}${']'.repeat(30_000)}}`]) {
    const headers = { 'content-type': JSON_TYPE }
    const response = await server.fetch('/oauth/register', { method: 'POST', headers, body })
    expect(response.status).toBe(400)
  }
  expect(server.failures).toEqual([])
})

test('a parameter that is repeated without end costs no more than its length', () => {
  // Quadratic, this would take minutes.
  const count = 1_000_000
  expect(readForm(new URLSearchParams('a=1&'.repeat(count)))['a']).toHaveLength(count)
})

describe('parameters', () => {
  const many = (count: number): string => Array.from({ length: count }, (_, index) => `p${index}=1`).join('&')
  const post = (path: string, body: string): Promise<Response> =>
    server.fetch(path, { method: 'POST', headers: { 'content-type': FORM }, body })

  test.each(['/oauth/token', '/oauth/revoke', '/oauth/introspect'])('%s: a hundred, and no more', async (path) => {
    const error = await expectError(await post(path, many(101)), 400, 'invalid_request')
    expect(error.error_description).toBe('There are more than 100 parameters.')
    const { error_description } = await (await post(path, many(100))).json()
    expect(error_description).not.toBe(error.error_description)
  })

  test.each(['/oauth/token', '/oauth/revoke', '/oauth/introspect'])('%s: none of more than 8 KiB', async (path) => {
    for (const body of [
      `token=${'x'.repeat(8 * KIB)}`,
      `${'x'.repeat(8 * KIB)}=1`,
      `a=1&unknown=${'x'.repeat(9 * KIB)}`,
    ]) {
      const error = await expectError(await post(path, body), 400, 'invalid_request')
      expect(error.error_description).toBe('A parameter is longer than 8192 characters.')
    }
    const long = await post(path, `client_id=${client_id}&token=${'x'.repeat(8 * KIB - 5)}`)
    expect((await long.json()).error_description).not.toBe('A parameter is longer than 8192 characters.')
  })

  test('of an authorization request: a hundred, known or not', async () => {
    const query = await authorizationQuery(client_id)
    const room = 100 - query.size
    const visit = (count: number): Promise<Response> => server.fetch(`/oauth/authorize?${query}&${many(count)}`)
    expect((await visit(room)).status).toBe(303)
    const refused = await visit(room + 1)
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('more than 100 parameters')])
    // The same where the request comes in a form, or in the link to the sign-in page.
    const link = `/sign-in?${new URLSearchParams({ request: `${query}&${many(room + 1)}` })}`
    expect((await server.fetch(link)).status).toBe(400)
  })
})

describe('the forms of our own pages', () => {
  /** What the sign-in page answers to these fields, sent with its own token. */
  async function signIn(fields: Readonly<Record<string, string>>) {
    const browser = createBrowser(server)
    const page = formFields(await (await browser.fetch('/sign-in')).text())
    const body = new URLSearchParams({ ...page, username: 'nobody', password: 'x', ...fields })
    const response = await browser.fetch('/sign-in', { method: 'POST', body })
    return { status: response.status, text: await response.text() }
  }

  test.each([
    ['a name', { username: 'u'.repeat(257) }, 'at most 256 characters'],
    ['a password', { password: 'p'.repeat(1025) }, 'a password 1024'],
    ['a name as long as the body', { username: 'u'.repeat(60_000) }, 'longer than this server reads'],
    ['a password as long as the body', { password: 'p'.repeat(60_000) }, 'longer than this server reads'],
    ['any field', { client: 'x'.repeat(8 * KIB) }, 'longer than this server reads'],
    ['one that nobody knows', { ['x'.repeat(8 * KIB)]: '1' }, 'longer than this server reads'],
  ])('%s that is too long is neither hashed nor said again', async (_, fields, says) => {
    const { status, text } = await signIn(fields)
    expect([status, text.includes('That is too long'), text.includes(says)]).toEqual([400, true, true])
    for (const value of Object.values(fields)) if (value !== '1') expect(text).not.toContain(value.slice(0, 200))
  })

  test('a name of 256 characters and a password of 1024 are tried', async () => {
    const { status, text } = await signIn({ username: 'u'.repeat(256), password: 'p'.repeat(1024) })
    expect([status, text.includes('do not fit together')]).toEqual([403, true])
  })

  test('whoever was on the way to an application stopped there', async () => {
    const request = String(await authorizationQuery(client_id))
    await signIn({ request, password: 'p'.repeat(1025) })
    await server.flush()
    const { records } = await server.store.audit.readBack(null, { type: 'sign_in_rejected' })
    expect(records[0]).toMatchObject({ reason: 'credentials_too_long', clientId: `claimed:${client_id}` })
  })
})

describe('URLs', () => {
  test.each(['/oauth/token', '/oauth/register', '/.well-known/oauth-authorization-server', '/.well-known/jwks.json'])(
    '%s: 8 KiB, and no more',
    async (path) => {
      const base = `${server.issuer}${path}?`
      const long = (length: number): string => base.padEnd(length, 'x')
      const method = path.startsWith('/oauth') ? 'POST' : 'GET'
      await expectError(await server.fetch(long(8 * KIB + 1), { method }), 414, 'invalid_request')
      expect((await server.fetch(long(8 * KIB), { method })).status).not.toBe(414)
    },
  )

  test.each(['/oauth/authorize', '/sign-in', '/account'])('%s says it on a page', async (path) => {
    const response = await server.fetch(`${server.issuer}${path}?`.padEnd(8 * KIB + 1, 'x'))
    expect([response.status, response.headers.get('content-type')]).toEqual([414, 'text/html; charset=utf-8'])
    expect(await response.text()).toContain('That is too long')
  })

  test('a request that would not fit into the link to the sign-in page is refused, not lost on the way', async () => {
    const state = async (length: number): Promise<Response> =>
      server.fetch(`/oauth/authorize?${await authorizationQuery(client_id, { state: '%'.repeat(length) })}`)
    const fits = await state(1000)
    expect([fits.status, (fits.headers.get('location') ?? '').length < 8 * KIB]).toEqual([303, true])
    expect((await state(1800)).status).toBe(414)
  })
})
