/**
 * Servers with a token endpoint that looks away: at codes, refresh tokens, clients, resources.
 *
 * @module
 */
import { VERIFIER } from '../../../conformance/authorization-server/context.ts'
import { UNKNOWN_CODE } from '../../../conformance/authorization-server/judge.ts'
import { s256 } from '../../../shared/pkce.ts'
import type { Mutation, Sent } from '../mutation.ts'
import {
  AUTHORIZE,
  at,
  both,
  changeAnswer,
  changeForm,
  changeJson,
  changeQuery,
  changeRedirect,
  errorAnswer,
  formOf,
  isGoodJson,
  type Mutant,
  mutant,
  refusingScripts,
  TOKEN,
  withBody,
  withForm,
  withHeaders,
  without,
} from './mutant.ts'

const REDIRECT_URI = 'http://127.0.0.1:49152/callback'

const CHALLENGE = await s256(VERIFIER)

const asksFor = (grant: string) => (form: URLSearchParams) => form.get('grant_type') === grant
const isRefresh = asksFor('refresh_token')
const isCode = asksFor('authorization_code')

/** Whose each code and refresh token is, as the server was seen to give them out. */
function remembering(act: (owner: string | undefined, form: URLSearchParams, sent: Sent) => void): Mutation {
  const owners = new Map<string, string>()
  return both(
    changeRedirect(({ searchParams }, { url }) => {
      owners.set(searchParams.get('code') ?? '', url.searchParams.get('client_id') ?? '')
    }),
    changeJson(TOKEN, (members, sent) => {
      owners.set(String(members['refresh_token']), formOf(sent).get('client_id') ?? '')
      return members
    }),
    changeForm(
      TOKEN,
      () => true,
      (form, sent) => act(owners.get(form.get('code') ?? form.get('refresh_token') ?? ''), form, sent),
    ),
  )
}

/** Tokens that are bound to keys have broken servers of their own. */
const isUnbound = ({ headers }: Sent): boolean => !headers.has('dpop')

/** Token responses, changed. */
const changeTokens = (change: Parameters<typeof changeJson>[1]): Mutation =>
  changeJson(TOKEN, change, (response, sent) => isUnbound(sent) && isGoodJson(response))

const errorsOf = (error: string, change: (response: Response) => Response): Mutation =>
  changeAnswer(TOKEN, async (response) => {
    if (response.ok) return response
    const said = (await response.clone().json())['error']
    return said === error ? change(response) : response
  })

