/**
 * The parts that all checks stand on: visits, requests, and what is taken out of reports.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { createHttp, type Exchange } from '../../conformance/core/http.ts'
import { redactExchange, secretsOf } from '../../conformance/core/redact.ts'
import { followRedirects } from '../../conformance/core/visit.ts'

const START = 'https://as.example/authorize'
const CALLBACK = 'http://127.0.0.1:1234/callback'

/** A site of redirects, by URL; anything else is a page. What was asked for, with its cookies. */
function site(redirects: Readonly<Record<string, string>>, cookies: Readonly<Record<string, readonly string[]>> = {}) {
  const asked: (readonly [url: string, cookie: string | null])[] = []
  const http = createHttp({
    fetch: async (url, init) => {
      asked.push([url, new Headers(init.headers).get('cookie')])
      const headers = new Headers({ 'content-type': 'text/html' })
      for (const line of cookies[url] ?? []) headers.append('set-cookie', line)
      const location = redirects[url]
      if (location !== undefined) headers.set('location', location)
      return new Response('', { status: location === undefined ? 200 : 303, headers })
    },
  })
  return { asked, visit: () => followRedirects(http)(START, CALLBACK) }
}

describe('a visit without a person', () => {
  test('ends at the redirect URI, which is not asked for', async () => {
    const { asked, visit } = site({ [START]: '/next', 'https://as.example/next': `${CALLBACK}?code=1` })
    expect(await visit()).toMatchObject({ kind: 'callback' })
    expect(asked.map(([url]) => url)).toEqual([START, 'https://as.example/next'])
  })
  test('ends at a page that waits', async () => expect((await site({}).visit()).kind).toBe('page'))
  test.each([
    'https://attacker.example/callback?code=1',
    'https://attacker.example/#access_token=1',
    'https://login.example/error?error=access_denied',
  ])('goes to no other site, and takes an answer that was sent there for none: %s', async (other) => {
    const { asked, visit } = site({ [START]: other })
    expect((await visit()).kind).toBe('refused')
    expect(asked).toHaveLength(1)
  })
  test('ends where people sign in at another site', async () => {
    const { asked, visit } = site({ [START]: 'https://login.example/?return_to=x' })
    expect((await visit()).kind).toBe('page')
    expect(asked).toHaveLength(1)
  })
  test.each([
    `${CALLBACK}/more?code=1`,
    'http://127.0.0.1:1235/callback?code=1',
    'https://127.0.0.1:1234/callback?code=1',
  ])('takes nothing else for the redirect URI: %s', async (other) =>
    expect((await site({ [START]: other }).visit()).kind).toBe('refused'),
  )
  test('does not go round in circles for ever', async () => {
    const { asked, visit } = site({ [START]: START })
    expect((await visit()).kind).toBe('refused')
    expect(asked.length).toBeLessThan(20)
  })
  test('keeps cookies, and lets go of those that are taken back', async () => {
    const [one, two] = ['https://as.example/1', 'https://as.example/2']
    const { asked, visit } = site(
      { [START]: one, [one]: two },
      { [START]: ['a=1; Path=/', 'b=2'], [one]: ['a=; Max-Age=0'] },
    )
    await visit()
    expect(asked.map(([, cookie]) => cookie)).toEqual([null, 'a=1; b=2', 'b=2'])
  })
})

test('no redirect is followed: the credentials would go along', async () => {
  const asked: string[] = []
  const there = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: ({ url }) => new Response(String(asked.push(url))) })
  const here = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => Response.redirect(there.url.href, 307) })
  const answer = await createHttp().get(here.url.href, { authorization: 'Bearer secret' })
  expect(answer.status).toBe(307)
  expect(asked).toEqual([])
  await Promise.all([here.stop(true), there.stop(true)])
})

describe('a stream of events', () => {
  const stream = (...chunks: readonly string[]): Response =>
    new Response(
      new ReadableStream({
        start: (controller) => {
          for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
        },
      }),
      { headers: { 'content-type': 'text/event-stream' } },
    )
  const readWithin = async (timeout: number, ...chunks: readonly string[]) =>
    (await createHttp({ fetch: async () => stream(...chunks), timeout }).get('https://mcp.example')).json
  const read = (...chunks: readonly string[]) => readWithin(30, ...chunks)

  test('is read as far as the first event that says something', async () =>
    expect(await read(': hello\n\n', 'id: 1\ndata:\n\n', 'data: {"a":', '1}\n\n')).toEqual({ a: 1 }))
  test('may have lines of any kind', async () =>
    expect(await read('event: message\r\ndata: {\r\ndata: "a": 1}\r\n\r\n')).toEqual({ a: 1 }))
  test('that says nothing is not waited for', async () =>
    expect(readWithin(0.2, ': hello\n\n')).rejects.toThrow('no answer in time'))
})

test('too many requests are neither a refusal nor an acceptance', async () => {
  const fetch = async (): Promise<Response> => new Response('', { status: 429 })
  await expect(createHttp({ fetch }).get('https://as.example')).rejects.toThrow(
    'https://as.example: there were too many requests (429)',
  )
})

describe('secrets', () => {
  const SECRET = 'a+secret/with=signs&more~(*)'
  const base: Exchange = {
    method: 'POST',
    url: 'https://as.example/',
    requestHeaders: [],
    requestBody: null,
    status: 200,
    headers: [],
    body: '',
  }
  const encoded = encodeURIComponent(SECRET)
  const inForm = String(new URLSearchParams({ v: SECRET })).slice(2)
  const places: readonly (readonly [string, Partial<Exchange>])[] = [
    ['a form', { requestBody: `grant_type=x&client_secret=${inForm}` }],
    ['JSON that was sent', { requestBody: JSON.stringify({ client_secret: SECRET }) }],
    ['JSON that came', { body: JSON.stringify({ access_token: SECRET }) }],
    ['a URL', { url: `https://as.example/?code=${encoded}` }],
    ['the place of a redirect', { headers: [['location', `http://127.0.0.1/?state=1&code=${encoded}`]] }],
    ['an Authorization header', { requestHeaders: [['authorization', `Bearer ${SECRET}`]] }],
    ['a cookie', { headers: [['set-cookie', `session=${SECRET}; HttpOnly`]] }],
    ['a cookie that was sent', { requestHeaders: [['cookie', SECRET]] }],
    ['the signature of a proof', { requestHeaders: [['DPoP', `header.payload.${SECRET}`]] }],
  ]
  test.each(places)('in %s are taken out, wherever else they stand', (_, place) => {
    const exchange = { ...base, ...place }
    const redacted = JSON.stringify(redactExchange(exchange, secretsOf(exchange)))
    expect(redacted).not.toContain(SECRET)
    expect(redacted).not.toContain(encoded)
    expect(redacted).not.toContain(inForm)
    const elsewhere = { ...base, body: `echo ${SECRET} ${encoded} ${inForm}` }
    expect(redactExchange(elsewhere, secretsOf(exchange)).body).not.toMatch(/secret.with/)
  })
})
