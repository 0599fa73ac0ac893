/**
 * Every answer names its request, and so does the log.
 *
 * @see docs/adr/0116-request-ids.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { resetSync } from '@logtape/logtape'
import { createOpaqueToken } from '../../server/core/tokens/opaque-token.ts'
import { auditLog, configureLogging } from '../../server/logging.ts'
import { ordinal } from '../../server/store/ordinal.ts'
import { random } from '../../server/store/random.ts'
import { createTestServer, postForm, registerClient, VERIFIER } from '../support/authorization-server.ts'

const server = await createTestServer()
afterAll(() => server.close())
const { client_id } = await registerClient(server)

const idOf = (response: Response): string => response.headers.get('x-request-id') ?? ''

describe('every answer has an id', () => {
  const requests: readonly [string, string, RequestInit?][] = [
    ['a document', '/.well-known/oauth-authorization-server'],
    ['keys', '/.well-known/jwks.json'],
    ['health', '/health/ready'],
    ['a page', '/sign-in'],
    ['a redirect', '/account'],
    ['a page that says no', '/oauth/authorize?client_id=nobody'],
    ['a refused token request', '/oauth/token', { method: 'POST', body: new URLSearchParams({ grant_type: 'x' }) }],
    ['an unreadable request', '/oauth/register', { method: 'POST', body: 'x' }],
    ['nothing there', '/nowhere'],
    ['the wrong method', '/oauth/token'],
    ['a preflight', '/oauth/token', { method: 'OPTIONS' }],
    ['a style sheet', '/assets/none.css'],
  ]
  test.each(requests)('%s', async (_, path, init) => {
    const [first, second] = [await server.fetch(path, init), await server.fetch(path, init)]
    expect(idOf(first)).toMatch(/^[0-9a-f]{12}-[0-9a-z]+$/)
    expect(idOf(second)).not.toBe(idOf(first))
  })

  test.each(requests.slice(0, 2))('%s: requests that arrive together keep their own', async (_, path) => {
    const ids = ['first', 'second', 'third']
    const answers = ids.map((id) => server.fetch(path, { headers: { 'x-request-id': id } }))
    expect((await Promise.all(answers)).map(idOf)).toEqual(ids)
  })

  test('trouble of our own too, and whoever is told of it hears the id', async () => {
    const broken = await createTestServer()
    await broken.store.close()
    const response = await postForm(broken, '/oauth/token', {
      grant_type: 'refresh_token',
      refresh_token: 'x',
      client_id,
    })
    expect([response.status, idOf(response)]).toEqual([503, expect.stringMatching(/-/)])
    expect(broken.failedRequests).toEqual([idOf(response)])
    const page = await broken.fetch(`/oauth/authorize?client_id=${client_id}`)
    expect(broken.failedRequests[1]).toBe(idOf(page))
  })

  test('scripts may read it', async () => {
    const { headers } = await server.fetch('/oauth/token', { method: 'POST' })
    expect(headers.get('access-control-expose-headers')).toContain('X-Request-Id')
  })
})

describe("the caller's id", () => {
  const send = (id: string) => server.fetch('/health/live', { headers: { 'x-request-id': id } })

  test.each([
    ...['abc', '0b0c8ef6-7bd8-4f63-8ae2-2a3f4f2e8b0a', 'Root=1-67891233-abcdef012345678912345678', 'a.b:c=d'],
    ...[
      '4bf92f3577b34da6a3ce929d0e0e4736',
      '01ARZ3NDEKTSV4RRFFQ69G5FAV',
      'req-1.2',
      `${'a'.repeat(42)}:${'b'.repeat(21)}`,
    ],
  ])('%p is kept', async (id) => expect(idOf(await send(id))).toBe(id))
  test.each([
    'a'.repeat(65),
    'a b',
    '<script>',
    'a,b',
    'a"b',
    'a\\b',
    '%0a',
    'http://evil/',
    'é',
    'eyJhbGciOiJub25lIn0.e30.x',
    'token=eyJhbGciOiJub25lIn0',
    // A code or a refresh token, whole and cut off; a secret, and one with something around it.
    createOpaqueToken({ ordinal, random }),
    createOpaqueToken({ ordinal, random }).slice(0, 30),
    `code=${createOpaqueToken({ ordinal, random })}`,
    random(),
    `secret:${random()}`,
    VERIFIER,
  ])('%p is not: one of ours instead', async (id) => expect(idOf(await send(id))).toMatch(/^[0-9a-f]{12}-/))
})

test('SEC-043 log lines have it', async () => {
  const lines: string[] = []
  configureLogging({ level: 'info', format: 'json' }, (line) => void lines.push(line))
  const audit = auditLog()

  const logged = await createTestServer({}, { audit })
  lines.length = 0
  await logged.fetch('/oauth/token', {
    method: 'POST',
    headers: { 'x-request-id': 'trace-7' },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x', client_id: 'nobody' }),
  })
  resetSync()
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ reason: 'unknown_client', requestId: 'trace-7' }])
  await logged.close()
})
