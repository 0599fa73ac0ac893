import { describe, expect, test } from 'bun:test'
import { createReplayMemory, type ResourceOptions } from '../../server/resource/index.ts'
import { findChallenge, parseChallenges } from '../../shared/challenge.ts'
import { type Crafted, craftProof, createProver, type Proven } from '../support/dpop-proofs.ts'
import {
  admitted,
  createResourceFixture,
  METADATA_URL,
  RESOURCE,
  type ResourceFixture,
  refused,
  toolCall,
} from '../support/resource-fixture.ts'

const ALGORITHMS = 'ES256 ES384 RS256 PS256 EdDSA Ed25519'
const prover = await createProver()
const other = await createProver()

/** A resource, and how a client that holds the key calls it. */
async function world(options: Partial<ResourceOptions> = {}) {
  const fixture = await createResourceFixture(options)
  const token = await fixture.issuer.sign({ cnf: { jkt: prover.thumbprint } })
  const proof = (changed: Partial<Proven> = {}, crafted: Crafted = {}, by = prover) =>
    craftProof(by, { method: 'GET', url: RESOURCE, now: fixture.clock.now, accessToken: token, ...changed }, crafted)
  const call = async (headers: Record<string, string>) => fixture.send({ headers })
  const callWith = (dpop: string) => call({ authorization: `DPoP ${token}`, dpop })
  return { ...fixture, token, proof, call, callWith }
}

/** The one DPoP challenge, and nothing else. */
function dpopChallenge(response: Response) {
  const challenges = parseChallenges(response.headers.get('www-authenticate'))
  expect(challenges.map(({ scheme }) => scheme)).toEqual(['dpop'])
  return challenges[0]?.params
}

const lastReason = ({ events }: Pick<ResourceFixture, 'events'>) => {
  const event = events.at(-1)
  return event?.type === 'refused' ? event.reason : event?.type
}

describe('DPOP-C1 section 7.1 the scheme', () => {
  test('a bound token with its proof is admitted', async () => {
    const { callWith, proof } = await world()
    expect(admitted(await callWith(await proof())).clientId).toBe('client-1')
  })

  test.each(['DPoP', 'dpop', 'DPOP'])('%s is read in any case', async (scheme) => {
    const { call, proof, token } = await world()
    admitted(await call({ authorization: `${scheme} ${token}`, dpop: await proof() }))
  })

  test('a proof is for the method and the URL of the request, whatever the Host header says', async () => {
    const { proof, send, token } = await world()
    const authorization = `DPoP ${token}`
    const post = async (url: string, dpop: string) =>
      send({ method: 'POST', headers: { authorization, dpop }, body: JSON.stringify(toolCall('notes_list')) }, url)
    admitted(await post(`${RESOURCE}?x=1`, await proof({ method: 'POST' })))
    admitted(await post('http://10.0.0.7:8080/mcp', await proof({ method: 'POST' })))
    refused(await post('http://10.0.0.7:8080/mcp', await proof({ method: 'POST', url: 'http://10.0.0.7:8080/mcp' })))
    refused(await post(RESOURCE, await proof({ method: 'GET' })))
    refused(await post('https://mcp.example/mcp/other', await proof({ method: 'POST' })))
  })

  test('the handler sees neither the token nor the proof', async () => {
    const { notes, proof, token } = await world()
    const seen: string[] = []
    const serve = notes.serve(({ headers }) => {
      seen.push(...headers.keys())
      return Response.json({})
    })
    const headers = { authorization: `DPoP ${token}`, dpop: await proof(), accept: '*/*' }
    expect((await serve(new Request(RESOURCE, { headers }))).status).toBe(200)
    expect(seen).toEqual(['accept'])
  })

  test('two credentials are malformed', async () => {
    const { call, proof, token } = await world()
    for (const authorization of [`DPoP ${token}, DPoP ${token}`, `Bearer ${token}, DPoP ${token}`, 'DPoP'])
      expect(refused(await call({ authorization, dpop: await proof() })).status).toBe(400)
  })
})

