/**
 * Servers that let clients in that they should not, or keep out those that they should let in.
 *
 * @module
 */
import type { Mutation, Sent } from '../mutation.ts'
import {
  AUTHORIZE,
  at,
  both,
  changeAnswer,
  changeForm,
  changeJson,
  changeQuery,
  errorAnswer,
  formOf,
  INTROSPECT,
  type Mutant,
  mutant,
  REGISTER,
  REVOKE,
  refusingScripts,
  TOKEN,
  withBody,
  withHeaders,
  without,
} from './mutant.ts'

const usesBasic = ({ headers }: Sent): boolean => headers.get('authorization')?.startsWith('Basic ') === true

/** Knows the Basic credentials of every client that registers, by its id. */
function knowingSecrets(act: (credentials: ReadonlyMap<string, string>, sent: Sent) => Sent): Mutation {
  const credentials = new Map<string, string>()
  return both(
    changeJson(REGISTER, (members) => {
      const { client_id: id, client_secret: secret } = members
      if (secret !== undefined) credentials.set(String(id), `Basic ${btoa(`${id}:${secret}`)}`)
      return members
    }),
    (sent, next) => next(at(sent, TOKEN) ? act(credentials, sent) : sent),
  )
}

const idOf = (sent: Sent): string =>
  usesBasic(sent) ? (atob(sent.headers.get('authorization')?.slice('Basic '.length) ?? '').split(':')[0] ?? '') : ''

const authorized = (sent: Sent, authorization: string | undefined, body = sent.body): Sent => {
  const headers = new Headers(sent.headers)
  if (authorization !== undefined) headers.set('authorization', authorization)
  return { ...sent, headers, body }
}

export const CLIENT_MUTANTS: readonly Mutant[] = [
  mutant('client-basic', 'does not read the Authorization header', () => {
    const isRight = (sent: Sent): boolean =>
      usesBasic(sent) && !atob(sent.headers.get('authorization')?.slice(6) ?? '').includes('wrong')
    return async (sent, next) =>
      at(sent, TOKEN) && isRight(sent)
        ? Response.json({ error: 'invalid_client' }, { status: 401, headers: { 'www-authenticate': 'Basic' } })
        : next(sent)
  }),
  mutant(
    'client-post',
    'does not read secrets in the form',
    () => async (sent, next) =>
      at(sent, TOKEN) && formOf(sent).has('client_secret') ? errorAnswer('invalid_client', 401) : next(sent),
  ),
  mutant('client-wrong-secret', 'does not compare secrets', () =>
    knowingSecrets((known, sent) => authorized(sent, known.get(idOf(sent)))),
  ),
  mutant('client-challenge', 'does not say how to authenticate', () =>
    changeAnswer(TOKEN, (response) => withHeaders(response, (headers) => headers.delete('www-authenticate'))),
  ),
  mutant('client-no-secret', 'does not need the secret of a client that has one', () =>
    knowingSecrets((known, sent) => {
      const form = formOf(sent)
      const id = form.get('client_id') ?? ''
      return usesBasic(sent) || form.has('client_secret') ? sent : authorized(sent, known.get(id))
    }),
  ),
  mutant('client-two-methods', 'reads the header and not the form', () =>
    changeForm(
      TOKEN,
      (_, sent) => usesBasic(sent),
      (form) => {
        form.delete('client_id')
        form.delete('client_secret')
      },
    ),
  ),
  mutant(
    'client-unknown',
    'calls a client that it does not know a bad grant',
    () => async (sent, next) =>
      at(sent, TOKEN) && formOf(sent).get('client_id') === 'conformance-nobody'
        ? errorAnswer('invalid_grant')
        : next(sent),
  ),
  mutant(
    'client-credentials-public',
    'gives tokens to clients that cannot prove who they are',
    () => async (sent, next) =>
      at(sent, TOKEN) && formOf(sent).get('grant_type') === 'client_credentials'
        ? Response.json({ access_token: 'x', token_type: 'Bearer' })
        : next(sent),
  ),
]

