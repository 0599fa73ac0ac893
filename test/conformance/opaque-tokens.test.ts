/**
 * Access tokens that cannot be read: what they hold is asked for where the server tells it, and otherwise it is said that nobody looked.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  at,
  both,
  changeJson,
  changeMetadata,
  formOf,
  INTROSPECT,
  isGoodJson,
  REVOKE,
  TOKEN,
  withForm,
  without,
} from './mutants/mutant.ts'
import type { Mutation } from './mutation.ts'
import { createWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.server.close())

/** Gives access tokens other names, and knows them by these. */
function opaque(): Mutation {
  const originals = new Map<string, string>()
  return both(
    changeJson(
      TOKEN,
      (members) => {
        const name = `opaque-${crypto.randomUUID()}`
        originals.set(name, String(members['access_token']))
        return { ...members, access_token: name }
      },
      (response, { method }) => method === 'POST' && isGoodJson(response),
    ),
    (sent, next) => {
      const form = formOf(sent)
      const original = originals.get(form.get('token') ?? '')
      if (original === undefined || !(at(sent, INTROSPECT) || at(sent, REVOKE))) return next(sent)
      form.set('token', original)
      return next(withForm(sent, form))
    },
  )
}

const telling = (change: Parameters<typeof changeJson>[1]): Mutation => both(changeJson(INTROSPECT, change), opaque())
const NEEDS_CLAIMS = ['resource-audience', 'resource-audience-only', 'dpop-binding', 'dpop-refresh']

test('whoever may ask is told: every check passes but those of the form of tokens', async () => {
  const { results } = await world.check(opaque())
  const others = results.filter(({ id, status }) => status !== 'pass' && !id.startsWith('dpop-nonce'))
  expect(others.map(({ id, note }) => [id, note])).toEqual(
    ['token-jwt-claims', 'token-jwt-type', 'token-jwt-signature'].map((id) => [id, 'access tokens are opaque']),
  )
})

test('a client with a secret asks what its own tokens hold', async () => {
  const { results } = await world.check(opaque(), { introspector: undefined, only: ['dpop-binding'] })
  expect(results).toMatchObject([{ id: 'dpop-binding', status: 'pass' }])
})

const WRONG: readonly (readonly [what: string, mutation: Mutation, fails: readonly string[]])[] = [
  ['says another key', telling((told) => ({ ...told, cnf: { jkt: 'another' } })), ['dpop-binding', 'dpop-refresh']],
  ['says no key', telling((told) => without(told, 'cnf')), ['dpop-binding', 'dpop-refresh']],
  ['says another audience', telling((told) => ({ ...told, aud: 'https://other.example' })), ['resource-audience']],
]
test.each(WRONG)('introspection that %s is a failure', async (_, mutation, fails) => {
  const { results } = await world.check(mutation, { only: NEEDS_CLAIMS })
  expect(results.filter(({ status }) => status === 'fail').map(({ id }) => id)).toEqual([...fails])
})

describe('where nobody is told, it is said that nobody looked:', () => {
  const noSecrets = changeMetadata((members) => ({ ...members, token_endpoint_auth_methods_supported: ['none'] }))
  const nowhere = changeMetadata((members) => without(members, 'introspection_endpoint'))
  const silent = telling(() => ({ active: false }))
  const cases: readonly (readonly [what: string, mutation: Mutation, named: boolean, reason: RegExp])[] = [
    ['no endpoint', both(nowhere, opaque()), true, /opaque, and the metadata name no introspection_endpoint/],
    ['not active', silent, true, /opaque, and introspection does not say what they hold: active: false/],
    ['nobody may ask', both(noSecrets, opaque()), false, /--introspection-client-id|do not list client_secret_basic/],
  ]
  test.each(cases)('%s', async (_, mutation, named, reason) => {
    const options = { only: NEEDS_CLAIMS, ...(named ? {} : { introspector: undefined }) }
    const { results } = await world.check(mutation, options)
    for (const { status, note } of results) {
      expect(status).toBe('skipped')
      expect(note).toMatch(reason)
    }
  })
})