describe('DPOP-S1 DPOP-S3 section 4.3 a proof that fails one check is invalid_dpop_proof with 401', () => {
  type Case = readonly [reason: string, changed: Partial<Proven>, crafted: Crafted]
  const cases: readonly Case[] = [
    ['wrong_dpop_type', {}, { header: { typ: 'JWT' } }],
    ['unsupported_dpop_algorithm', {}, { header: { alg: 'none' } }],
    ['unsupported_dpop_algorithm', {}, { header: { alg: 'HS256' } }],
    ['malformed_dpop_key', {}, { header: { jwk: undefined } }],
    ['private_dpop_key', {}, { header: { jwk: prover.privateJwk } }],
    ['missing_dpop_claim', {}, { claims: { jti: undefined } }],
    ['missing_dpop_claim', {}, { claims: { htm: undefined } }],
    ['missing_dpop_claim', {}, { claims: { htu: undefined } }],
    ['missing_dpop_claim', {}, { claims: { iat: undefined } }],
    ['wrong_dpop_method', { method: 'POST' }, {}],
    ['wrong_dpop_url', { url: 'https://mcp.example/' }, {}],
    ['wrong_dpop_url', { url: 'https://evil.example/mcp' }, {}],
    ['expired_dpop_proof', { now: 1_800_000_000 - 301 }, {}],
    ['early_dpop_proof', { now: 1_800_000_000 + 301 }, {}],
    ['wrong_dpop_token', { accessToken: undefined }, {}],
    ['wrong_dpop_token', { accessToken: 'another' }, {}],
    ['wrong_dpop_signature', {}, { signer: other }],
  ]
  test.each(cases)('%s %j %j', async (reason, changed, crafted) => {
    const { callWith, events, proof } = await world()
    const response = refused(await callWith(await proof(changed, crafted)))
    expect(response.status).toBe(401)
    expect(dpopChallenge(response)).toMatchObject({
      error: 'invalid_dpop_proof',
      algs: ALGORITHMS,
      resource_metadata: METADATA_URL,
    })
    expect(await response.json()).toMatchObject({ error: 'invalid_dpop_proof', status: 401 })
    expect(events).toEqual([{ type: 'refused', reason, status: 401 }] as never)
  })

  test('none, two, and what is no proof', async () => {
    const it = await world()
    const { call, callWith, proof, token } = it
    expect(dpopChallenge(refused(await call({ authorization: `DPoP ${token}` })))).toMatchObject({
      error: 'invalid_dpop_proof',
    })
    expect(lastReason(it)).toBe('missing_dpop_proof')
    refused(await callWith(`${await proof()}, ${await proof()}`))
    expect(lastReason(it)).toBe('several_dpop_proofs')
    refused(await callWith('no proof'))
    expect(lastReason(it)).toBe('malformed_dpop_proof')
  })

  test('two header fields are two proofs', async () => {
    const it = await world()
    const headers = new Headers({ authorization: `DPoP ${it.token}` })
    headers.append('dpop', await it.proof())
    headers.append('dpop', await it.proof())
    refused(await it.send({ headers }))
    expect(lastReason(it)).toBe('several_dpop_proofs')
  })
})

describe('section 7.1 the key of the token', () => {
  test('12 MUST be the one of the proof: another is invalid_token', async () => {
    const it = await world()
    const response = refused(await it.callWith(await it.proof({}, {}, other)))
    expect(response.status).toBe(401)
    expect(dpopChallenge(response)).toMatchObject({ error: 'invalid_token', algs: ALGORITHMS })
    expect(lastReason(it)).toBe('wrong_dpop_key')
  })

  test('DPOP-S6 section 7.2 a bound token MUST NOT be taken as a bearer token, with or without a proof', async () => {
    const it = await world()
    for (const dpop of [{}, { dpop: await it.proof() }]) {
      const response = refused(await it.call({ authorization: `Bearer ${it.token}`, ...dpop }))
      expect(response.status).toBe(401)
      expect(findChallenge(response.headers.get('www-authenticate'), 'Bearer')?.params['error']).toBe('invalid_token')
      expect(findChallenge(response.headers.get('www-authenticate'), 'DPoP')?.params['algs']).toBe(ALGORITHMS)
      expect(lastReason(it)).toBe('bound_token_as_bearer')
    }
    expect(await it.notes.verify(it.token)).toEqual({ ok: false, error: 'bound_token_as_bearer' })
  })

  test('a bearer token MUST NOT be taken as a bound one', async () => {
    const it = await world()
    const token = await it.issuer.sign()
    const response = refused(
      await it.call({ authorization: `DPoP ${token}`, dpop: await it.proof({ accessToken: token }) }),
    )
    expect(dpopChallenge(response)).toMatchObject({ error: 'invalid_token' })
    expect(lastReason(it)).toBe('unbound_token')
  })

  test('DPOP-S5 all else that is asked of a token still is', async () => {
    const it = await world()
    const bound = { cnf: { jkt: prover.thumbprint } }
    for (const claims of [{ aud: 'https://other.example/mcp' }, { exp: 1 }, { iss: 'https://evil.example' }]) {
      const token = await it.issuer.sign({ ...bound, ...claims })
      const headers = { authorization: `DPoP ${token}`, dpop: await it.proof({ accessToken: token }) }
      expect(dpopChallenge(refused(await it.call(headers)))).toMatchObject({ error: 'invalid_token' })
    }
    const reader = await it.issuer.sign(bound)
    const headers = { authorization: `DPoP ${reader}`, dpop: await it.proof({ accessToken: reader, method: 'POST' }) }
    const body = JSON.stringify(toolCall('notes_add'))
    const response = refused(await it.send({ method: 'POST', headers, body }))
    expect(response.status).toBe(403)
    expect(dpopChallenge(response)).toMatchObject({ error: 'insufficient_scope', scope: 'notes:write' })
  })
})