export const REVOCATION_MUTANTS: readonly Mutant[] = [
  mutant('revoke', 'says that it revokes and does not', () => async (sent, next) => {
    const isRefreshToken =
      !formOf(sent).get('token')?.startsWith('ey') && !formOf(sent).get('token')?.startsWith('conformance')
    return at(sent, REVOKE) && formOf(sent).has('token') && isRefreshToken ? new Response(null) : next(sent)
  }),
  mutant(
    'revoke-unknown',
    'cannot revoke what it does not know',
    () => async (sent, next) =>
      at(sent, REVOKE) && formOf(sent).get('token')?.startsWith('conformance') === true
        ? errorAnswer('invalid_request')
        : next(sent),
  ),
  mutant('revoke-other-client', 'revokes for anybody', () => {
    const owners = new Map<string, string>()
    return both(
      changeJson(TOKEN, (members, sent) => {
        owners.set(String(members['refresh_token']), formOf(sent).get('client_id') ?? '')
        return members
      }),
      changeForm(
        REVOKE,
        () => true,
        (form) => {
          const owner = owners.get(form.get('token') ?? '')
          if (owner !== undefined) form.set('client_id', owner)
        },
      ),
    )
  }),
  mutant(
    'revoke-no-token',
    'revokes nothing with success',
    () => async (sent, next) => (at(sent, REVOKE) && !formOf(sent).has('token') ? new Response(null) : next(sent)),
  ),
  mutant(
    'introspect-unauthenticated',
    'tells everybody about tokens',
    () => async (sent, next) =>
      at(sent, INTROSPECT) && !usesBasic(sent) ? Response.json({ active: true }) : next(sent),
  ),
  mutant(
    'introspect-unauthenticated',
    'tells whoever has some secret about tokens',
    () => async (sent, next) =>
      at(sent, INTROSPECT) &&
      usesBasic(sent) &&
      atob(sent.headers.get('authorization')?.slice(6) ?? '').includes('wrong')
        ? Response.json({ active: true })
        : next(sent),
  ),
  mutant('introspect-active', 'names another client', () =>
    changeJson(INTROSPECT, (members) => (members['active'] === true ? { ...members, client_id: 'another' } : members)),
  ),
  mutant('introspect-unknown', 'says more of what is not active', () =>
    changeJson(INTROSPECT, (members, sent) =>
      members['active'] === false && formOf(sent).get('token')?.startsWith('conformance') === true
        ? { ...members, error: 'expired' }
        : members,
    ),
  ),
  mutant(
    'introspect-revoked',
    'does not know what was revoked',
    () => async (sent, next) =>
      at(sent, REVOKE) && formOf(sent).get('token_type_hint') === 'access_token' ? new Response(null) : next(sent),
  ),
]

const registers = (sent: Sent): Record<string, unknown> => {
  try {
    return at(sent, REGISTER) ? JSON.parse(sent.body ?? '') : {}
  } catch {
    return {}
  }
}

/** Registers what it should not, where the redirect URI looks like this. */
const registering = (breaks: string, what: string, pattern: RegExp): Mutant =>
  mutant(
    breaks,
    what,
    () => async (sent, next) =>
      pattern.test([registers(sent)['redirect_uris']].flat().join(' '))
        ? Response.json({ client_id: 'x', redirect_uris: [] }, { status: 201 })
        : next(sent),
  )

