/**
 * Servers whose metadata promise what they do not keep, and servers that do not look at what they are sent: what fails there, and that
 * whatever is about the promise does not pass.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { VERIFIER } from '../../conformance/authorization-server/context.ts'
import type { Report } from '../../conformance/index.ts'
import { s256 } from '../../shared/pkce.ts'
import { at, both, changeForm, changeMetadata, changeQuery, changeRedirect, TOKEN, without } from './mutants/mutant.ts'
import type { Mutation } from './mutation.ts'
import { createWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.server.close())

const CHALLENGE = await s256(VERIFIER)
const PLACE = 'https://auth.example/nothing-here'

const page: Mutation = async (sent, next) =>
  sent.url.pathname === new URL(PLACE).pathname
    ? new Response('<!doctype html><title>Nothing here</title>', {
        status: 404,
        headers: { 'content-type': 'text/html' },
      })
    : next(sent)

/** Says that this endpoint is where nothing is. */
const misplaced = (endpoint: string): Mutation =>
  both(
    changeMetadata((members) => ({ ...members, [endpoint]: PLACE })),
    page,
  )

const saying = (said: Readonly<Record<string, unknown>>): Mutation =>
  changeMetadata((members) => ({ ...members, ...said }))

/** As if none of these headers had come. */
const deafTo =
  (...names: readonly string[]): Mutation =>
  (sent, next) => {
    const headers = new Headers(sent.headers)
    for (const name of names) headers.delete(name)
    return next(at(sent, TOKEN) ? { ...sent, headers, lines: [] } : sent)
  }

type Case = readonly [what: string, mutation: Mutation, fails: readonly string[], mayNotPass: RegExp]

/** Who gets no code has nothing to show there. */
const NEEDS_CODES =
  /^(authorize(?!-iss-error)|resource|refresh|revoke$|token(?!-(unsupported|no-grant|error|cors|preflight)))/

const LIES: readonly Case[] = [
  ['has no authorization endpoint', misplaced('authorization_endpoint'), ['authorize'], NEEDS_CODES],
  [
    'has no token endpoint',
    misplaced('token_endpoint'),
    ['token', 'token-unsupported-grant', 'client-unknown'],
    /^(token-(?!scope)|refresh|client-|dpop-(?!metadata))/,
  ],
  ['has no registration endpoint', misplaced('registration_endpoint'), ['register'], /^register/],
  ['has no revocation endpoint', misplaced('revocation_endpoint'), ['revoke', 'revoke-unknown'], /^revoke/],
  ['has no introspection endpoint', misplaced('introspection_endpoint'), ['introspect-unauthenticated'], /^introspect/],
  ['has no keys', misplaced('jwks_uri'), ['as-jwks', 'token-jwt-signature'], /^(as-jwks|token-jwt-signature)$/],
  [
    'knows no proofs',
    deafTo('dpop'),
    ['dpop-token-type', 'dpop-binding', 'dpop-none', 'dpop-refresh'],
    /^dpop-(?!metadata$|accepted$|algorithms$|clock$|cors$|code-same-key$)/,
  ],
  [
    'names itself in no answer, although it says so',
    changeRedirect(({ searchParams }) => searchParams.delete('iss')),
    ['authorize-iss', 'authorize-iss-error'],
    /^authorize-iss/,
  ],
  [
    'has resources that it does not know',
    saying({ protected_resources: ['https://unknown.example/mcp'] }),
    ['authorize'],
    NEEDS_CODES,
  ],
]

const ALL_CODES: Mutation = changeForm(
  TOKEN,
  (form) => form.has('code'),
  (form) => form.set('code_verifier', VERIFIER),
)