describe('section 7.1 section 7.2 what is offered', () => {
  test('both schemes, Bearer first, where both are accepted', async () => {
    const { send } = await world()
    const challenges = parseChallenges(refused(await send()).headers.get('www-authenticate'))
    expect(challenges).toEqual([
      { scheme: 'bearer', params: { scope: 'notes:read notes:write', resource_metadata: METADATA_URL } },
      { scheme: 'dpop', params: { algs: ALGORITHMS } },
    ])
  })

  test('DPoP alone where it is required, and a bearer token is refused', async () => {
    const it = await world({ dpop: { required: true, algorithms: ['ES256'] } })
    expect(dpopChallenge(refused(await it.send()))).toEqual({
      scope: 'notes:read notes:write',
      algs: 'ES256',
      resource_metadata: METADATA_URL,
    })
    const bearer = await it.issuer.sign()
    const response = refused(await it.call({ authorization: `Bearer ${bearer}` }))
    expect(dpopChallenge(response)).toMatchObject({ error: 'invalid_token', algs: 'ES256' })
    expect(lastReason(it)).toBe('unbound_token')
    expect(await it.notes.verify(bearer)).toEqual({ ok: false, error: 'unbound_token' })
    admitted(await it.callWith(await it.proof()))
  })

  test('DPOP-P1 RFC 9728 section 2 the metadata says so', async () => {
    expect((await world()).notes.metadata).toMatchObject({ dpop_signing_alg_values_supported: ALGORITHMS.split(' ') })
    expect((await world()).notes.metadata).not.toHaveProperty('dpop_bound_access_tokens_required')
    expect((await world({ dpop: { required: true, algorithms: ['ES384'] } })).notes.metadata).toMatchObject({
      dpop_signing_alg_values_supported: ['ES384'],
      dpop_bound_access_tokens_required: true,
    })
  })

  test('an algorithm that is not on offer is refused', async () => {
    const it = await world({ dpop: { algorithms: ['ES384'] } })
    refused(await it.callWith(await it.proof()))
    expect(lastReason(it)).toBe('unsupported_dpop_algorithm')
  })

  test.each([
    { algorithms: [] },
    { algorithms: ['HS256'] },
    { tolerance: 0 },
    { tolerance: 301 },
    { nonceSecret: 'short' },
    { nonceLifetime: 0 },
  ])('options that cannot be right: %j', (dpop) =>
    expect(createResourceFixture({ dpop: dpop as never })).rejects.toThrow('protectResource: dpop.'),
  )
})

