/**
 * The ways to tokens that can be claimed, walked as a client would.
 *
 * @module
 */
import { expect } from 'bun:test'
import { createLocalJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose'
import { formatScope } from '../../../shared/scope.ts'
import { approve, authorizationQuery, codeForm, RESOURCE } from '../authorization-server.ts'
import { CLIENTS, createConfidential, type TestClient } from './clients.ts'
import { endpoint, post, strings, type World } from './world.ts'

/** What a token endpoint answers with. */
export interface Granted {
  readonly access_token: string
  readonly token_type: string
  readonly expires_in: number
  readonly scope: string
  readonly refresh_token?: string
}

export type Changes = Readonly<Record<string, string>>

/** A client that proves itself in any way that is claimed, preferably without a secret. */
export function createAny(world: World): Promise<TestClient> {
  const methods = strings(world.metadata['token_endpoint_auth_methods_supported'])
  return methods.includes('none') ? CLIENTS.none(world) : createConfidential(world)
}

/** A code, from a request that the person has approved. */
export async function obtainCode(world: World, clientId: string, changes: Changes = {}): Promise<string> {
  const location = await approve(world.server, await authorizationQuery(clientId, changes))
  expect(location.searchParams.get('error')).toBeNull()
  return location.searchParams.get('code') ?? ''
}

/** The form that redeems a code, without the client's proof. */
export function redemption(clientId: string, code: string, resource = RESOURCE): Record<string, string> {
  const { client_id, ...form } = codeForm(clientId, code)
  return { ...form, resource }
}

/** A request to an endpoint by a client that proves itself. */
export async function ask(world: World, name: string, client: TestClient, form: Changes): Promise<Response> {
  const proof = await client.prove()
  return post(world, name, { ...form, ...proof.form }, proof.headers)
}

/** Tokens by a code. */
export async function tokensByCode(world: World, client: TestClient, changes: Changes = {}): Promise<Granted> {
  const code = await obtainCode(world, client.id, changes)
  return granted(await ask(world, 'token_endpoint', client, redemption(client.id, code, changes['resource'])))
}

/** The tokens of an answer that must be a good one. */
export async function granted(response: Response): Promise<Granted> {
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
  const tokens: Granted = await response.json()
  expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: expect.any(Number) })
  return tokens
}

/** What is in an access token that one of the published keys signed. */
export async function verified(world: World, { access_token }: Granted): Promise<JWTPayload & { alg: string }> {
  const response = await world.server.fetch(endpoint(world, 'jwks_uri'))
  const currentDate = new Date(world.server.clock.now * 1000)
  const options = { issuer: world.server.issuer, typ: 'at+jwt', currentDate }
  const { payload } = await jwtVerify(access_token, createLocalJWKSet(await response.json()), options)
  return { ...payload, alg: decodeProtectedHeader(access_token).alg ?? '' }
}

/** `grant_types_supported`. */
export const GRANT_TYPES = {
  async authorization_code(world: World) {
    const client = await createAny(world)
    const code = await obtainCode(world, client.id)
    const form = redemption(client.id, code)
    const tokens = await granted(await ask(world, 'token_endpoint', client, form))
    expect(await verified(world, tokens)).toMatchObject({
      aud: RESOURCE,
      client_id: client.id,
      sub: world.server.userId,
    })
    expect((await ask(world, 'token_endpoint', client, form)).status).toBe(400)
  },

  async refresh_token(world: World) {
    const client = await createAny(world)
    const first = await tokensByCode(world, client)
    const form = { grant_type: 'refresh_token', refresh_token: first.refresh_token ?? '' }
    const second = await granted(await ask(world, 'token_endpoint', client, form))
    expect(second.refresh_token).toBeString()
    expect(second.refresh_token).not.toBe(first.refresh_token)
    expect(await verified(world, second)).toMatchObject({ aud: RESOURCE, client_id: client.id })
  },

  async client_credentials(world: World) {
    const client = await createConfidential(world)
    const form = { grant_type: 'client_credentials', resource: RESOURCE, scope: 'notes:read' }
    const tokens = await granted(await ask(world, 'token_endpoint', client, form))
    expect(tokens).toMatchObject({ scope: 'notes:read' })
    expect(tokens.refresh_token).toBeUndefined()
    expect(await verified(world, tokens)).toMatchObject({ aud: RESOURCE, client_id: client.id, sub: client.id })
  },
} as const

/** `scopes_supported`: each is granted at a resource that has it; `offline_access` is a wish for a refresh token. */
export async function proveScopes(claim: unknown, world: World): Promise<void> {
  const client = await createAny(world)
  const own = world.server.settings.resources
  for (const scope of strings(claim)) {
    if (scope === 'offline_access') {
      const tokens = await tokensByCode(world, client, { scope: 'offline_access notes:read' })
      expect(tokens).toMatchObject({ scope: 'notes:read', refresh_token: expect.any(String) })
    } else {
      const resource = own.find(({ scopes }) => Object.hasOwn(scopes, scope))?.identifier ?? ''
      const tokens = await tokensByCode(world, client, { scope, resource })
      const payload = await verified(world, tokens)
      expect(payload).toMatchObject({ aud: resource, scope: tokens.scope })
      expect(tokens.scope.split(' ')).toContain(scope)
    }
  }
}

/** `protected_resources`: tokens are for each of them, and for it alone. */
export async function proveResources(claim: unknown, world: World): Promise<void> {
  const client = await createAny(world)
  for (const identifier of strings(claim)) {
    const found = world.server.settings.resources.find((resource) => resource.identifier === identifier)
    const scope = formatScope(Object.keys(found?.scopes ?? {}))
    const tokens = await tokensByCode(world, client, { resource: identifier, scope })
    expect((await verified(world, tokens)).aud).toBe(identifier)
  }
}

/** `subject_types_supported`: public means that all clients are told the same subject of a person. */
export async function proveSubjects(world: World): Promise<void> {
  const subjects: unknown[] = []
  for (const client of [await createAny(world), await createAny(world)]) {
    subjects.push((await verified(world, await tokensByCode(world, client))).sub)
  }
  expect(subjects).toEqual([world.server.userId, world.server.userId])
}

/** `id_token_signing_alg_values_supported`: no ID token is issued, but these are the algorithms of the keys that sign everything. */
export async function proveSigning(claim: unknown, world: World): Promise<void> {
  const response = await world.server.fetch(endpoint(world, 'jwks_uri'))
  const { keys }: { keys: { alg: string }[] } = await response.json()
  expect([...strings(claim)].sort()).toEqual([...new Set(keys.map(({ alg }) => alg))].sort())
  expect(strings(claim)).toContain((await verified(world, await tokensByCode(world, await createAny(world)))).alg)
}
