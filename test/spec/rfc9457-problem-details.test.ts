/**
 * Errors: one document that OAuth clients and operators' tools both read.
 *
 * @see RFC 9457 section 3
 * @see docs/adr/0041-error-content-type.md
 *
 * @standard RFC 9457: Problem Details
 * @status implemented
 * @does members in every error body; the media type on request
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { Elysia } from 'elysia'
import * as v from 'valibot'
import { errors } from '../../server/http/errors.ts'
import { createTestServer, postForm, registerClient } from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'

const server = await createTestServer()
afterAll(() => server.close())
const { client_id } = await registerClient(server)
const form = { grant_type: 'refresh_token', refresh_token: 'x', client_id }

describe('section 3 the members', () => {
  test('stand beside those of OAuth', async () => {
    const response = await postForm(server, '/oauth/token', form)
    expect(await expectError(response, 400, 'invalid_grant')).toEqual({
      error: 'invalid_grant',
      error_description: 'The refresh token is not valid.',
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: 'The refresh token is not valid.',
    })
  })

  const titles: readonly [number, string, Promise<Response>][] = [
    [400, 'Bad Request', postForm(server, '/oauth/token', {})],
    [401, 'Unauthorized', postForm(server, '/oauth/token', { ...form, client_id: 'nobody' })],
    [404, 'Not Found', server.fetch('/nothing')],
    [405, 'Method Not Allowed', server.fetch('/oauth/token')],
  ]
  test.each(titles)(
    'section 4.2.1 about:blank goes with the title of the status: %d is %s',
    async (status, title, answer) => {
      expect(await (await answer).json()).toMatchObject({ type: 'about:blank', status, title })
    },
  )
})

describe('ADR 0041 the content type', () => {
  const JSON_TYPE = 'application/json'
  const PROBLEM = 'application/problem+json'
  const cases: readonly [string | undefined, string][] = [
    [undefined, JSON_TYPE],
    ['*/*', JSON_TYPE],
    ['application/json', JSON_TYPE],
    ['text/html, application/xhtml+xml, */*;q=0.8', JSON_TYPE],
    ['application/json, text/event-stream', JSON_TYPE],
    ['application/problem+json', PROBLEM],
    ['Application/Problem+JSON', PROBLEM],
    ['application/problem+json, application/json', PROBLEM],
    ['application/json, application/problem+json', PROBLEM],
    ['application/json;q=0.5, application/problem+json', PROBLEM],
    ['application/json, application/problem+json;q=0.9', JSON_TYPE],
    ['application/problem+json;q=0', JSON_TYPE],
    ['application/problem+json;q=0.5, */*', JSON_TYPE],
    ['application/problem+json, */*;q=0.1', PROBLEM],
    ['application/problem+json;q=nonsense', JSON_TYPE],
    ['x-application/problem+json', JSON_TYPE],
  ]
  test.each(cases)('for Accept %p it is %s', async (accept, expected) => {
    const headers: Record<string, string> = accept === undefined ? {} : { accept }
    const answers = [
      await postForm(server, '/oauth/token', form, headers),
      await postForm(server, '/oauth/token', {}, headers),
      await postForm(server, '/oauth/revoke', { token: 'x' }, headers),
      await server.fetch('/oauth/register', {
        method: 'POST',
        headers: { ...headers, 'content-type': JSON_TYPE },
        body: '{',
      }),
    ]
    expect(answers.map((answer) => answer.headers.get('content-type'))).toEqual(answers.map(() => expected))
    const [first, ...others] = await Promise.all(answers.map((answer) => answer.json()))
    expect(first).toMatchObject({ error: 'invalid_grant', status: 400 })
    expect(others.every(({ error, detail }) => typeof error === 'string' && typeof detail === 'string')).toBe(true)
  })

  test('a success stays what it is', async () => {
    const headers = { accept: PROBLEM }
    const response = await server.fetch('/.well-known/jwks.json', { headers })
    expect(response.headers.get('content-type')).toMatch(/^application\/json\b/)
  })
})

describe('our own defects', () => {
  const CANARY = 'canary-of-a-secret'
  const failures: unknown[] = []
  const app = new Elysia()
    .use(errors((error) => failures.push(error)))
    .get('/throws', () => {
      throw new Error(CANARY)
    })
    .get('/throws-text', () => {
      throw CANARY
    })
    .get('/wrong-answer', () => ({ token: [CANARY] }) as never, { response: v.object({ token: v.string() }) })
    .post('/wrong-request', () => 'fine', { body: v.object({ token: v.number() }) })
    .get('/more', () => ({ known: 1, secret: CANARY }), { response: v.object({ known: v.number() }) })

  test.each(['/throws', '/throws-text', '/wrong-answer'])(
    '%s: 500 server_error without a word of it, and we are told',
    async (path) => {
      failures.length = 0
      const response = await app.handle(new Request(`http://localhost${path}`))
      expect(await response.clone().text()).not.toContain(CANARY)
      await expectError(response, 500, 'server_error')
      expect(failures).toHaveLength(1)
    },
  )

  test('what did not fit its schema is not told on: it may be a token', async () => {
    failures.length = 0
    await app.handle(new Request('http://localhost/wrong-answer'))
    expect(Bun.inspect(failures)).not.toContain(CANARY)
  })

  test('a request that does not fit is 400 without a word of it, and no failure', async () => {
    failures.length = 0
    const body = JSON.stringify({ token: CANARY })
    const headers = { 'content-type': 'application/json' }
    const response = await app.handle(new Request('http://localhost/wrong-request', { method: 'POST', headers, body }))
    expect(await response.clone().text()).not.toContain(CANARY)
    await expectError(response, 400, 'invalid_request')
    expect(failures).toEqual([])
  })

  test('the response schema strips what it does not know', async () => {
    expect(await (await app.handle(new Request('http://localhost/more'))).json()).toEqual({ known: 1 })
  })
})
