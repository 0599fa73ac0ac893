/**
 * A broken server: a good one with one decision switched off. Each names the one check that must see it.
 *
 * @module
 */
import type { Mutation, Sent } from '../mutation.ts'

export interface Mutant {
  /** The id of the check that must fail, and no other. */
  readonly breaks: string
  /** What is wrong with this server. */
  readonly what: string
  /** Made anew for every run: some remember what they saw. */
  readonly make: () => Mutation
}

export const mutant = (breaks: string, what: string, make: () => Mutation): Mutant => ({ breaks, what, make })

export const at = ({ url }: Sent, path: string): boolean => url.pathname.endsWith(path)

export const AUTHORIZE = '/oauth/authorize'
export const TOKEN = '/oauth/token'
export const REGISTER = '/oauth/register'
export const REVOKE = '/oauth/revoke'
export const INTROSPECT = '/oauth/introspect'
export const JWKS = '/.well-known/jwks.json'

export const formOf = ({ body }: Sent): URLSearchParams => new URLSearchParams(body ?? '')
export const withForm = (sent: Sent, form: URLSearchParams): Sent => ({ ...sent, body: String(form) })

/** Turns scripts away, and lets them read that it does. */
export const refusingScripts =
  (path: string, method: string): Mutation =>
  async (sent, next) =>
    at(sent, path) && sent.method === method && sent.headers.has('origin')
      ? errorAnswer('access_denied', 403)
      : next(sent)

/** Requests to `path` whose form `applies`, with the form changed. */
export function changeForm(
  path: string,
  applies: (form: URLSearchParams, sent: Sent) => boolean,
  change: (form: URLSearchParams, sent: Sent) => void,
): Mutation {
  return (sent, next) => {
    const form = formOf(sent)
    if (sent.method !== 'POST' || !at(sent, path) || !applies(form, sent)) return next(sent)
    change(form, sent)
    return next(withForm(sent, form))
  }
}

/** Authorization requests whose query `applies`, with the query changed. */
export function changeQuery(
  applies: (query: URLSearchParams) => boolean,
  change: (query: URLSearchParams) => void,
): Mutation {
  return (sent, next) => {
    if (!at(sent, AUTHORIZE) || !applies(sent.url.searchParams)) return next(sent)
    const url = new URL(sent.url)
    change(url.searchParams)
    return next({ ...sent, url })
  }
}

/** Answers of `path`, changed. */
export function changeAnswer(
  path: string,
  change: (response: Response, sent: Sent) => Response | Promise<Response>,
  applies: (sent: Sent) => boolean = () => true,
): Mutation {
  return async (sent, next) => {
    const applied = at(sent, path) && applies(sent)
    const response = await next(sent)
    return applied ? change(response, sent) : response
  }
}

type Members = Record<string, unknown>

export const isGoodJson = ({ ok, headers }: Response): boolean =>
  ok && headers.get('content-type')?.startsWith('application/json') === true

/** JSON answers of `path`, changed. */
export function changeJson(
  path: string,
  change: (members: Members, sent: Sent) => Members,
  applies: (response: Response, sent: Sent) => boolean = isGoodJson,
): Mutation {
  return changeAnswer(path, async (response, sent) => {
    if (!applies(response, sent)) return response
    return withBody(response, JSON.stringify(change(await response.json(), sent)))
  })
}

export function withBody(response: Response, body: string | null, status = response.status): Response {
  const headers = new Headers(response.headers)
  headers.delete('content-length')
  return new Response(body, { status, headers })
}

export function withHeaders(response: Response, change: (headers: Headers) => void): Response {
  const headers = new Headers(response.headers)
  change(headers)
  return new Response(response.body, { status: response.status, headers })
}

/** The metadata, under both names. */
export const changeMetadata = (change: (members: Members) => Members): Mutation => {
  const [one, other] = [
    changeJson('/.well-known/oauth-authorization-server', change),
    changeJson('/.well-known/openid-configuration', change),
  ]
  return (sent, next) => one(sent, (changed) => other(changed, next))
}

export const without = (members: Members, ...names: readonly string[]): Members =>
  Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)))

/** Redirects of the authorization endpoint, led elsewhere. */
export const changeRedirect = (change: (location: URL, sent: Sent) => void): Mutation =>
  changeAnswer(AUTHORIZE, (response, sent) => {
    const location = URL.parse(response.headers.get('location') ?? '')
    if (location === null) return response
    change(location, sent)
    return withHeaders(response, (headers) => headers.set('location', location.href))
  })

/** One after the other, the first one outermost. */
export const both =
  (...mutations: readonly Mutation[]): Mutation =>
  (sent, last) =>
    mutations.reduceRight<(sent: Sent) => Promise<Response>>(
      (next, mutation) => (one) => mutation(one, next),
      last,
    )(sent)

export const errorAnswer = (error: string, status = 400): Response =>
  Response.json({ error }, { status, headers: CORS })

const CORS = { 'access-control-allow-origin': '*', 'cache-control': 'no-store' }