export const REGISTRATION_MUTANTS: readonly Mutant[] = [
  mutant('register', 'answers 200 to a registration', () =>
    changeAnswer(REGISTER, async (response) =>
      response.status === 201 ? withBody(response, await response.text(), 200) : response,
    ),
  ),
  mutant('register-echo', 'does not say what it registered', () =>
    changeJson(REGISTER, (members) => without(members, 'redirect_uris')),
  ),
  mutant('register-echo', 'registers a redirect URI of its own besides', () =>
    changeJson(REGISTER, (members) => ({
      ...members,
      redirect_uris: [...[members['redirect_uris']].flat(), 'https://other.example/callback'],
    })),
  ),
  mutant('register-secret-expiry', 'does not say when a secret ends', () =>
    changeJson(REGISTER, (members) => without(members, 'client_secret_expires_at')),
  ),
  mutant('register-public-no-secret', 'gives everybody a secret', () =>
    changeJson(REGISTER, (members) => ({ client_secret: 'a secret for all', client_secret_expires_at: 0, ...members })),
  ),
  mutant('register-no-store', 'lets caches keep registrations', () =>
    changeAnswer(REGISTER, (response) => withHeaders(response, (headers) => headers.delete('cache-control'))),
  ),
  mutant(
    'register-unknown-member',
    'refuses metadata that it does not know',
    () => async (sent, next) =>
      'conformance_unknown' in registers(sent) ? errorAnswer('invalid_client_metadata') : next(sent),
  ),
  registering('register-fragment', 'registers redirect URIs with a fragment', /#/),
  registering('register-script', 'registers scripts as redirect URIs', /^javascript:/),
  registering('register-http', 'registers http at other machines', /^http:\/\/app/),
  mutant(
    'register-no-json',
    'breaks when it is sent no JSON',
    () => async (sent, next) =>
      at(sent, REGISTER) && sent.body === '{"redirect_uris": [' ? new Response('Oops', { status: 500 }) : next(sent),
  ),
  mutant('register-cors', 'keeps its registration from scripts', () =>
    changeAnswer(
      REGISTER,
      (response) => withHeaders(response, (headers) => headers.delete('access-control-allow-origin')),
      ({ method }) => method === 'POST',
    ),
  ),
  mutant('register-cors', 'turns scripts away, and lets them read that it does', () =>
    refusingScripts(REGISTER, 'POST'),
  ),
  mutant('register-preflight', 'lets no script send JSON', () =>
    changeAnswer(
      REGISTER,
      (response) => withHeaders(response, (headers) => headers.set('access-control-allow-headers', 'Authorization')),
      ({ method }) => method === 'OPTIONS',
    ),
  ),
]

/** Lets a client id in by taking it for one that it knows. */
const acceptingId = (breaks: string, what: string, clientId: RegExp): Mutant =>
  mutant(breaks, what, () => {
    let known = ''
    return changeQuery(
      () => true,
      (query) => {
        const id = query.get('client_id') ?? ''
        if (clientId.test(id)) query.set('client_id', known)
        else if (!id.startsWith('http') && !id.startsWith('conformance') && !id.startsWith('"')) known = id
      },
    )
  })

export const DOCUMENT_MUTANTS: readonly Mutant[] = [
  acceptingId('document-http', 'reads documents over http', /^http:/),
  acceptingId('document-fragment', 'accepts client ids with a fragment', /#/),
  acceptingId('document-user', 'accepts client ids with a password', /@/),
  acceptingId('document-dots', 'accepts client ids with dots', /\.\./),
  acceptingId('document-no-path', 'accepts client ids without a path', /^https:\/\/[^/]+$/),
  acceptingId('document-private-address', 'reads documents inside its network', /^https:\/\/10\./),
  mutant(
    'document',
    'does not read documents, although it says so',
    () => async (sent, next) =>
      at(sent, AUTHORIZE) && sent.url.searchParams.get('client_id')?.includes('documents.example') === true
        ? new Response('<!doctype html>No', { status: 400, headers: { 'content-type': 'text/html' } })
        : next(sent),
  ),
  acceptingId('document-other-id', 'does not compare the client id in a document', /other-id\.json/),
  acceptingId('document-other-redirect', 'does not look for the redirect URI in a document', /other-redirect\.json/),
  mutant(
    'document-other-redirect',
    'tells errors to a redirect URI that is not in a document',
    () => async (sent, next) => {
      const { searchParams: query } = sent.url
      return at(sent, AUTHORIZE) && query.get('client_id')?.endsWith('/other-redirect.json') === true
        ? Response.redirect(`${query.get('redirect_uri')}?error=invalid_request`, 302)
        : next(sent)
    },
  ),
  acceptingId('document-secret', 'accepts documents with a secret', /secret\.json/),
  acceptingId('document-redirect', 'follows redirects to documents', /moved\.json/),
]