const IGNORED: readonly Case[] = [
  [
    'code_verifier',
    ALL_CODES,
    ['token-wrong-verifier', 'token-no-verifier', 'token-repeated'],
    /^token-(wrong-verifier|no-verifier|repeated)$/,
  ],
  [
    'code_challenge and code_challenge_method',
    both(
      changeQuery(
        () => true,
        (query) => {
          query.set('code_challenge', CHALLENGE)
          query.set('code_challenge_method', 'S256')
        },
      ),
      ALL_CODES,
    ),
    ['authorize-pkce-required', 'authorize-pkce-confidential', 'authorize-pkce-plain', 'authorize-repeated'],
    /^authorize-(pkce|repeated)/,
  ],
  [
    'response_type',
    changeQuery(
      (query) => query.has('response_type'),
      (query) => query.set('response_type', 'code'),
    ),
    ['authorize-response-type'],
    /^authorize-(response-type|iss-error)$/,
  ],
  [
    'resource',
    both(
      changeQuery(
        () => true,
        (query) => query.delete('resource'),
      ),
      changeForm(
        TOKEN,
        () => true,
        (form) => form.delete('resource'),
      ),
    ),
    ['resource-unknown', 'resource-fragment', 'resource-other-at-token', 'refresh-resource'],
    /^(resource-(unknown|fragment|other-at-token)|refresh-resource)$/,
  ],
  [
    'state',
    changeRedirect(({ searchParams }) => searchParams.delete('state')),
    ['authorize-state'],
    /^authorize-state$/,
  ],
  [
    'dpop_jkt',
    changeQuery(
      () => true,
      (query) => query.delete('dpop_jkt'),
    ),
    ['dpop-code-bound', 'dpop-code-without-proof'],
    /^dpop-code-(bound|without-proof)$/,
  ],
  [
    'dpop_bound_access_tokens',
    async (sent, next) =>
      next(
        sent.body?.includes('dpop_bound_access_tokens') === true
          ? { ...sent, body: JSON.stringify(without(JSON.parse(sent.body), 'dpop_bound_access_tokens')) }
          : sent,
      ),
    ['dpop-registration'],
    /^dpop-registration$/,
  ],
]

const passed = ({ results }: Report) => results.filter(({ status }) => status === 'pass').map(({ id }) => id)
const failed = ({ results }: Report) => results.filter(({ status }) => status === 'fail').map(({ id }) => id)

async function judge([, mutation, fails, mayNotPass]: Case): Promise<void> {
  const report = await world.check(mutation)
  expect(passed(report).filter((id) => mayNotPass.test(id))).toEqual([])
  expect(failed(report)).toEqual(expect.arrayContaining([...fails]))
}

describe('metadata lie: the server', () => {
  test.each(LIES.map((one) => [one[0], one] as const))('%s', (_, one) => judge(one))
})

describe('a server that does not look at', () => {
  test.each(IGNORED.map((one) => [one[0], one] as const))('%s', (_, one) => judge(one))
})

test('iss that was announced and does not come is a failure, for clients insist on it; one that was never announced is missed', async () => {
  const only = ['authorize-iss', 'authorize-iss-error', 'authorize-iss-announced']
  const silent = changeRedirect(({ searchParams }) => searchParams.delete('iss'))
  const unannounced = changeMetadata((members) => without(members, 'authorization_response_iss_parameter_supported'))
  const statuses = async (mutation: Mutation) =>
    (await world.check(mutation, { only })).results.map(({ level, status }) => [level, status])
  expect(await statuses(silent)).toEqual([
    ['must', 'fail'],
    ['must', 'fail'],
    ['must', 'skipped'],
  ])
  expect(await statuses(both(silent, unannounced))).toEqual([
    ['should', 'warning'],
    ['should', 'warning'],
    ['must', 'skipped'],
  ])
})

/** As many as the check sends. */
const AT_ONCE = 8

test('a server that breaks when requests come at once has not been seen to redeem a code once', async () => {
  let asked = 0
  const { results } = await world.check(
    async (sent, next) => {
      if (at(sent, TOKEN)) asked += 1
      return at(sent, TOKEN) && asked <= AT_ONCE ? new Response('Oops', { status: 500 }) : next(sent)
    },
    { only: ['token-race'] },
  )
  expect(results).toMatchObject([{ status: 'skipped', note: expect.stringContaining('500') }])
})
