/**
 * Requests to any route: with parameters in the query, in forms or in JSON, with any bytes, methods and headers; and raw ones.
 *
 * @module
 */
import fc from 'fast-check'
import { type Elsewhere, elsewhere } from './elsewhere.ts'
import { GOOD_HEADERS, type Params } from './good-requests.ts'
import { paramsFor } from './parameters.ts'
import { readByServer } from './sources.ts'
import { CANARY, headerText, loosened, noise, type Value, value } from './values.ts'

export type Body =
  | { readonly kind: 'none' }
  | { readonly kind: 'form'; readonly params: Params }
  | { readonly kind: 'json'; readonly params: Params; readonly extra: unknown }
  | { readonly kind: 'raw'; readonly bytes: Uint8Array }
  | { readonly kind: 'long'; readonly size: number }

export interface Sent {
  readonly method: string
  /** Below the issuer. */
  readonly path: string
  readonly query: Params
  readonly body: Body
  readonly contentType: string | null
  readonly authorization: Value | 'basic' | 'bearer' | null
  /** Whose browser sends it: with a cookie and the form token of our own page, or with neither. */
  readonly browser: 'none' | 'visitor' | 'signed_in'
  readonly headers: readonly (readonly [string, Value])[]
  /** What other sites answer in the meantime. */
  readonly elsewhere: Elsewhere
}

export interface Route {
  readonly method: string
  readonly path: string
}

const FORM = 'application/x-www-form-urlencoded'

const bodyFor = (path: string): fc.Arbitrary<Body> =>
  fc.oneof(
    { weight: 16, arbitrary: paramsFor(path).map((params): Body => ({ kind: 'form', params })) },
    {
      weight: path.endsWith('/register') ? 60 : 2,
      arbitrary: fc
        .record({
          params: paramsFor(path),
          extra: fc.option(fc.jsonValue({ maxDepth: 4 }), { freq: 3, nil: undefined }),
        })
        .map((json): Body => ({ kind: 'json', ...json })),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes): Body => ({ kind: 'raw', bytes })) },
    {
      weight: 1,
      arbitrary: fc.integer({ min: 60_000, max: 80_000 }).map((size): Body => ({ kind: 'long', size })),
    },
    { weight: 1, arbitrary: fc.constant<Body>({ kind: 'none' }) },
  )

/** What the kind of body would say of itself, or something else. */
const contentTypeFor = ({ kind }: Body): fc.Arbitrary<string | null> => {
  const right = kind === 'form' ? FORM : kind === 'json' ? 'application/json' : null
  const others = [
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/xml',
    `${FORM}; charset=utf-16`,
    FORM,
    'application/json',
    '',
    CANARY,
  ]
  return fc.oneof(
    { weight: 20, arbitrary: fc.constant(right) },
    { weight: 1, arbitrary: fc.constantFrom(null, ...others) },
  )
}

/** Methods that `Request` can have. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'FOO', 'post']

/** All that the server reads, and some that it does not. */
export const HEADER_NAMES: readonly string[] = [
  ...new Set([
    ...(await readByServer()).headers,
    ...[
      'accept-language',
      'referer',
      'user-agent',
      'x-forwarded-host',
      'forwarded',
      'if-none-match',
      'range',
      'expect',
    ],
    ...['content-encoding', 'access-control-request-method', 'access-control-request-headers', 'mcp-protocol-version'],
    ...['x-http-method-override', 'x-fuzz'],
  ]),
]

const odd = fc.oneof(
  headerText.map((text): Value => ({ text })),
  fc
    .constantFrom('*/*', 'application/problem+json', 'null', 'same-origin', 'https://auth.example', 'gzip')
    .map((text): Value => ({ text })),
)

const headerValue = (name: string): fc.Arbitrary<Value> => {
  const good = GOOD_HEADERS[name]
  return good === undefined ? odd : fc.oneof(odd, fc.constantFrom(...good), fc.constantFrom(...good).chain(loosened))
}

const headers = fc.array(
  fc.constantFrom(...HEADER_NAMES).chain((name) => fc.tuple(fc.constant(name), headerValue(name))),
  { maxLength: 3 },
)

const browser = fc.constantFrom<Sent['browser'][]>('none', 'visitor', 'signed_in', 'signed_in')

const authorization: fc.Arbitrary<Sent['authorization']> = fc.oneof(
  { weight: 16, arbitrary: fc.constant(null) },
  { weight: 2, arbitrary: fc.constantFrom<'basic' | 'bearer'>('basic', 'bearer') },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom('Basic ', 'Bearer ', 'basic', 'DPoP ', 'Digest '),
        fc.oneof(
          headerText,
          headerText.map((one) => Buffer.from(one).toString('base64')),
        ),
      )
      .map(([scheme, rest]) => ({ text: scheme + rest })),
  },
)

/** Nothing of it is right but by chance. */
const suffix = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      `/${CANARY}`,
      `;${CANARY}`,
      '/',
      '//',
      '/%2e%2e/',
      '%00',
      '%',
      '%ff',
      '\\',
      '/../oauth/token',
      '.json',
      '#x',
    ),
  },
)

/** What stands in an address where a route has a name. */
const provider = fc.constantFrom('company', 'company', 'company', ':provider', CANARY)

/** Any request to any of the routes. */
export function requestsTo(routes: readonly Route[]): fc.Arbitrary<Sent> {
  return fc.constantFrom(...routes).chain(({ method, path }) =>
    bodyFor(path).chain((body) =>
      fc.record({
        method: fc.oneof(
          { weight: 6, arbitrary: fc.constant(method === 'ALL' ? 'POST' : method) },
          { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
        ),
        path: fc.tuple(provider, suffix).map(([id, end]) => path.replace(':provider', id) + end),
        query:
          method === 'GET'
            ? paramsFor(path)
            : fc.oneof({ weight: 6, arbitrary: fc.constant<Params>([]) }, { weight: 1, arbitrary: paramsFor(path) }),
        body: fc.constant(body),
        contentType: contentTypeFor(body),
        authorization,
        browser,
        headers,
        elsewhere,
      }),
    ),
  )
}

/** Requests that keep to nothing: any path, any method, any bytes. */
export const rawRequests: fc.Arbitrary<Sent> = fc.record({
  method: fc.constantFrom(...METHODS),
  path: fc.oneof(
    fc.webPath().map((path) => `/${CANARY}${path}`),
    fc.string({ unit: 'binary' }).map((path) => `/${path}`),
    fc
      .constantFrom('/.well-known/', '/oauth/', '/account/', '/health/', '//', '/')
      .chain((start) => noise.map((end) => start + end)),
  ),
  query: fc.array(fc.tuple(noise, value), { maxLength: 3 }),
  body: bodyFor('/'),
  contentType: fc.option(headerText, { freq: 2 }),
  authorization,
  browser,
  headers,
  elsewhere,
})
