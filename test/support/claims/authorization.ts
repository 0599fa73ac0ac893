/**
 * What can be claimed of the authorization endpoint's parameters and answers.
 *
 * @module
 */
import { expect } from 'bun:test'
import { approve, authorizationQuery, codeForm, REDIRECT_URI, RESOURCE, VERIFIER } from '../authorization-server.ts'
import { createConfidential } from './clients.ts'
import { ask, type Changes, createAny, granted, obtainCode, redemption, verified } from './tokens.ts'
import { authorizationUrl, createPerson, isConsentPage, isSignInPage, post, type World } from './world.ts'

/** `response_types_supported`. */
export const RESPONSE_TYPES = {
  async code(world: World) {
    const { id } = await createAny(world)
    const answer = await approve(world.server, await authorizationQuery(id, { response_type: 'code' }))
    expect([...answer.searchParams.keys()].sort()).toEqual(['code', 'iss', 'state'])
    await expectError(world, { response_type: 'token' }, 'unsupported_response_type')
  },
} as const

/** `response_modes_supported`. */
export const RESPONSE_MODES = {
  async query(world: World) {
    const { id } = await createAny(world)
    const answer = await approve(world.server, await authorizationQuery(id, { response_mode: 'query' }))
    expect([answer.searchParams.has('code'), answer.hash]).toEqual([true, ''])
    await expectError(world, { response_mode: 'fragment' }, 'invalid_request')
  },
} as const

/** `code_challenge_methods_supported`. */
export const CHALLENGE_METHODS = {
  async S256(world: World) {
    const client = await createAny(world)
    const code = await obtainCode(world, client.id)
    const form = redemption(client.id, code)
    const wrong = await ask(world, 'token_endpoint', client, { ...form, code_verifier: `${VERIFIER}x` })
    expect([wrong.status, await wrong.json()]).toMatchObject([400, { error: 'invalid_grant' }])
    await granted(await ask(world, 'token_endpoint', client, form))
    await expectError(world, { code_challenge_method: 'plain', code_challenge: VERIFIER }, 'invalid_request')
  },
} as const

/** `prompt_values_supported`. */
export const PROMPTS = {
  async none(world: World) {
    await expectError(world, { prompt: 'none' }, 'login_required')
    const { person, url } = await consented(world)
    url.searchParams.set('prompt', 'none')
    expect((await person.visit(url)).url.searchParams.has('code')).toBeTrue()
  },

  async login(world: World) {
    const { person, url } = await consented(world)
    url.searchParams.set('prompt', 'login')
    const signIn = await person.visit(url)
    expect(isSignInPage(signIn)).toBeTrue()
    expect((await person.signIn(signIn)).url.searchParams.has('code')).toBeTrue()
  },

  async consent(world: World) {
    const { person, url } = await consented(world)
    url.searchParams.set('prompt', 'consent')
    const consent = await person.visit(url)
    expect(isConsentPage(consent)).toBeTrue()
    expect((await person.allow(consent)).url.searchParams.has('code')).toBeTrue()
  },
} as const

/** `authorization_response_iss_parameter_supported`: in every answer, whatever it says. */
export async function proveIss(claim: unknown, world: World): Promise<void> {
  expect(claim).toBeTrue()
  const { id } = await createAny(world)
  const person = createPerson(world)
  const url = authorizationUrl(world, await authorizationQuery(id))
  const denied = await person.deny(await person.signIn(await person.visit(url)))
  const allowed = await person.allow(await person.visit(url))
  url.searchParams.set('scope', 'nonsense')
  const wrong = await person.visit(url)
  expect([denied, allowed, wrong].map(({ url }) => url.searchParams.get('error'))).toEqual([
    'access_denied',
    null,
    'invalid_scope',
  ])
  for (const { url } of [denied, allowed, wrong]) {
    expect(url.searchParams.getAll('iss')).toEqual([world.server.issuer])
  }
}

/** `resource_indicators_supported`: the token is for the resource that was asked for, and what is none here is refused. */
export async function proveResourceIndicators(claim: unknown, world: World): Promise<void> {
  expect(claim).toBeTrue()
  const client = await createAny(world)
  const form = redemption(client.id, await obtainCode(world, client.id))
  expect(await verified(world, await granted(await ask(world, 'token_endpoint', client, form)))).toMatchObject({
    aud: RESOURCE,
  })
  await expectError(world, { resource: 'https://unknown.example/mcp' }, 'invalid_target')
}

/** `client_id_metadata_document_supported`: a client that nobody registered says at its URL what it is, and gets tokens. */
export async function proveClientDocuments(claim: unknown, world: World): Promise<void> {
  expect(claim).toBeTrue()
  const id = world.publish((client_id) => ({
    client_id,
    client_name: 'Published',
    redirect_uris: [REDIRECT_URI],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
  }))
  const person = createPerson(world)
  const signIn = await person.visit(authorizationUrl(world, await authorizationQuery(id)))
  const consent = await person.signIn(signIn)
  expect(consent.page).toContain('app.example')
  const { url: callback } = await person.allow(consent)
  const form = redemption(id, callback.searchParams.get('code') ?? '')
  const first = await granted(await post(world, 'token_endpoint', { ...form, client_id: id }))
  expect(await verified(world, first)).toMatchObject({ client_id: id })
  const { refresh_token = '' } = first
  await granted(await post(world, 'token_endpoint', { grant_type: 'refresh_token', refresh_token, client_id: id }))
}

/** A browser whose person has agreed to a request of a client that can prove itself, so that nothing needs to be asked again. */
async function consented(world: World) {
  const client = await createConfidential(world)
  const url = authorizationUrl(world, await authorizationQuery(client.id))
  const person = createPerson(world)
  const { url: callback } = await person.allow(await person.signIn(await person.visit(url)))
  const { client_id, ...form } = codeForm(client.id, callback.searchParams.get('code') ?? '')
  await granted(await ask(world, 'token_endpoint', client, form))
  expect((await person.visit(url)).url.searchParams.has('code')).toBeTrue()
  return { person, url }
}

async function expectError(world: World, changes: Changes, error: string): Promise<void> {
  const { id } = await createAny(world)
  const arrival = await createPerson(world).visit(authorizationUrl(world, await authorizationQuery(id, changes)))
  expect(arrival.url.searchParams.get('error')).toBe(error)
}
