/**
 * What every answer must be, whatever was asked: no failure of ours, nothing of the caller's, and one of the few shapes that there are.
 *
 * @module
 */
import { expect } from 'bun:test'
import * as v from 'valibot'
import { whoAsksBehind } from '../../server/core/proxies.ts'
import { ENDPOINTS } from '../../server/http/endpoints.ts'
import { OAuthErrorResponse } from '../../shared/oauth-error.ts'
import { REDIRECT_URI, type TestServer } from '../support/authorization-server.ts'
import { CANARY } from './values.ts'

/** RFC 6749 section 5.2: the characters of `error` and `error_description`. */
const PRINTABLE = /^[\x20\x21\x23-\x5B\x5D-\x7E]+$/

const Problem = v.strictObject({
  type: v.literal('about:blank'),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
})

/** All come from here, so that limits are reached, too; but it is a proxy, which says for whom it asks. */
const PEER = '127.0.0.1'
const whoAsks = whoAsksBehind(['loopback'])

/** Answers without secrets, which may be kept. */
const CACHEABLE =
  /^\/(?:oauth\/client-logo$|\.well-known\/|health\/live$|assets\/|[\w-]+\.(?:css|svg|ico|png)$|icon|style)/

/**
 * Sends `request` and judges the answer, in which none of `secrets` may be. What it was, in a word or two. `blaming`: statuses by which the server
 * says that another one has failed.
 */
export async function expectGoodAnswer(
  server: TestServer,
  request: Request,
  secrets: readonly string[],
  blaming: readonly number[] = [],
): Promise<string> {
  server.failures.length = 0
  server.events.length = 0
  const { method, url } = request
  const response =
    (await server.handle(request, () => whoAsks(PEER, request.headers.get('x-forwarded-for')))) ??
    new Response(null, { status: 404 })
  const text = await response.text()
  const what = `${method} ${url} -> ${response.status} ${JSON.stringify([...response.headers])} ${text.slice(0, 300)}`
  const check = (label: string, good: boolean): void => expect(good ? '' : `${label}: ${what}`).toBe('')

  expect([what, server.failures]).toEqual([what, []])
  check('status', (response.status >= 200 && response.status < 500) || blaming.includes(response.status))
  const pathname = new URL(url).pathname
  checkHeaders(pathname, request, response, check)
  checkBody(pathname, request, response, text, check)
  const said = `${withoutPromisedEcho(response, text)}\n${headersSaid(response)}`
  check('echo', !said.toLowerCase().includes(CANARY.toLowerCase()))
  for (const secret of secrets) check('secret', !said.includes(secret))
  // A client id that is a URL is named: the operator must know whose document was not good.
  const logged = Bun.inspect(server.events, { depth: 8 }).replaceAll(/clientId: "https:[^"]*"/g, '')
  check('logged', !logged.includes(CANARY))
  return outcomeOf(response, pathname === '/oauth/token' ? server.events.at(-1)?.type : undefined)
}

/** The status, and where a redirect leads: to which page of ours, or with what to a client. `issued`: what a success came to. */
function outcomeOf({ status, headers }: Response, issued: string | undefined): string {
  const location = headers.get('location')
  if (location === null) return status === 200 && issued !== undefined ? `200 ${issued}` : String(status)
  const { pathname, searchParams } = new URL(location, 'https://auth.example')
  const said = searchParams.has('code') ? 'with a code' : `with ${searchParams.get('error')}`
  return `${status} ${location.startsWith(REDIRECT_URI) ? said : pathname}`
}

type Check = (label: string, good: boolean) => void

function checkHeaders(pathname: string, request: Request, response: Response, check: Check): void {
  const { headers, status } = response
  const isEndpoint = ENDPOINTS.has(pathname)
  check('cors', headers.get('access-control-allow-origin') === (isEndpoint ? '*' : null))
  check('cors with credentials', !headers.has('access-control-allow-credentials'))
  const isPreflight = isEndpoint && request.method === 'OPTIONS'
  const isPublic = isPreflight || status === 404 || status === 405 || CACHEABLE.test(pathname)
  if (!isPublic) check('cache', headers.get('cache-control') === 'no-store')
  if (status === 401) check('challenge', headers.has('www-authenticate'))
  if (status === 405)
    check('allow', headers.has('allow') || headers.get('content-type')?.startsWith('text/html') === true)
  if (status === 429) check('retry', headers.has('retry-after'))
  for (const cookie of headers.getSetCookie()) {
    check(
      'cookie',
      /^__Host-/.test(cookie) && /; Secure/.test(cookie) && /; HttpOnly/.test(cookie) && /; SameSite=Lax/.test(cookie),
    )
  }
}

function checkBody(pathname: string, request: Request, response: Response, text: string, check: Check): void {
  const { headers, status } = response
  const type = headers.get('content-type')
  // Whoever listens sends no body to HEAD.
  if (request.method === 'HEAD') return
  if (status >= 300 && status < 400) {
    check('redirect', status === 303 && text === '' && headers.get('location') !== null)
  } else if (status === 204 && request.method === 'OPTIONS') {
    check('empty', text === '')
  } else if (type === 'text/html; charset=utf-8') {
    check(
      'page',
      text.startsWith('<!doctype html>') &&
        headers.has('content-security-policy') &&
        headers.get('x-content-type-options') === 'nosniff' &&
        !text.includes('<script'),
    )
  } else if (status < 400) {
    check('content type', type !== null && (CACHEABLE.test(pathname) || type.startsWith('application/json')))
  } else if (status === 404 && text === '') {
    // A picture that is not there.
    check('nothing', type === null)
  } else {
    check('error type', type === 'application/json' || type === 'application/problem+json')
    const body: unknown = JSON.parse(text)
    if (v.is(Problem, body)) {
      check('problem', (status === 404 || status === 405 || !ENDPOINTS.has(pathname)) && body.status === status)
      return
    }
    const error = v.safeParse(v.strictObject(OAuthErrorResponse.entries), body)
    check('error', error.success && error.output.status === status && PRINTABLE.test(error.output.error_description))
  }
}

/** The body without what must come back: registered metadata, and what our pages carry on to their next step. */
function withoutPromisedEcho(response: Response, text: string): string {
  if (response.status === 201) return ''
  return text.replaceAll(/<input\b[^>]*\bname="(?:request|username)"[^>]*>/g, '')
}

/** The headers without what must come back: `state`, the request on its way to the sign-in page, and the id of the request. */
function headersSaid(response: Response): string {
  return [...response.headers]
    .filter(([name]) => name !== 'x-request-id')
    .map(([name, value]) => `${name}: ${name === 'location' ? locationSaid(value) : value}`)
    .join('\n')
}

function locationSaid(location: string): string {
  const url = new URL(location, 'https://auth.example')
  // A client's redirect URI is compared before anything leads there.
  if (location.startsWith(REDIRECT_URI) || url.hostname === '127.0.0.1') url.searchParams.delete('state')
  else if (url.pathname === '/sign-in') url.searchParams.delete('request')
  return decodeURIComponent(url.href)
}
