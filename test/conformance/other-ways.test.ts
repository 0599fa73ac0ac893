/**
 * Servers that are right in other ways than ours: what they do not offer is skipped, and none of it is a failure.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { Report } from '../../conformance/index.ts'
import { createKeys } from '../../conformance/jose/jws.ts'
import {
  at,
  both,
  changeJson,
  changeMetadata,
  errorAnswer,
  formOf,
  JWKS,
  REGISTER,
  TOKEN,
  without,
} from './mutants/mutant.ts'
import type { Mutation } from './mutation.ts'
import { createWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.server.close())

const failed = ({ results }: Report): readonly string[] =>
  results.filter(({ status }) => status === 'fail').map(({ id }) => id)
const noteOf = ({ results }: Report, id: string): string | undefined => results.find((one) => one.id === id)?.note

const METHODS = ['none', 'client_secret_post']
const postOnly: Mutation = both(
  changeMetadata((members) => ({ ...members, token_endpoint_auth_methods_supported: METHODS })),
  async (sent, next) => {
    const isBasic = at(sent, TOKEN) && sent.headers.get('authorization')?.startsWith('Basic') === true
    const isForm = sent.body?.includes('client_secret=') === true
    if (isBasic) return errorAnswer(isForm ? 'invalid_request' : 'invalid_client')
    const wantsBasic = at(sent, REGISTER) && sent.body?.includes('client_secret_basic') === true
    return wantsBasic ? errorAnswer('invalid_client_metadata') : next(sent)
  },
)

test('secrets in forms alone: all but two checks of secrets are made with these', async () => {
  const report = await world.check(postOnly, { introspector: undefined })
  const skipped = report.results.filter(({ id, status }) => status === 'skipped' && !id.startsWith('dpop-nonce'))
  expect([failed(report), skipped.map(({ id }) => id)]).toEqual([[], ['client-basic', 'client-challenge']])
})

test('pushed authorization requests alone: hosts do not connect, which is a warning', async () => {
  const pushed: Mutation = both(
    changeMetadata((members) => ({ ...members, require_pushed_authorization_requests: true })),
    async (sent, next) => (at(sent, '/oauth/authorize') ? new Response('Push it', { status: 400 }) : next(sent)),
  )
  const report = await world.check(pushed)
  expect(failed(report)).toEqual([])
  expect(report.results.find(({ id }) => id === 'as-metadata-pushed')?.status).toBe('warning')
  expect(noteOf(report, 'authorize')).toContain('pushed authorization requests alone')
})

test('tokens for programs alone: nothing of the code flow is missing', async () => {
  const codes = ['authorization_endpoint', 'response_types_supported', 'code_challenge_methods_supported']
  const report = await world.check(
    changeMetadata((members) => ({
      ...without(members, 'registration_endpoint', ...codes),
      grant_types_supported: ['client_credentials'],
    })),
  )
  expect(failed(report)).toEqual([])
  expect(noteOf(report, 'as-metadata-pkce')).toBe('the server does not offer the code flow')
})

test('two keys of one name: the one that signed is found', async () => {
  const { publicJwk } = await createKeys()
  const twice = changeJson(JWKS, ({ keys }) => {
    const [first] = [keys].flat().map((key) => ({ ...Object(key) }))
    return { keys: [{ ...first, ...publicJwk }, ...[keys].flat()] }
  })
  const report = await world.check(twice, { only: ['token-jwt-signature'] })
  expect(report.results.map(({ status }) => status)).toEqual(['pass'])
})

test('no refresh tokens: that is no failure', async () => {
  const report = await world.check(
    both(
      changeMetadata((members) => ({ ...members, grant_types_supported: ['authorization_code'] })),
      changeJson(TOKEN, (members) => without(members, 'refresh_token')),
      async (sent, next) =>
        at(sent, TOKEN) && formOf(sent).has('refresh_token') ? errorAnswer('unsupported_grant_type') : next(sent),
    ),
  )
  expect(failed(report)).toEqual([])
  expect(noteOf(report, 'refresh-unknown')).toBe('the server gives no refresh token')
})
