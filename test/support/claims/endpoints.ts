/**
 * Endpoints that can be claimed: each does what it is for, and scripts of any origin may call it, but for the one that people visit.
 *
 * @see OAuth 2.1 section 3.1 (draft-ietf-oauth-v2-1-16): no cross-origin access to the authorization endpoint
 * @module
 */
import { expect } from 'bun:test'
import { decodeJwt } from 'jose'
import { authorizationQuery, REDIRECT_URI } from '../authorization-server.ts'
import { createConfidential } from './clients.ts'
import { ask, createAny, granted, obtainCode, redemption, tokensByCode, verified } from './tokens.ts'
import {
  authorizationUrl,
  createPerson,
  endpoint,
  isConsentPage,
  isSignInPage,
  type Proof,
  type World,
} from './world.ts'

const ORIGIN = 'https://browser.example'

export const ENDPOINTS = {
  async authorization_endpoint(_, world) {
    const client = await createAny(world)
    const url = authorizationUrl(world, await authorizationQuery(client.id))
    const headers = { origin: ORIGIN, 'access-control-request-method': 'GET' }
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await world.server.fetch(url, { method, headers, redirect: 'manual' })
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    }
    const person = createPerson(world)
    const signIn = await person.visit(url)
    expect(isSignInPage(signIn)).toBeTrue()
    const consent = await person.signIn(signIn)
    expect(isConsentPage(consent)).toBeTrue()
    const { url: callback } = await person.allow(consent)
    expect(callback.href).toStartWith(REDIRECT_URI)
    const code = callback.searchParams.get('code') ?? ''
    await granted(await ask(world, 'token_endpoint', client, redemption(client.id, code)))
  },

  async token_endpoint(_, world) {
    await expectCors(world, 'token_endpoint', 'POST')
    const client = await createAny(world)
    const code = await obtainCode(world, client.id)
    await granted(await ask(world, 'token_endpoint', client, redemption(client.id, code)))
  },

  async revocation_endpoint(_, world) {
    await expectCors(world, 'revocation_endpoint', 'POST')
    const client = await createAny(world)
    const { access_token, refresh_token = '' } = await tokensByCode(world, client)
    const jti = { jti: decodeJwt(access_token).jti ?? '' }
    expect(await world.server.as.isLive(jti)).toBeTrue()
    expect((await ask(world, 'revocation_endpoint', client, { token: access_token })).status).toBe(200)
    expect(await world.server.as.isLive(jti)).toBeFalse()
    expect((await ask(world, 'revocation_endpoint', client, { token: refresh_token })).status).toBe(200)
    const refresh = await ask(world, 'token_endpoint', client, { grant_type: 'refresh_token', refresh_token })
    expect([refresh.status, await refresh.json()]).toMatchObject([400, { error: 'invalid_grant' }])
  },

  async introspection_endpoint(_, world) {
    const client = await createConfidential(world)
    const tokens = await tokensByCode(world, client)
    const look = async (token: string): Promise<unknown> => {
      const response = await ask(world, 'introspection_endpoint', client, { token })
      expect(response.status).toBe(200)
      return response.json()
    }
    const { sub, aud } = decodeJwt(tokens.access_token)
    expect(await look(tokens.access_token)).toMatchObject({ active: true, sub, aud, client_id: client.id })
    expect(await look('unknown')).toEqual({ active: false })
    await ask(world, 'revocation_endpoint', client, { token: tokens.access_token })
    expect(await look(tokens.access_token)).toEqual({ active: false })
  },

  async registration_endpoint(_, world) {
    await expectCors(world, 'registration_endpoint', 'POST')
    const metadata = { redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none', client_name: 'Claim' }
    const response = await world.server.fetch(endpoint(world, 'registration_endpoint'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: ORIGIN },
      body: JSON.stringify(metadata),
    })
    expect([response.status, response.headers.get('cache-control')]).toEqual([201, 'no-store'])
    const registered: { client_id: string } = await response.json()
    expect(registered).toMatchObject({ ...metadata, client_id_issued_at: expect.any(Number) })
    const id = registered.client_id
    const presentation = { form: { client_id: id }, headers: {} }
    const client = { id, prove: async () => presentation, forge: async () => presentation }
    expect(await verified(world, await tokensByCode(world, client))).toMatchObject({ client_id: id })
  },

  async jwks_uri(_, world) {
    const response = await world.server.fetch(endpoint(world, 'jwks_uri'), { headers: { origin: ORIGIN } })
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, '*'])
    const { keys }: { keys: Record<string, unknown>[] } = await response.json()
    expect(keys.length).toBeGreaterThan(0)
    const secret = keys.flatMap((key) => ['d', 'k', 'p', 'q'].filter((member) => Object.hasOwn(key, member)))
    expect(secret).toEqual([])
    await verified(world, await tokensByCode(world, await createAny(world)))
  },
} as const satisfies Readonly<Record<string, Proof>>

/** A preflight is answered, and so is what follows it, to any origin and without credentials. */
export async function expectCors(world: World, name: string, method: 'GET' | 'POST'): Promise<void> {
  const url = endpoint(world, name)
  const preflight = await world.server.fetch(url, {
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': method,
      'access-control-request-headers': 'authorization, content-type',
    },
  })
  expect(preflight.ok).toBeTrue()
  expect(preflight.headers.get('access-control-allow-methods')).toContain(method)
  expect(preflight.headers.get('access-control-allow-headers')).toMatch(/authorization.*content-type/i)
  const answer = await world.server.fetch(url, { method, headers: { origin: ORIGIN } })
  for (const { headers } of [preflight, answer]) {
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('access-control-allow-credentials')).toBeNull()
  }
}