describe('DPOP-C3 section 9 nonces', () => {
  test('where they are required, the first proof is answered 401 use_dpop_nonce with one, and the next one passes', async () => {
    const it = await world({ dpop: { requireNonce: true } })
    const response = refused(await it.callWith(await it.proof()))
    expect(response.status).toBe(401)
    expect(dpopChallenge(response)).toMatchObject({ error: 'use_dpop_nonce', algs: ALGORITHMS })
    expect(response.headers.get('access-control-expose-headers')).toContain('DPoP-Nonce')
    const nonce = response.headers.get('dpop-nonce') ?? ''
    expect(nonce).not.toBe('')
    admitted(await it.callWith(await it.proof({ nonce })))
  })

  test('a wrong or stale one is answered with the one that is right', async () => {
    const it = await world({ dpop: { nonceLifetime: 60, requireNonce: true } })
    const first = refused(await it.callWith(await it.proof({ nonce: 'x' })))
    expect(lastReason(it)).toBe('wrong_dpop_nonce')
    const nonce = first.headers.get('dpop-nonce') ?? ''
    it.clock.now += 120
    const second = refused(await it.callWith(await it.proof({ nonce })))
    expect(dpopChallenge(second)).toMatchObject({ error: 'use_dpop_nonce' })
    expect(second.headers.get('dpop-nonce')).not.toBe(nonce)
  })

  test('section 8.2 who uses an old one is told the new one with the answer', async () => {
    const it = await world({ dpop: { nonceLifetime: 60, requireNonce: true } })
    const nonce = refused(await it.callWith(await it.proof({ nonce: 'x' }))).headers.get('dpop-nonce') ?? ''
    const serve = it.notes.serve(() => Response.json({}, { headers: { 'cache-control': 'max-age=60' } }))
    const send = async (with_: string) => {
      const headers = { authorization: `DPoP ${it.token}`, dpop: await it.proof({ nonce: with_ }) }
      const answer = await serve(new Request(RESOURCE, { headers }))
      return [answer.headers.get('dpop-nonce'), answer.headers.get('cache-control')]
    }
    expect(await send(nonce)).toEqual([null, 'max-age=60'])
    it.clock.now += 60
    const [next, cached] = await send(nonce)
    expect(next).toMatch(/^[\w-]{22}$/)
    expect(cached).toBe('no-store')
    expect(await send(next ?? '')).toEqual([null, 'max-age=60'])
  })

  test('replicas with one secret accept each other’s, others do not', async () => {
    const nonceSecret = 'a secret that all of the replicas have'
    const nonceOf = async (it: Awaited<ReturnType<typeof world>>) =>
      refused(await it.callWith(await it.proof({ nonce: 'x' }))).headers.get('dpop-nonce') ?? ''
    const one = await world({ dpop: { nonceSecret, requireNonce: true } })
    const replica = await world({ dpop: { nonceSecret, requireNonce: true } })
    admitted(await replica.callWith(await replica.proof({ nonce: await nonceOf(one) })))
    refused(
      await replica.callWith(
        await replica.proof({ nonce: await nonceOf(await world({ dpop: { requireNonce: true } })) }),
      ),
    )
  })

  test('where none is needed, that of another server of this origin does no harm', async () => {
    const it = await world()
    admitted(await it.callWith(await it.proof({ nonce: 'of the authorization server' })))
  })
})

describe('DPOP-S4 section 11.1 replay', () => {
  test('a proof MUST NOT be taken twice', async () => {
    const it = await world()
    const proof = await it.proof()
    admitted(await it.callWith(proof))
    expect(dpopChallenge(refused(await it.callWith(proof)))).toMatchObject({ error: 'invalid_dpop_proof' })
    expect(lastReason(it)).toBe('replayed_dpop_proof')
  })

  test('replicas with one memory refuse what another has seen', async () => {
    const replays = createReplayMemory()
    const one = await world({ dpop: { replays } })
    const replica = await world({ dpop: { replays } })
    const token = await one.issuer.sign({ cnf: { jkt: prover.thumbprint } })
    // Two instances of one resource have one issuer.
    replica.issuer.answer(one.issuer.jwksUri, () => Response.json({ keys: [one.issuer.publicJwk] }))
    const headers = { authorization: `DPoP ${token}`, dpop: await one.proof({ accessToken: token }) }
    admitted(await one.call(headers))
    refused(await replica.call(headers))
    expect(lastReason(replica)).toBe('replayed_dpop_proof')
  })

  test('a memory that cannot be asked is 503, not a challenge', async () => {
    const remember = async () => Promise.reject(new Error('down'))
    const it = await world({ dpop: { replays: { remember } } })
    const response = refused(await it.callWith(await it.proof()))
    expect(response.status).toBe(503)
    expect(response.headers.has('www-authenticate')).toBe(false)
    expect(lastReason(it)).toBe('replays_unavailable')
  })

  test('the memory of a process is bounded, and forgets what has expired', async () => {
    const memory = createReplayMemory(2)
    expect(await memory.remember('a', 10, 1)).toBe(true)
    expect(await memory.remember('a', 10, 9)).toBe(false)
    expect(await memory.remember('a', 20, 10)).toBe(true)
    expect(await memory.remember('b', 20, 10)).toBe(true)
    expect(await memory.remember('c', 20, 10)).toBe(true)
    expect(await memory.remember('b', 20, 10)).toBe(false)
    expect(await memory.remember('a', 20, 10)).toBe(true)
  })
})
