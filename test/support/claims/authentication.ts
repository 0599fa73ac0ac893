/**
 * Client authentication as it is claimed for each endpoint: right proofs are taken there, wrong ones are not.
 *
 * @see RFC 8414 section 2: `*_endpoint_auth_methods_supported`, `*_endpoint_auth_signing_alg_values_supported`
 * @module
 */
import { expect } from 'bun:test'
import { CLIENTS, type Presentation, type TestClient, withKey } from './clients.ts'
import { createAny, obtainCode, redemption, tokensByCode } from './tokens.ts'
import { each, type Proof, post, strings, type World } from './world.ts'

type Endpoint = 'token' | 'revocation' | 'introspection'

/** `token_endpoint_auth_methods_supported` and its sisters. */
export const authMethods = (at: Endpoint): Proof =>
  each(`${at}_endpoint_auth_methods_supported`, {
    none: async (world) => proveClient(world, at, await CLIENTS.none(world)),
    client_secret_basic: async (world) => proveClient(world, at, await CLIENTS.client_secret_basic(world)),
    client_secret_post: async (world) => proveClient(world, at, await CLIENTS.client_secret_post(world)),
    private_key_jwt: async (world) => {
      await proveClient(world, at, await CLIENTS.private_key_jwt(world))
      // Without the algorithms the claim would be of no use to a client.
      strings(world.metadata[`${at}_endpoint_auth_signing_alg_values_supported`])
    },
  })

/** `token_endpoint_auth_signing_alg_values_supported` and its sisters: those, and not others. */
export const signingAlgorithms =
  (at: Endpoint): Proof =>
  async (claim, world) => {
    const claimed = strings(claim)
    expect(claimed).not.toContain('none')
    for (const alg of claimed) await proveClient(world, at, await withKey(world, alg))
    for (const alg of ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'PS256', 'PS512', 'EdDSA']) {
      if (!claimed.includes(alg)) await expectRefused(world, at, await (await withKey(world, alg)).prove())
    }
  }

/** What the client is right to ask is answered to the client, and to nobody who only knows its name. */
async function proveClient(world: World, at: Endpoint, client: TestClient): Promise<void> {
  await expectRefused(world, at, await client.forge())
  const { form, headers } = await client.prove()
  const answer = await post(world, `${at}_endpoint`, { ...(await REQUESTS[at](world, client)), ...form }, headers)
  expect([answer.status, await answer.clone().text()]).toEqual([200, expect.not.stringContaining('"error"')])
}

async function expectRefused(world: World, at: Endpoint, { form, headers }: Presentation): Promise<void> {
  const answer = await post(world, `${at}_endpoint`, { ...(await REQUESTS[at](world, null)), ...form }, headers)
  expect([answer.status, await answer.json()]).toMatchObject([401, { error: 'invalid_client' }])
}

/** What to ask, by the client, or by nobody in particular. */
const REQUESTS: Readonly<
  Record<Endpoint, (world: World, client: TestClient | null) => Promise<Record<string, string>>>
> = {
  token: async (world, client) => {
    const { id } = client ?? (await createAny(world))
    return redemption(id, await obtainCode(world, id))
  },
  revocation: async (world, client) => tokenOf(world, client),
  introspection: async (world, client) => tokenOf(world, client),
}

async function tokenOf(world: World, client: TestClient | null): Promise<Record<string, string>> {
  const { access_token } = await tokensByCode(world, client ?? (await createAny(world)))
  return { token: access_token }
}
