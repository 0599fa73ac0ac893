/**
 * Servers that answer everything alike: they refuse, welcome, break or hang up, whatever they are asked. No check passes there that is about
 * more than what they still do: that the wrong thing is refused says nothing where the right thing is refused, too.
 *
 * @see docs/adr/0148-a-refusal-needs-a-welcome.md
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { checkResourceServer, type Report } from '../../conformance/index.ts'
import { createResourceFixture, METADATA_URL, RESOURCE } from '../support/resource-fixture.ts'
import { AUTHORIZE, at, formOf, INTROSPECT, REGISTER, REVOKE, TOKEN } from './mutants/mutant.ts'
import { inLines, type Mutation, mutated, type Sent } from './mutation.ts'
import { createWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.server.close())

type Answering = (sent: Sent) => Response

const page = (status: number): Answering => {
  return () => new Response('<!doctype html><title>Hello</title>', { status, headers: { 'content-type': 'text/html' } })
}
const CORS = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'Authorization, Content-Type, DPoP' }
const elsewhere = (location: string, status = 302): Answering => {
  return () => new Response(null, { status, headers: { ...CORS, location } })
}
const refusal = (error: string, status = 400): Answering => {
  const headers = { ...CORS, 'www-authenticate': 'Basic realm="all"', 'cache-control': 'no-store' }
  return () => Response.json({ error }, { status, headers })
}
/** Tells the client, at the authorization endpoint, wherever it wants to be told. */
const told = (error: string): Answering => {
  return (sent) => {
    const target = URL.parse(sent.url.searchParams.get('redirect_uri') ?? '')
    if (!at(sent, AUTHORIZE) || target === null) return refusal(error)(sent)
    for (const [name, value] of Object.entries({ error, iss: world.server.issuer }))
      target.searchParams.set(name, value)
    return Response.redirect(target.href, 303)
  }
}

const ERRORS = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_response_type',
  'invalid_scope',
  'invalid_target',
  'invalid_dpop_proof',
  'use_dpop_nonce',
  'invalid_client_metadata',
  'invalid_redirect_uri',
]

const ANSWERS: readonly (readonly [what: string, answer: Answering])[] = [
  ['refuses everything with 400 and nothing', () => new Response(null, { status: 400 })],
  ['refuses everything with a page', page(400)],
  ['refuses everything with 401', refusal('invalid_client', 401)],
  ['refuses everything with 403', page(403)],
  ['wants people to sign in', page(401)],
  ['knows nothing', page(404)],
  ['takes no method', () => new Response(null, { status: 405 })],
  ['sends everybody to a page of its own', elsewhere('/sign-in')],
  ['sends everybody to another site', elsewhere('https://sign-in.example/')],
  ['sends everybody on for good', elsewhere('/moved', 308)],
  ['calls nothing active', () => Response.json({ active: false, jsonrpc: '2.0', id: 1 })],
  ...ERRORS.map((error) => [`refuses everything with ${error}`, refusal(error)] as const),
  ...['invalid_request', 'unsupported_response_type', 'invalid_scope', 'invalid_target'].map(
    (error) => [`refuses everything with ${error}, at the redirect URI`, told(error)] as const,
  ),
  ['answers {} to everything', () => Response.json({})],
  ['answers {} to everything, and lets scripts read it', () => Response.json({}, { headers: CORS })],
  ['answers a list to everything', () => Response.json([])],
  ['answers nothing to everything', () => new Response(null, { status: 200 })],
  ['shows a page for everything', page(200)],
  ['breaks', page(500)],
  [
    'hangs up',
    () => {
      throw new TypeError('The socket connection was closed unexpectedly')
    },
  ],
]

const isDiscovery = ({ url }: Sent): boolean => url.pathname.startsWith('/.well-known/')

/** What an answer says by its headers alone, whatever else it is. */
const PREFLIGHTS = ['token-preflight', 'register-preflight', 'dpop-cors']
const FOUND = /^(as-|dpop-metadata$)/
const REGISTERED = /^(as-|dpop-metadata$|register)/
const GRANTED =
  /^(as-|dpop-metadata$|register|authorize|document|resource-unknown$|resource-fragment$|token-scope-unknown$)/

