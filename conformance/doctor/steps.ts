/**
 * The way of a host from a URL to a working connection, step by step, with the checks that say whether a step can be taken.
 *
 * @module
 */

export interface Step {
  readonly title: string
  /** Why a host stops here when it goes wrong. */
  readonly matters: string
  /** Ids of checks; what fails here stops most hosts. */
  readonly checks: readonly string[]
  /** Only taken when the whole way is tried, which leaves traces: a client is registered, a token issued. */
  readonly connects?: true
}

export const STEPS: readonly Step[] = [
  {
    title: 'The server answers, and asks for a token',
    matters: 'A host begins to authorize when it is answered 401.',
    checks: [
      'rs-401',
      'rs-challenge',
      'rs-challenge-no-error',
      'rs-challenge-repeated',
      'rs-garbage',
      'rs-invalid-token',
    ],
  },
  {
    title: 'It says where tokens come from',
    matters: 'From the URL alone a host has to find the metadata of the server, and believe them.',
    checks: [
      'rs-challenge-metadata',
      'rs-metadata',
      'rs-metadata-type',
      'rs-metadata-resource',
      'rs-metadata-servers',
      'rs-metadata-empty',
      'rs-dpop-metadata',
    ],
  },
  {
    title: 'The authorization server is found',
    matters: 'A host looks for its metadata under the very issuer that the server names.',
    checks: [
      'rs-metadata-issuers',
      'as-metadata',
      'as-metadata-no-redirect',
      'as-metadata-type',
      'as-metadata-issuer',
      'as-metadata-openid',
      'as-metadata-endpoints',
      'as-metadata-required',
      'as-metadata-types',
    ],
  },
  {
    title: 'It does what hosts insist on',
    matters: 'A host must refuse a server that does not say that it supports PKCE with S256.',
    checks: [
      'as-metadata-pkce',
      'as-metadata-no-plain',
      'as-metadata-public-clients',
      'as-metadata-grants',
      'as-metadata-pushed',
      'as-jwks',
      'dpop-metadata',
    ],
  },
  {
    title: 'Scopes are asked for with measure',
    matters:
      'A host asks for what the challenge or the metadata say; too much frightens people, too little makes calls fail.',
    checks: ['rs-challenge-scope', 'rs-metadata-offline', 'rs-metadata-methods'],
  },
  {
    title: 'Hosts in a browser can read all of it',
    matters: 'Inspectors and web hosts see only what CORS lets them see.',
    checks: [
      'rs-metadata-cors',
      'rs-metadata-preflight',
      'rs-challenge-exposed',
      'rs-preflight',
      'as-metadata-cors',
      'as-metadata-preflight',
      'register-preflight',
      'token-cors',
      'token-preflight',
    ],
  },
  {
    title: 'A host can register, and a person can agree',
    matters: 'Here a host gets its client id, opens the browser and waits for the code.',
    checks: ['register', 'register-echo', 'authorize', 'authorize-state', 'authorize-iss-announced'],
    connects: true,
  },
  {
    title: 'There is a token, and the server takes it',
    matters:
      'Most connections that fail after signing in fail here: the token is for another audience, or of another issuer.',
    checks: [
      'token',
      'token-type',
      'token-jwt-claims',
      'token-jwt-signature',
      'resource-audience',
      'rs-token',
      'rs-scheme-case',
      'dpop-accepted',
      'dpop-binding',
      'rs-dpop',
    ],
    connects: true,
  },
]
