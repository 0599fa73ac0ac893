/**
 * Proofs at the authorization server: which are taken, what is bound, and who must prove.
 *
 * @see RFC 9449 sections 5, 6 and 8
 *
 * @standard RFC 9449: Demonstrating Proof of Possession (DPoP)
 * @status implemented
 * @does server, resource server and client: bound tokens, codes (`dpop_jkt`) and refresh tokens of public clients, nonces, memory of what was used,
 *   demanded by client or by resource
 * @missing pushed requests (section 10.1): there are none
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import * as v from 'valibot'
import { applyStartRules } from '../../server/config/start-rules.ts'
import { Config } from '../../server/config.ts'
import { codeForm, obtainCode, postForm, RESOURCE, registerClient } from '../support/authorization-server.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { type Crafted, createProver, type Proven } from '../support/dpop-proofs.ts'
import { closeDpopWorlds, createDpopWorld } from '../support/dpop-server.ts'
import { expectError } from '../support/oauth-error.ts'

const prover = await createProver()
const other = await createProver()
const shared = await createDpopWorld({}, prover)
afterAll(closeDpopWorlds)

describe('DPOP-A1 section 5.1 the metadata', () => {
  test('names asymmetric algorithms, ES256 first, and neither none nor a symmetric one', async () => {
    const { dpop_signing_alg_values_supported: algorithms = [] } = await shared.server.as.metadata()
    expect(algorithms).toEqual(['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA', 'Ed25519'])
  })

  test('says nothing of it where it is off, and then a proof means nothing', async () => {
    const { server, ask, proof } = await createDpopWorld({ dpop: { enabled: false } })
    expect(await server.as.metadata()).not.toHaveProperty('dpop_signing_alg_values_supported')
    for (const dpop of [await proof(), 'nonsense']) {
      const tokens = await (await ask(dpop)).json()
      expect(tokens.token_type).toBe('Bearer')
      expect(decodeJwt(tokens.access_token)).not.toHaveProperty('cnf')
    }
  })
})

describe('DPOP-A3 section 5 section 6.1 a token that is bound', () => {
  test('token_type is DPoP, cnf.jkt the thumbprint of the key', async () => {
    const response = await shared.ask(await shared.proof())
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(response.headers.has('dpop-nonce')).toBe(false)
    const tokens = await response.json()
    expect(tokens.token_type).toBe('DPoP')
    expect(decodeJwt(tokens.access_token)['cnf']).toEqual({ jkt: prover.thumbprint })
  })

  test('without a proof it is a bearer token, as ever', async () => {
    const tokens = await (await shared.ask()).json()
    expect(tokens.token_type).toBe('Bearer')
    expect(decodeJwt(tokens.access_token)).not.toHaveProperty('cnf')
  })

  test('section 6.2 introspection tells which key', async () => {
    const { server, machine, ask, proof } = shared
    const look = async (token: string) => (await postForm(server, '/oauth/introspect', { token }, machine.basic)).json()
    const bound = await (await ask(await proof())).json()
    expect(await look(bound.access_token)).toMatchObject({
      active: true,
      token_type: 'DPoP',
      cnf: { jkt: prover.thumbprint },
    })
    const bearer = await look((await (await ask()).json()).access_token)
    expect(bearer).toMatchObject({ active: true, token_type: 'Bearer' })
    expect(bearer).not.toHaveProperty('cnf')
  })
})

describe('section 4.3 section 5 a proof that fails one check is invalid_dpop_proof with 400', () => {
  const NOW = shared.server.clock.now
  type Case = readonly [reason: string, changed: Partial<Proven>, crafted: Crafted]
  const cases: readonly Case[] = [
    ['wrong_dpop_type', {}, { header: { typ: 'JWT' } }],
    ['wrong_dpop_type', {}, { header: { typ: undefined } }],
    ['unsupported_dpop_algorithm', {}, { header: { alg: 'none' } }],
    ['unsupported_dpop_algorithm', {}, { header: { alg: 'HS256' } }],
    ['malformed_dpop_key', {}, { header: { jwk: undefined } }],
    ['malformed_dpop_key', {}, { header: { jwk: { kty: 'oct' } } }],
    ['private_dpop_key', {}, { header: { jwk: prover.privateJwk } }],
    ['missing_dpop_claim', {}, { claims: { jti: undefined } }],
    ['missing_dpop_claim', {}, { claims: { htm: undefined } }],
    ['missing_dpop_claim', {}, { claims: { htu: undefined } }],
    ['missing_dpop_claim', {}, { claims: { iat: undefined } }],
    ['wrong_dpop_method', { method: 'GET' }, {}],
    ['wrong_dpop_url', { url: 'https://auth.example/oauth/revoke' }, {}],
    ['wrong_dpop_url', { url: 'https://evil.example/oauth/token' }, {}],
    ['expired_dpop_proof', { now: NOW - 301 }, {}],
    ['early_dpop_proof', { now: NOW + 301 }, {}],
    ['wrong_dpop_signature', {}, { signer: other }],
  ]
  test.each(cases)('%s %j %j', async (reason, changed, crafted) => {
    await expectError(await shared.ask(await shared.proof(changed, crafted)), 400, 'invalid_dpop_proof')
    expect(shared.lastReason()).toBe(reason as never)
  })

  test('what is no proof, and two of them', async () => {
    await expectError(await shared.ask('no proof'), 400, 'invalid_dpop_proof')
    expect(shared.lastReason()).toBe('malformed_dpop_proof')
    const headers = new Headers(shared.machine.basic)
    headers.append('dpop', await shared.proof())
    headers.append('dpop', await shared.proof())
    const body = new URLSearchParams({ grant_type: 'client_credentials', resource: RESOURCE, scope: 'notes:read' })
    await expectError(
      await shared.server.fetch('/oauth/token', { method: 'POST', body, headers }),
      400,
      'invalid_dpop_proof',
    )
    expect(shared.lastReason()).toBe('several_dpop_proofs')
  })

  test('section 11.1 MUST NOT be taken twice', async () => {
    const proof = await shared.proof()
    expect((await shared.ask(proof)).status).toBe(200)
    await expectError(await shared.ask(proof), 400, 'invalid_dpop_proof')
    expect(shared.lastReason()).toBe('replayed_dpop_proof')
  })

  test('section 11.1 nor may its jti come again in another proof, but for another key', async () => {
    const claims = { jti: 'once' }
    expect((await shared.ask(await shared.proof({}, { claims }))).status).toBe(200)
    const later = { now: shared.server.clock.now + 1 }
    await expectError(await shared.ask(await shared.proof(later, { claims })), 400, 'invalid_dpop_proof')
    expect(shared.lastReason()).toBe('replayed_dpop_proof')
    expect((await shared.ask(await shared.proof({}, { claims }, other))).status).toBe(200)
  })

  test('section 4.3 htu is the issuer’s endpoint, query and fragment aside, whatever the Host header says', async () => {
    const { server, machine, proof } = await createDpopWorld({ issuer: 'https://auth.example/tenant' })
    const body = () =>
      new URLSearchParams({ grant_type: 'client_credentials', resource: RESOURCE, scope: 'notes:read' })
    const at = async (dpop: string) =>
      (
        await server.fetch('https://auth.example/tenant/oauth/token?x=1', {
          method: 'POST',
          body: body(),
          headers: { ...machine.basic, dpop, host: 'evil.example' },
        })
      ).status
    expect(await at(await proof())).toBe(200)
    expect(await at(await proof({ url: 'https://auth.example/tenant/oauth/token?x=1#y' }))).toBe(200)
    expect(await at(await proof({ url: 'https://evil.example/tenant/oauth/token' }))).toBe(400)
    expect(await at(await proof({ url: 'https://auth.example/oauth/token' }))).toBe(400)
  })

  test('section 4.3 RFC 3986 section 6.2.2 of an issuer that could be written otherwise, both spellings are it', async () => {
    const { ask, proof } = await createDpopWorld({ issuer: 'https://auth.example/%7etenant' })
    for (const path of ['%7etenant', '%7Etenant', '~tenant'])
      expect((await ask(await proof({ url: `https://auth.example/${path}/oauth/token` }))).status).toBe(200)
    expect((await ask(await proof({ url: 'https://auth.example/tenant/oauth/token' }))).status).toBe(400)
  })

  test('another tolerance than five minutes', async () => {
    const { ask, proof, server } = await createDpopWorld({ dpop: { tolerance: 10 } })
    const { now } = server.clock
    expect((await ask(await proof({ now: now - 10 }))).status).toBe(200)
    await expectError(await ask(await proof({ now: now - 11 })), 400, 'invalid_dpop_proof')
  })

  test('who the client is comes first, and what the proof says is not echoed', async () => {
    const { post, proof } = shared
    const form = { grant_type: 'client_credentials', resource: RESOURCE, scope: 'notes:read' }
    await expectError(await post({ ...form, client_id: 'nobody' }, await proof()), 401, 'invalid_client')
    const secret = 'canary-canary'
    const response = await shared.ask(await proof({}, { claims: { htu: secret }, header: { typ: secret } }))
    expect(await response.text()).not.toContain(secret)
  })
})

describe('DPOP-C3 section 8 nonces', () => {
  const nonceOf = (response: Response): string => response.headers.get('dpop-nonce') ?? ''

  test('where all need one: 400 use_dpop_nonce and DPoP-Nonce, and the next request passes', async () => {
    const { ask, lastReason, proof } = await createDpopWorld({ dpop: { nonce: 'required' } })
    const response = await ask(await proof())
    expect(response.headers.get('access-control-expose-headers')).toContain('DPoP-Nonce')
    const nonce = nonceOf(response)
    expect(nonce).toMatch(/^[\w-]{22}$/)
    await expectError(response, 400, 'use_dpop_nonce')
    expect(lastReason()).toBe('missing_dpop_nonce')
    expect((await (await ask(await proof({ nonce }))).json()).token_type).toBe('DPoP')
  })

  test('a wrong one and a stale one are answered with the right one, and the new one is told in time', async () => {
    const { ask, proof, server } = await createDpopWorld({ dpop: { nonce: 'required' } })
    const first = await ask(await proof({ nonce: 'x' }))
    const nonce = nonceOf(first)
    await expectError(first, 400, 'use_dpop_nonce')
    server.clock.now += 60
    const second = await ask(await proof({ nonce }))
    expect(second.status).toBe(200)
    expect(nonceOf(second)).not.toBe(nonce)
    expect(nonceOf(await ask(await proof({ nonce: nonceOf(second) })))).toBe('')
    server.clock.now += 60
    const third = await ask(await proof({ nonce }))
    expect(nonceOf(third)).not.toBe('')
    await expectError(third, 400, 'use_dpop_nonce')
  })

  test('where none is needed, that of a resource of this origin does no harm', async () => {
    expect((await shared.ask(await shared.proof({ nonce: 'of a resource' }))).status).toBe(200)
  })

  test('one client alone, or one resource alone, can need them', async () => {
    const { ask, proof, server } = await createDpopWorld()
    const careful = await addSecretClient(server, { dpop: 'nonce' })
    expect((await ask(await proof())).status).toBe(200)
    const refused = await ask(await proof(), careful)
    const nonce = nonceOf(refused)
    await expectError(refused, 400, 'use_dpop_nonce')
    expect((await ask(await proof({ nonce }), careful)).status).toBe(200)

    const [resource] = server.settings.resources
    const strict = await createDpopWorld({
      resources: [{ ...resource, identifier: RESOURCE, scopes: { 'notes:read': 'x' }, dpop: 'nonce' }],
    })
    const again = await strict.ask(await strict.proof())
    await expectError(again.clone(), 400, 'use_dpop_nonce')
    expect((await strict.ask(await strict.proof({ nonce: nonceOf(again) }))).status).toBe(200)
  })

  test('the lifetime is a setting, and a preflight lets pages send proofs', async () => {
    const { ask, proof, server } = await createDpopWorld({ dpop: { nonce_lifetime: 5, nonce: 'required' } })
    const nonce = nonceOf(await ask(await proof()))
    server.clock.now += 10
    await expectError(await ask(await proof({ nonce })), 400, 'use_dpop_nonce')
    const preflight = await server.fetch('/oauth/token', {
      method: 'OPTIONS',
      headers: { origin: 'https://page.example' },
    })
    expect(preflight.headers.get('access-control-allow-headers')).toContain('DPoP')
  })
})

describe('DPOP-A2 section 5.2 dpop_bound_access_tokens', () => {
  test('is registered, told back, and then a request without a proof MUST be refused', async () => {
    const { lastReason, post, proof, server } = shared
    const client = await registerClient(server, { dpop_bound_access_tokens: true })
    expect(client['dpop_bound_access_tokens']).toBe(true)
    const code = await obtainCode(server, client.client_id)
    await expectError(await post(codeForm(client.client_id, code)), 400, 'invalid_dpop_proof')
    expect(lastReason()).toBe('missing_dpop_proof')
    // The code was not used up by that.
    expect((await post(codeForm(client.client_id, code), await proof())).status).toBe(200)
  })

  test('false, or nothing, is no promise', async () => {
    for (const metadata of [{}, { dpop_bound_access_tokens: false }]) {
      const client = await registerClient(shared.server, metadata)
      expect(client).not.toHaveProperty('dpop_bound_access_tokens')
      const code = await obtainCode(shared.server, client.client_id)
      expect((await shared.post(codeForm(client.client_id, code))).status).toBe(200)
    }
  })

  test('RFC 7591 section 3.2.2 what is no boolean is no metadata', async () => {
    const body = JSON.stringify({ redirect_uris: ['http://127.0.0.1/'], dpop_bound_access_tokens: 'yes' })
    const headers = { 'content-type': 'application/json' }
    const response = await shared.server.fetch('/oauth/register', { method: 'POST', headers, body })
    await expectError(response, 400, 'invalid_client_metadata')
  })

  test('where DPoP is off it is not promised, and whoever must prove a key gets no token', async () => {
    const { ask, proof, server } = await createDpopWorld({ dpop: { enabled: false } })
    expect(await registerClient(server, { dpop_bound_access_tokens: true })).not.toHaveProperty(
      'dpop_bound_access_tokens',
    )
    const careful = await addSecretClient(server, { dpop: 'required' })
    await expectError(await ask(await proof(), careful), 400, 'invalid_dpop_proof')
  })

  test('ADR 0135 a server that could not do what its settings ask for does not start', async () => {
    const resources = [{ identifier: RESOURCE, scopes: {}, dpop: 'required' as const }]
    const config = v.parse(Config, { issuer: 'https://auth.example', secret: 'x'.repeat(32), resources })
    const start = (enabled: boolean) =>
      applyStartRules({ ...config, dpop: { ...config.dpop, enabled } }, async () => '')
    expect((await start(true)).ok).toBe(true)
    expect(await start(false)).toMatchObject({
      error: { message: `dpop.enabled is off, and ${RESOURCE} needs it: one of the two must change.` },
    })
  })

  test('a resource can need it of every client', async () => {
    const { ask, post, proof, server } = await createDpopWorld({
      resources: [{ identifier: RESOURCE, scopes: { 'notes:read': 'x', 'notes:write': 'y' }, dpop: 'required' }],
    })
    await expectError(await ask(), 400, 'invalid_dpop_proof')
    expect((await ask(await proof())).status).toBe(200)
    const { client_id } = await registerClient(server)
    const code = await obtainCode(server, client_id)
    await expectError(await post(codeForm(client_id, code)), 400, 'invalid_dpop_proof')
    const tokens = await (await post(codeForm(client_id, code), await proof())).json()
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id }
    await expectError(await post(refresh), 400, 'invalid_dpop_proof')
    expect((await post(refresh, await proof())).status).toBe(200)
  })
})
