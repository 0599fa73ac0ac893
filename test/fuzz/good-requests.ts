/**
 * Good requests, for the routes that have some, and good values of headers: what the rest begins with.
 *
 * @module
 */
import {
  ACCESS_TOKEN_TOKEN_TYPE,
  ID_JAG_TOKEN_TYPE,
  JWT_BEARER_GRANT,
  REFRESH_TOKEN_TOKEN_TYPE,
  TOKEN_EXCHANGE_GRANT,
} from '../../shared/grant-names.ts'
import { IDP } from '../support/company.ts'
import { CANARY, type Known, type Value } from './values.ts'

export type Params = readonly (readonly [name: string, value: Value])[]

const known = (name: Known): Value => ({ known: name, spoiled: null })
const text = (one: string): Value => ({ text: one })

/** Where ID-JAGs are for. */
export const PRODUCT = { issuer: 'https://as.product.example', resource: 'https://desk.product.example/mcp' }

const host: Params = [
  ['client_id', known('confidentialClient')],
  ['client_secret', known('clientSecret')],
]

const exchange: Params = [
  ['grant_type', text(TOKEN_EXCHANGE_GRANT)],
  ...host,
  ['subject_token', known('accessToken')],
  ['subject_token_type', text(ACCESS_TOKEN_TOKEN_TYPE)],
  ['resource', known('otherResource')],
]

const assertion: Params = [
  ['client_assertion_type', text('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')],
  ['client_assertion', known('assertion')],
]

const authorization = (client: Known): Params => [
  ['response_type', text('code')],
  ['client_id', known(client)],
  ['redirect_uri', known('redirectUri')],
  ['scope', known('scope')],
  ['state', text(CANARY)],
  ['code_challenge', known('challenge')],
  ['code_challenge_method', text('S256')],
  ['resource', known('resource')],
]

const decision = (decision: 'allow' | 'deny'): Params => [
  ['request', known('query')],
  ['decision', text(decision)],
  ['client', known('digest')],
]

const signIn = (username: Value, password: Value): Params => [
  ['username', username],
  ['password', password],
]

/** Good requests, for the routes that have some. */
export const GOOD: Readonly<Record<string, readonly Params[]>> = {
  '/oauth/token': [
    [
      ['grant_type', text('authorization_code')],
      ['code', known('code')],
      ['code_verifier', known('verifier')],
      ['redirect_uri', known('redirectUri')],
      ['client_id', known('client')],
      ['resource', known('resource')],
    ],
    [
      ['grant_type', text('refresh_token')],
      ['refresh_token', known('refreshToken')],
      ['client_id', known('client')],
      ['scope', known('scope')],
    ],
    [['grant_type', text('client_credentials')], ...host, ['resource', known('resource')], ['scope', known('scope')]],
    [['grant_type', text('client_credentials')], ['resource', known('resource')], ...assertion],
    exchange,
    [...exchange, ['actor_token', known('actorToken')], ['actor_token_type', text(ACCESS_TOKEN_TOKEN_TYPE)]],
    [
      ['grant_type', text(TOKEN_EXCHANGE_GRANT)],
      ...host,
      ['requested_token_type', text(ID_JAG_TOKEN_TYPE)],
      ['subject_token', known('ownRefreshToken')],
      ['subject_token_type', text(REFRESH_TOKEN_TOKEN_TYPE)],
      ['audience', text(PRODUCT.issuer)],
      ['resource', text(PRODUCT.resource)],
      ['scope', text('desk:read')],
    ],
    [['grant_type', text(JWT_BEARER_GRANT)], ...host, ['assertion', known('idJag')]],
    [
      ['grant_type', text(JWT_BEARER_GRANT)],
      ['assertion', known('workloadToken')],
      ['resource', known('resource')],
      ['scope', known('scope')],
    ],
  ],
  '/oauth/revoke': [
    [
      ['token', known('refreshToken')],
      ['client_id', known('client')],
    ],
    [
      ['token', known('accessToken')],
      ['token_type_hint', text('access_token')],
      ['client_id', known('client')],
    ],
  ],
  '/oauth/introspect': [
    [['token', known('accessToken')], ...host],
    [['token', known('refreshToken')], ...host],
  ],
  '/oauth/register': [
    [
      ['client_name', text(CANARY)],
      ['redirect_uris', known('redirectUri')],
      ['grant_types', text('authorization_code')],
      ['token_endpoint_auth_method', text('none')],
    ],
  ],
  '/oauth/authorize': [
    authorization('client'),
    authorization('documentClient'),
    authorization('documentClient'),
    authorization('logoClient'),
  ],
  '/oauth/authorize/consent': [decision('allow'), decision('deny')],
  '/oauth/client-logo': [
    [
      ['client_id', known('logoClient')],
      ['v', known('logoHash')],
    ],
  ],
  '/sign-in': [
    [['request', known('query')]],
    signIn(known('username'), known('password')),
    [['request', known('query')], ...signIn(known('username'), known('password'))],
    signIn(known('username'), known('password')),
    signIn(known('username'), text('wrong')),
    signIn(text('nobody'), text('wrong')),
  ],
  '/oidc/start': [
    [['provider', text('company')]],
    [
      ['provider', text('company')],
      ['request', known('query')],
    ],
  ],
  '/oidc/callback/:provider': [
    [
      ['state', known('upstreamState')],
      ['code', known('upstreamCode')],
      ['iss', text(IDP)],
    ],
    [
      ['state', known('upstreamState')],
      ['error', text('access_denied')],
      ['iss', text(IDP)],
    ],
  ],
  '/oidc/back-channel-logout': [[['logout_token', known('logoutToken')]]],
  '/sign-out': [[], [['request', known('query')]]],
  '/account': [[['page', text('1')]], [['page', text('2')]], [['page', text('99')]], [['revoked', text('')]]],
  '/account/revoke': [
    [
      ['grant', known('grant')],
      ['page', text('2')],
    ],
  ],
}

/** Good values of headers that have some. */
export const GOOD_HEADERS: Readonly<Record<string, readonly Value[]>> = {
  dpop: [known('proof')],
  origin: [known('issuer'), text('null')],
  'sec-fetch-site': [text('same-origin')],
  'x-request-id': [text('req-1:a.b=c_d')],
  'x-forwarded-for': [known('address'), text('203.0.113.7, 127.0.0.1'), text('[2001:db8::1]:443')],
  accept: [text('application/problem+json'), text('application/json;q=0.5, */*;q=0.1')],
  'content-length': [text('10'), text('70000')],
  'content-type': [text('application/x-www-form-urlencoded')],
  cookie: [text('sallyport_session=x; __Host-sallyport_session=y')],
}
