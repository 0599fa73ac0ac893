/**
 * Servers with an authorization endpoint that grants too much, tells too little, or sends people elsewhere.
 *
 * @module
 */

import { s256 } from '../../../shared/pkce.ts'
import type { Mutation } from '../mutation.ts'
import {
  AUTHORIZE,
  at,
  both,
  changeAnswer,
  changeJson,
  changeQuery,
  changeRedirect,
  errorAnswer,
  formOf,
  type Mutant,
  mutant,
  REGISTER,
  TOKEN,
  withBody,
  withForm,
  withHeaders,
} from './mutant.ts'

const CHALLENGE = 'KgpSJk3M2mhTPZeEXv3LUgDp34jTRhOjpyDkqbH531Q'

const has = (name: string) => (query: URLSearchParams) => query.has(name)

/** Sends people to a redirect URI that is not registered, where `matches` says so. */
const lenientRedirect =
  (registered: string, matches: (redirectUri: string) => boolean): Mutation =>
  async (sent, next) => {
    const asked = sent.url.searchParams.get('redirect_uri') ?? ''
    const isRight = sent.url.searchParams.get('response_type') === 'code'
    if (!at(sent, AUTHORIZE) || !isRight || asked === registered || !matches(asked)) return next(sent)
    const url = new URL(sent.url)
    url.searchParams.set('redirect_uri', registered)
    const response = await next({ ...sent, url })
    const location = response.headers.get('location')
    if (location === null) return response
    const target = new URL(asked)
    for (const [name, value] of new URL(location).searchParams) target.searchParams.set(name, value)
    return withHeaders(response, (headers) => headers.set('location', target.href))
  }

/** Gives codes other names, and takes them under these. */
function renamingCodes(name: (count: number) => string): Mutation {
  const codes = new Map<string, string>()
  return both(
    changeRedirect(({ searchParams }) => {
      const code = searchParams.get('code')
      if (code === null) return
      const renamed = name(codes.size)
      codes.set(renamed, code)
      searchParams.set('code', renamed)
    }),
    (sent, next) => {
      const form = formOf(sent)
      const code = codes.get(form.get('code') ?? '')
      if (!at(sent, TOKEN) || code === undefined) return next(sent)
      form.set('code', code)
      return next(withForm(sent, form))
    },
  )
}

const knowingSecrets = (ids: Set<unknown>): Mutation =>
  changeJson(REGISTER, (members) => {
    if (members['client_secret'] !== undefined) ids.add(members['client_id'])
    return members
  })

const addingChallenge = (applies: (clientId: string | null) => boolean): Mutation =>
  changeQuery(
    (query) => !query.has('code_challenge') && applies(query.get('client_id')),
    (query) => {
      query.set('code_challenge', CHALLENGE)
      query.set('code_challenge_method', 'S256')
    },
  )

const withPolicy = (name: string, value: string): Mutation =>
  changeAnswer(AUTHORIZE, (response) =>
    withHeaders(response, (headers) => {
      headers.delete('content-security-policy')
      headers.delete('x-frame-options')
      headers.set(name, value)
    }),
  )

const REGISTERED = 'http://127.0.0.1:49152/callback'

