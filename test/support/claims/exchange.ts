/**
 * Token exchange, and the ID-JAGs that are had by it, as the metadata claim them.
 *
 * @module
 */
import { expect } from 'bun:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { ID_JAG_TOKEN_TYPE } from '../../../shared/id-jag.ts'
import { ACCESS_TOKEN_TOKEN_TYPE, TOKEN_EXCHANGE_GRANT } from '../../../shared/token-exchange.ts'
import { RESOURCE } from '../authorization-server.ts'
import { createConfidential } from './clients.ts'
import { ask, granted, tokensByCode, verified } from './tokens.ts'
import { endpoint, strings, type World } from './world.ts'

/** A client makes a token of its own weaker: the least that exchange is. */
export async function proveExchange(world: World): Promise<void> {
  const client = await createConfidential(world)
  const { access_token } = await tokensByCode(world, client, { scope: 'notes:read notes:write' })
  const form = {
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token: access_token,
    subject_token_type: ACCESS_TOKEN_TOKEN_TYPE,
    resource: RESOURCE,
    scope: 'notes:read',
  }
  const weaker = await granted(await ask(world, 'token_endpoint', client, form))
  expect(weaker).toMatchObject({ scope: 'notes:read', issued_token_type: ACCESS_TOKEN_TOKEN_TYPE })
  const claims = await verified(world, weaker)
  expect(claims).toMatchObject({ sub: world.server.userId, aud: RESOURCE, client_id: client.id })
}

/** `identity_chaining_requested_token_types_supported`: ID-JAGs, for what the settings list, by a client of that id. */
export async function proveIdJags(claim: unknown, world: World): Promise<void> {
  expect(strings(claim)).toEqual([ID_JAG_TOKEN_TYPE])
  const [audience] = world.server.settings.id_jag.audiences
  const [id = '', there] = Object.entries(audience?.clients ?? {})[0] ?? []
  const client = await createConfidential(world, { id })
  const { access_token } = await tokensByCode(world, client)
  const response = await ask(world, 'token_endpoint', client, {
    grant_type: TOKEN_EXCHANGE_GRANT,
    requested_token_type: ID_JAG_TOKEN_TYPE,
    subject_token: access_token,
    subject_token_type: ACCESS_TOKEN_TOKEN_TYPE,
    audience: audience?.issuer ?? '',
    resource: audience?.resources[0] ?? '',
  })
  const answer: { access_token: string } = await response.json()
  expect([response.status, answer]).toMatchObject([200, { token_type: 'N_A', issued_token_type: ID_JAG_TOKEN_TYPE }])
  const keys = createLocalJWKSet(await (await world.server.fetch(endpoint(world, 'jwks_uri'))).json())
  const { payload } = await jwtVerify(answer.access_token, keys, {
    typ: 'oauth-id-jag+jwt',
    audience: audience?.issuer ?? '',
    currentDate: new Date(world.server.clock.now * 1000),
  })
  expect(payload).toMatchObject({ sub: world.server.userId, client_id: there })
}