/** Where a server still does what it should, and what may pass there. */
const STAGES: readonly (readonly [what: string, works: (sent: Sent) => boolean, mayPass: RegExp])[] = [
  ['everywhere', () => false, /^$/],
  ['behind its metadata', isDiscovery, FOUND],
  ['and lets clients register', (sent) => isDiscovery(sent) || at(sent, REGISTER), REGISTERED],
  ['and gives codes', (sent) => [REGISTER, AUTHORIZE].some((path) => at(sent, path)) || isDiscovery(sent), GRANTED],
  [
    'where tokens are given',
    (sent) => !at(sent, TOKEN),
    /^(?!token-|refresh|client|dpop)|^(dpop-metadata|token-scope-unknown)$/,
  ],
  [
    'where people are sent',
    (sent) => !at(sent, AUTHORIZE),
    /^(?!authorize|resource|document|dpop|refresh-(?!unknown))|^dpop-(metadata|cors)$/,
  ],
  ['where tokens are revoked', (sent) => !at(sent, REVOKE), /^(?!revoke|introspect-revoked)/],
  ['where tokens are introspected', (sent) => !at(sent, INTROSPECT), /^(?!introspect)/],
  [
    'where tokens are refreshed',
    (sent) => !at(sent, TOKEN) || formOf(sent).get('grant_type') !== 'refresh_token',
    /^(?!refresh|revoke$|revoke-other-client|token-replay-revokes|dpop-refresh)/,
  ],
  [
    'where codes are redeemed',
    (sent) => !at(sent, TOKEN) || formOf(sent).get('grant_type') !== 'authorization_code',
    // What there is not is refused as it should be, in the form that it should have.
    /^(?!token-|refresh|client-|introspect|dpop|revoke$|revoke-other-client|resource-(audience|other))|^(token-unsupported-grant|token-no-grant-type|token-error-json|token-cors|token-scope-unknown|client-credentials-public|dpop-metadata)$/,
  ],
  ['where clients register', (sent) => !at(sent, REGISTER), /^(?!register)/],
]

const passes = ({ results }: Report) => results.filter(({ status }) => status === 'pass').map(({ id }) => id)

describe.each(STAGES)('%s', (_, works, mayPass) => {
  test.each(ANSWERS)('a server that %s passes in nothing else', async (_what, answer) => {
    const mutation: Mutation = async (sent, next) => (works(sent) ? next(sent) : answer(sent))
    const passed = passes(await world.check(mutation))
    expect(passed.filter((id) => !mayPass.test(id) && !PREFLIGHTS.includes(id))).toEqual([])
  })
})

const challenging = (challenge: string, status = 401): Answering => {
  return () => new Response(null, { status, headers: { ...CORS, 'www-authenticate': challenge } })
}
const DISCOVERED = /^rs-(dpop-)?metadata/
/** What a challenge says can be read, whatever it is for. */
const CHALLENGED = /^rs-((dpop-)?metadata|challenge)/

const RESOURCE_ANSWERS: readonly (readonly [what: string, answer: Answering, mayPass: RegExp])[] = [
  ...ANSWERS.filter(([what]) => !what.includes('redirect URI')).map(
    ([what, answer]) => [what, answer, DISCOVERED] as const,
  ),
  ['refuses everything with a challenge', challenging('Bearer'), CHALLENGED],
  ['refuses everything with a challenge that says why', challenging('Bearer error="invalid_token"'), CHALLENGED],
  [
    'refuses everything with a challenge that says all',
    challenging(`Bearer resource_metadata="${METADATA_URL}", scope="notes:read"`),
    CHALLENGED,
  ],
  ['refuses everything with 403 and a challenge', challenging('Bearer error="insufficient_scope"', 403), DISCOVERED],
]

const fixture = await createResourceFixture()
const serve = fixture.notes.serve(() => Response.json({ jsonrpc: '2.0', id: 1, result: {} }))

describe.each([
  ['at its endpoint', true],
  ['everywhere', false],
])('an MCP server %s', (_, hasMetadata) => {
  test.each(RESOURCE_ANSWERS)('%s: nothing else passes', async (_what, answer, mayPass) => {
    const mutation: Mutation = async (sent, next) =>
      hasMetadata && isDiscovery(sent)
        ? next(sent)
        : sent.url.href.startsWith(RESOURCE) || isDiscovery(sent)
          ? answer(sent)
          : next(sent)
    const fetch = mutated(
      async (url, init) =>
        new URL(url).origin === new URL(RESOURCE).origin
          ? serve(new Request(url, init))
          : fixture.issuer.fetch(url, {}),
      mutation,
    )
    const signer = { key: fixture.issuer.key, alg: 'ES256', kid: fixture.issuer.publicJwk.kid ?? '' }
    const report = await checkResourceServer({
      ...{ url: RESOURCE, signer, tool: 'notes_clear', now: () => fixture.clock.now },
      ...{ fetch, fetchLines: inLines(fetch) },
    })
    const allowed = (id: string): boolean => mayPass.test(id) && (hasMetadata || !DISCOVERED.test(id))
    expect(passes(report).filter((id) => !allowed(id))).toEqual([])
  })
})