export const AUTHORIZATION_MUTANTS: readonly Mutant[] = [
  mutant('authorize', 'refuses everything', () =>
    changeRedirect((location) => {
      if (!location.searchParams.has('code')) return
      location.searchParams.delete('code')
      location.searchParams.set('error', 'server_error')
    }),
  ),
  mutant('authorize-state', 'returns the state in small letters', () =>
    changeRedirect(({ searchParams }) => searchParams.set('state', (searchParams.get('state') ?? '').toLowerCase())),
  ),
  mutant('authorize-once', 'names itself, and another one', () =>
    changeRedirect(
      ({ searchParams }) => searchParams.has('code') && searchParams.append('iss', 'https://other.example'),
    ),
  ),
  mutant('authorize-iss', 'does not name itself with a code', () =>
    changeRedirect(({ searchParams }) => searchParams.has('code') && searchParams.delete('iss')),
  ),
  mutant('authorize-iss-error', 'names another one with an error', () =>
    changeRedirect(({ searchParams }) => searchParams.has('error') && searchParams.set('iss', 'https://other.example')),
  ),
  mutant('authorize-iss-announced', 'does not say that it names itself', () => async (sent, next) => {
    const response = await next(sent)
    if (!sent.url.pathname.startsWith('/.well-known/o') || sent.method !== 'GET') return response
    const { authorization_response_iss_parameter_supported: _, ...members } = await response.json()
    return withBody(response, JSON.stringify(members))
  }),
  mutant('authorize-pkce-required', 'does not need a challenge', () => {
    const withSecret = new Set<unknown>()
    return both(
      knowingSecrets(withSecret),
      addingChallenge((id) => !withSecret.has(id)),
    )
  }),
  mutant('authorize-pkce-confidential', 'needs no challenge of clients with a secret', () => {
    const withSecret = new Set<unknown>()
    return both(
      knowingSecrets(withSecret),
      addingChallenge((id) => withSecret.has(id)),
    )
  }),
  mutant('authorize-pkce-plain', 'accepts plain', () =>
    changeQuery(
      (query) => query.get('code_challenge_method') === 'plain',
      (query) => query.set('code_challenge_method', 'S256'),
    ),
  ),
  mutant('authorize-pkce-plain', 'takes a challenge of no named method for a plain one', () => async (sent, next) => {
    const { searchParams: query } = sent.url
    const challenge = query.get('code_challenge')
    if (!at(sent, AUTHORIZE) || challenge === null || query.has('code_challenge_method')) return next(sent)
    const url = new URL(sent.url)
    url.searchParams.set('code_challenge', await s256(challenge))
    url.searchParams.set('code_challenge_method', 'S256')
    return next({ ...sent, url })
  }),
  mutant('authorize-response-type', 'gives a code whatever is asked for', () =>
    changeQuery(
      (query) => query.get('response_type') === 'token',
      (query) => query.set('response_type', 'code'),
    ),
  ),
  mutant('authorize-repeated', 'takes the first of two parameters', () =>
    changeQuery(has('code_challenge_method'), (query) => {
      query.set('code_challenge_method', query.get('code_challenge_method') ?? '')
    }),
  ),
  mutant(
    'authorize-unknown-parameter',
    'refuses parameters that it does not know',
    () => async (sent, next) =>
      sent.url.searchParams.has('conformance_unknown') ? errorAnswer('invalid_request') : next(sent),
  ),
  mutant('authorize-code-entropy', 'makes short codes', () => renamingCodes((count) => `c${count}`)),
  mutant('authorize-code-entropy', 'counts, at the end of a long code', () =>
    renamingCodes((count) => `code-of-the-authorization-server-${1_000_000 + count}`),
  ),
  mutant('authorize-code-entropy', 'makes codes of the time and a number', () =>
    renamingCodes((count) => `${1_800_000_000_000 + count * 1009}-${String(count * 7919).padStart(12, '0')}`),
  ),
  mutant(
    'authorize-unknown-client',
    'breaks at clients that it does not know',
    () => async (sent, next) =>
      sent.url.searchParams.get('client_id') === 'conformance-nobody'
        ? new Response('Oops', { status: 500 })
        : next(sent),
  ),
  mutant('authorize-unknown-client', 'lets anybody in', () => {
    let known = ''
    return changeQuery(has('client_id'), (query) => {
      if (query.get('client_id') === 'conformance-nobody') query.set('client_id', known)
      else known = query.get('client_id') ?? ''
    })
  }),
  mutant('authorize-redirect-other', 'sends codes anywhere', () =>
    lenientRedirect(REGISTERED, (uri) => uri === 'https://attacker.example/callback'),
  ),
  mutant('authorize-redirect-path', 'compares the beginning of redirect URIs', () =>
    lenientRedirect(REGISTERED, (uri) => uri.startsWith(`${REGISTERED}/`)),
  ),
  mutant('authorize-redirect-path', 'does not mind a slash at the end of redirect URIs', () =>
    lenientRedirect(REGISTERED, (uri) => uri === `${REGISTERED}/`),
  ),
  mutant('authorize-redirect-query', 'does not compare the query of redirect URIs', () =>
    lenientRedirect(REGISTERED, (uri) => uri.startsWith(`${REGISTERED}?`)),
  ),
  mutant('authorize-redirect-host-trick', 'compares the origin of redirect URIs as text', () =>
    lenientRedirect(REGISTERED, (uri) => uri.startsWith(new URL(REGISTERED).origin) && uri.includes('@')),
  ),
  mutant('authorize-redirect-case', 'compares redirect URIs without regard to case', () =>
    lenientRedirect(REGISTERED, (uri) => uri.toLowerCase() === REGISTERED),
  ),
  mutant('authorize-redirect-error', 'tells errors to whoever asks', () => async (sent, next) => {
    const { searchParams: query } = sent.url
    const isWrong = at(sent, AUTHORIZE) && query.get('response_type') === 'conformance'
    const target = URL.parse(query.get('redirect_uri') ?? '')
    return isWrong && target?.hostname === 'attacker.example'
      ? Response.redirect(`${target.href}?error=unsupported_response_type`, 302)
      : next(sent)
  }),
  mutant('authorize-redirect-port', 'compares the port of loopback redirect URIs', () => async (sent, next) => {
    const redirectUri = URL.parse(sent.url.searchParams.get('redirect_uri') ?? '')
    const otherPort =
      redirectUri?.hostname === '127.0.0.1' && redirectUri.port !== '49152' && redirectUri.username === ''
    return at(sent, AUTHORIZE) && otherPort ? errorAnswer('invalid_request') : next(sent)
  }),
  mutant('authorize-redirect-status', 'redirects with 307', () =>
    changeAnswer(AUTHORIZE, (response) => (response.status === 303 ? withBody(response, null, 307) : response)),
  ),
  mutant('authorize-no-cors', 'opens the authorization endpoint to scripts', () =>
    changeAnswer(AUTHORIZE, (response) =>
      withHeaders(response, (headers) => headers.set('access-control-allow-origin', '*')),
    ),
  ),
  mutant('authorize-framing', 'can be framed', () =>
    changeAnswer(AUTHORIZE, (response) =>
      withHeaders(response, (headers) => {
        headers.delete('content-security-policy')
        headers.delete('x-frame-options')
      }),
    ),
  ),
  mutant('authorize-framing', 'can be framed by everybody', () =>
    withPolicy('content-security-policy', "default-src 'self'; frame-ancestors *"),
  ),
  mutant('authorize-framing', 'can be framed by every site with a certificate', () =>
    withPolicy('content-security-policy', "frame-ancestors 'self' https:"),
  ),
  mutant('authorize-framing', 'has a header that browsers do not know', () =>
    withPolicy('x-frame-options', 'ALLOWALL'),
  ),
  mutant('authorize-markup', 'puts what is asked into its page', () =>
    changeAnswer(AUTHORIZE, async (response, sent) =>
      response.status === 400
        ? withBody(response, `${await response.text()} ${sent.url.searchParams.get('client_id')}`)
        : response,
    ),
  ),
  mutant('authorize-markup', 'shows where it would have led, with nothing but quotation marks encoded', () =>
    changeAnswer(AUTHORIZE, async (response, sent) => {
      const asked = sent.url.searchParams.get('redirect_uri')?.replaceAll('"', '&quot;')
      return response.status === 400 ? withBody(response, `${await response.text()} ${asked}`) : response
    }),
  ),
]