export const TOKEN_MUTANTS: readonly Mutant[] = [
  mutant('token', 'gives nothing for a code', () =>
    changeTokens((members, sent) => (isCode(formOf(sent)) ? without(members, 'access_token') : members)),
  ),
  mutant('token-type', 'does not say of which type the token is', () =>
    changeTokens((members) => without(members, 'token_type')),
  ),
  mutant('token-json', 'sends tokens as text', () =>
    changeAnswer(TOKEN, (response) =>
      response.ok ? withHeaders(response, (headers) => headers.set('content-type', 'text/plain')) : response,
    ),
  ),
  mutant('token-no-store', 'lets caches keep tokens', () =>
    changeAnswer(TOKEN, (response) => withHeaders(response, (headers) => headers.set('cache-control', 'max-age=60'))),
  ),
  mutant('token-expires-in', 'gives tokens for a year', () =>
    changeTokens((members) => ({ ...members, expires_in: 31_536_000 })),
  ),
  mutant('token-wrong-verifier', 'does not compare the verifier', () =>
    changeForm(
      TOKEN,
      (form) => isCode(form) && form.getAll('code_verifier').length === 1,
      (form) => form.set('code_verifier', VERIFIER),
    ),
  ),
  mutant('token-wrong-verifier', 'takes the challenge for the verifier', () =>
    changeForm(
      TOKEN,
      (form) => isCode(form) && form.get('code_verifier') === CHALLENGE,
      (form) => form.set('code_verifier', VERIFIER),
    ),
  ),
  mutant('token-no-client-id', 'knows by the code who asks', () =>
    remembering((owner, form) => {
      if (owner !== undefined && isCode(form) && !form.has('client_id')) form.set('client_id', owner)
    }),
  ),
  mutant('token-race', 'redeems a code for all who come before it is marked as used', () => {
    const pending = new Map<string, Promise<Response>>()
    return async (sent, next) => {
      const code = at(sent, TOKEN) ? (formOf(sent).get('code') ?? '') : ''
      if (code === '') return next(sent)
      const before = pending.get(code)
      if (before !== undefined) return (await before).clone()
      const answer = next(sent)
      pending.set(code, answer)
      const response = (await answer).clone()
      // Those who came at once are answered by now.
      queueMicrotask(() => pending.delete(code))
      return response
    }
  }),
  mutant('token-no-verifier', 'needs no verifier', () =>
    changeForm(
      TOKEN,
      (form) => isCode(form) && !form.has('code_verifier'),
      (form) => form.set('code_verifier', VERIFIER),
    ),
  ),
  mutant('token-other-redirect', 'does not compare the redirect URI again', () =>
    changeForm(TOKEN, isCode, (form) => form.set('redirect_uri', REDIRECT_URI)),
  ),
  mutant('token-other-client', 'does not ask whose the code is', () =>
    remembering(
      (owner, form) => owner !== undefined && isCode(form) && form.has('client_id') && form.set('client_id', owner),
    ),
  ),
  mutant('token-replay', 'redeems codes again and again', () => {
    const answers = new Map<string, Response>()
    return async (sent, next) => {
      const code = at(sent, TOKEN) ? (formOf(sent).get('code') ?? '') : ''
      const before = answers.get(code)
      if (before !== undefined) return before.clone()
      const response = await next(sent)
      if (code !== '' && response.ok) answers.set(code, response.clone())
      return response
    }
  }),
  mutant('token-replay-revokes', 'leaves the tokens of a code that came twice alone', () => {
    const seen = new Set<string>()
    return async (sent, next) => {
      const code = at(sent, TOKEN) ? (formOf(sent).get('code') ?? '') : ''
      if (code === '') return next(sent)
      if (seen.has(code)) return errorAnswer('invalid_grant')
      const response = await next(sent)
      if (response.ok) seen.add(code)
      return response
    }
  }),
  mutant(
    'token-unknown-code',
    'calls a code that it does not know a bad request',
    () => async (sent, next) =>
      at(sent, TOKEN) && formOf(sent).get('code')?.startsWith('conformance-code') === true
        ? errorAnswer('invalid_request')
        : next(sent),
  ),
  mutant('token-get', 'gives tokens for GET', () => (sent, next) => {
    if (!at(sent, TOKEN) || sent.method !== 'GET') return next(sent)
    const headers = new Headers(sent.headers)
    headers.set('content-type', 'application/x-www-form-urlencoded')
    return next({ ...sent, method: 'POST', headers, body: sent.url.search.slice(1) })
  }),
  mutant('token-repeated', 'takes the first of two parameters', () =>
    changeForm(
      TOKEN,
      (form) => form.getAll('code_verifier').length > 1,
      (form) => form.set('code_verifier', form.get('code_verifier') ?? ''),
    ),
  ),
  mutant('token-unsupported-grant', 'calls a grant type that it does not know a bad request', () =>
    errorsOf('unsupported_grant_type', () => errorAnswer('invalid_request')),
  ),
  mutant(
    'token-no-grant-type',
    'calls a missing grant type an unsupported one',
    () => async (sent, next) =>
      at(sent, TOKEN) && sent.method === 'POST' && !formOf(sent).has('grant_type')
        ? errorAnswer('unsupported_grant_type')
        : next(sent),
  ),
  mutant('token-error-json', 'sends errors as text', () =>
    changeAnswer(TOKEN, (response) =>
      response.ok ? response : withHeaders(response, (headers) => headers.set('content-type', 'text/plain')),
    ),
  ),
  mutant('token-error-json', 'shows a page for a code that it does not know', () =>
    changeAnswer(TOKEN, async (response, sent) => {
      const isPlain = !sent.headers.has('authorization') && !formOf(sent).has('client_secret')
      const isMadeUp = isPlain && formOf(sent).get('code') === UNKNOWN_CODE['code'] && response.status === 400
      return isMadeUp
        ? withHeaders(withBody(response, '<!doctype html>No'), (headers) => headers.set('content-type', 'text/html'))
        : response
    }),
  ),
  mutant('token-error-characters', 'quotes what it was sent in errors', () =>
    changeJson(
      TOKEN,
      (members) => ({ ...members, error_description: 'What is "this"?' }),
      ({ status }) => status === 400,
    ),
  ),
  mutant('token-cors', 'keeps its token endpoint from scripts', () =>
    changeAnswer(
      TOKEN,
      (response) => withHeaders(response, (headers) => headers.delete('access-control-allow-origin')),
      ({ method }) => method === 'POST',
    ),
  ),
  mutant('token-cors', 'lets every site use the cookies of people', () =>
    changeAnswer(
      TOKEN,
      (response, { headers }) =>
        withHeaders(response, (changed) => {
          changed.set('access-control-allow-origin', headers.get('origin') ?? '*')
          changed.set('access-control-allow-credentials', 'true')
        }),
      ({ method }) => method === 'POST',
    ),
  ),
  mutant('token-cors', 'turns scripts away, and lets them read that it does', () => refusingScripts(TOKEN, 'POST')),
  mutant(
    'token-preflight',
    'does not answer preflights',
    () => async (sent, next) =>
      at(sent, TOKEN) && sent.method === 'OPTIONS' ? new Response(null, { status: 405 }) : next(sent),
  ),
  mutant('token-preflight', 'allows all headers, of which Authorization is none', () =>
    changeAnswer(
      TOKEN,
      (response) => withHeaders(response, (headers) => headers.set('access-control-allow-headers', '*')),
      ({ method }) => method === 'OPTIONS',
    ),
  ),
  mutant(
    'token-scope-unknown',
    'breaks at scopes that do not exist',
    () => async (sent, next) =>
      at(sent, AUTHORIZE) && sent.url.searchParams.get('scope')?.includes('conformance:unknown') === true
        ? new Response('Oops', { status: 500 })
        : next(sent),
  ),
  mutant('token-scope-unknown', 'grants scopes that do not exist', () => {
    const asked = new Set<string>()
    const unknown = ' conformance:unknown'
    return both(
      changeRedirect(({ searchParams }, { url }) => {
        if (url.searchParams.get('scope')?.includes(unknown) === true) asked.add(searchParams.get('code') ?? '')
      }),
      changeQuery(
        (query) => query.get('scope')?.includes(unknown) === true,
        (query) => query.set('scope', (query.get('scope') ?? '').replace(unknown, '')),
      ),
      changeTokens((members, sent) =>
        asked.has(formOf(sent).get('code') ?? '') ? { ...members, scope: `${members['scope']}${unknown}` } : members,
      ),
    )
  }),
]

const OTHER = 'https://unknown.example/mcp'
const dropOther = (form: URLSearchParams): void => form.delete('resource', OTHER)

export const RESOURCE_MUTANTS: readonly Mutant[] = [
  mutant('resource-unknown', 'gives tokens for resources that it does not know', () =>
    changeQuery(
      (query) => query.get('resource') === OTHER,
      (query) => query.set('resource', 'https://mcp.example/mcp'),
    ),
  ),
  mutant('resource-fragment', 'ignores fragments of resources', () =>
    changeQuery(
      (query) => query.get('resource')?.includes('#') === true,
      (query) => query.set('resource', (query.get('resource') ?? '').replace(/#.*/, '')),
    ),
  ),
  mutant('resource-other-at-token', 'ignores the resource when a code is redeemed', () =>
    changeForm(TOKEN, isCode, dropOther),
  ),
]

/** Keeps the refresh token that the client has, and uses its own. */
function unrotated(): Mutation {
  const current = new Map<string, string>()
  return async (sent, next) => {
    if (!at(sent, TOKEN)) return next(sent)
    const form = formOf(sent)
    const shown = form.get('refresh_token') ?? ''
    form.set('refresh_token', current.get(shown) ?? shown)
    const response = await next(isRefresh(form) ? withForm(sent, form) : sent)
    if (!response.ok || !isRefresh(form)) return response
    const members = await response.json()
    current.set(shown, String(members['refresh_token']))
    return withBody(response, JSON.stringify({ ...members, refresh_token: shown }))
  }
}

/** Honours a used refresh token: the first time, or once its successor was used. */
function replayed(when: 'at once' | 'later'): Mutation {
  const answers = new Map<string, { readonly response: Response; readonly successor: string }>()
  return async (sent, next) => {
    const form = formOf(sent)
    const shown = form.get('refresh_token') ?? ''
    if (!at(sent, TOKEN) || !isRefresh(form)) return next(sent)
    const before = answers.get(shown)
    if (before !== undefined && answers.has(before.successor) === (when === 'later')) return before.response.clone()
    const response = await next(sent)
    if (response.ok)
      answers.set(shown, { response: response.clone(), successor: (await response.clone().json())['refresh_token'] })
    return response
  }
}

export const REFRESH_MUTANTS: readonly Mutant[] = [
  mutant(
    'refresh',
    'gives refresh tokens that are good for nothing',
    () => async (sent, next) =>
      at(sent, TOKEN) &&
      isUnbound(sent) &&
      isRefresh(formOf(sent)) &&
      !formOf(sent).get('refresh_token')?.startsWith('conformance') &&
      formOf(sent).get('resource') !== OTHER &&
      !formOf(sent).get('scope')
        ? errorAnswer('invalid_grant')
        : next(sent),
  ),
  mutant('refresh-rotation', 'does not rotate refresh tokens', unrotated),
  mutant('refresh-replay-at-once', 'honours a refresh token again for a while', () => replayed('at once')),
  mutant('refresh-replay', 'honours used refresh tokens', () => replayed('later')),
  mutant('refresh-replay-revokes', 'leaves the family of a refresh token that came twice alone', () => {
    const used = new Set<string>()
    return async (sent, next) => {
      const shown = at(sent, TOKEN) ? (formOf(sent).get('refresh_token') ?? '') : ''
      if (used.has(shown)) return errorAnswer('invalid_grant')
      const response = await next(sent)
      if (shown !== '' && response.ok) used.add(shown)
      return response
    }
  }),
  mutant('refresh-other-client', 'does not ask whose the refresh token is', () =>
    remembering((owner, form) => owner !== undefined && isRefresh(form) && form.set('client_id', owner)),
  ),
  mutant('refresh-scope', 'grants any scope when it refreshes', () => async (sent, next) => {
    const form = formOf(sent)
    const scope = form.get('scope')
    if (!at(sent, TOKEN) || !isRefresh(form) || scope === null) return next(sent)
    form.delete('scope')
    const response = await next(withForm(sent, form))
    return response.ok ? withBody(response, JSON.stringify({ ...(await response.json()), scope })) : response
  }),
  mutant('refresh-resource', 'ignores the resource when it refreshes', () => changeForm(TOKEN, isRefresh, dropOther)),
  mutant('refresh-unknown', 'calls a refresh token that it does not know a bad request', () => async (sent, next) => {
    const form = formOf(sent)
    const bare =
      form.get('client_id') !== 'conformance-nobody' && !form.has('client_secret') && !sent.headers.has('authorization')
    const response = await next(sent)
    return at(sent, TOKEN) &&
      bare &&
      form.get('refresh_token')?.startsWith('conformance') === true &&
      (await response.clone().json())['error'] === 'invalid_grant'
      ? withBody(response, JSON.stringify({ error: 'invalid_request' }))
      : response
  }),
]
