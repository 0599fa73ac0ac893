import { describe, expect, test } from 'bun:test'
import { createProofKeys } from '../../server/resource/proof-keys.ts'
import { createDpopProof } from '../../shared/dpop/create-proof.ts'
import { createDpopNonces } from '../../shared/dpop/nonces.ts'
import { proofUrl } from '../../shared/dpop/proof-url.ts'
import { DPOP_ALGORITHMS } from '../../shared/dpop/public-key.ts'
import { exportDpopKey, generateDpopKey, importDpopKey } from '../../shared/dpop/signing-key.ts'
import type { ProofDemand } from '../../shared/dpop/verify-proof.ts'
import { type Crafted, craftProof, createProver, sha256 } from '../support/dpop-proofs.ts'
import { encodePart } from '../support/foreign-signer.ts'
import { judge, NOW, request, URL_, verdict } from '../support/proof-judge.ts'

const prover = await createProver()
const other = await createProver()

const crafted = async (crafting: Crafted, asked: Partial<ProofDemand> = {}) =>
  verdict(await craftProof(prover, request, crafting), asked)

const proven = { thumbprint: prover.thumbprint, nonce: null }

describe('DPOP-A1 section 4.2 the algorithms', () => {
  test.each(['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA', 'Ed25519'])('%s is accepted', async (alg) => {
    const one = await createProver(alg)
    expect(await verdict(await craftProof(one, request))).toEqual({ thumbprint: one.thumbprint, nonce: null })
  })

  test('ES512 is not on the list', async () =>
    expect(await verdict(await craftProof(await createProver('ES512'), request))).toBe('unsupported_dpop_algorithm'))

  test.each(['none', 'None', 'HS256', 'HS512', '', null, undefined, 1, 'constructor', 'es256'])(
    'section 4.3 MUST NOT be none, symmetric or unknown: %p',
    async (alg) => expect(await crafted({ header: { alg } })).toBe('unsupported_dpop_algorithm'),
  )

  test('section 4.3 MUST NOT be accepted without a signature', async () => {
    const [header, payload] = (await craftProof(prover, request, { header: { alg: 'none' } })).split('.')
    expect(await verdict(`${header}.${payload}.`)).toBe('unsupported_dpop_algorithm')
    const [good, claims] = (await craftProof(prover, request)).split('.')
    expect(await verdict(`${good}.${claims}.`)).toBe('wrong_dpop_signature')
  })

  test('only those that its judge lists', async () => {
    const rules = { ...judge(), readKey: createProofKeys(['ES384']) }
    expect(await verdict(await craftProof(prover, request), {}, rules)).toBe('unsupported_dpop_algorithm')
  })

  test('section 4.3 MUST fit the key', async () => {
    const p384 = await createProver('ES384')
    expect(await crafted({ header: { alg: 'ES384' } })).toBe('malformed_dpop_key')
    expect(await crafted({ header: { jwk: p384.publicJwk } })).toBe('malformed_dpop_key')
    expect(await crafted({ header: { alg: 'RS256' } })).toBe('malformed_dpop_key')
  })
})

describe('DPOP-S1 section 4.3 each check', () => {
  test('a proof that passes says which key, and uses up its jti until nobody would take it', async () => {
    const rules = judge()
    expect(await verdict(await craftProof(prover, request), {}, rules)).toEqual(proven)
    expect([...rules.seen.values()]).toEqual([NOW + 360])
  })

  test('1 MUST be one header field', async () => {
    const proof = await craftProof(prover, request)
    expect(await verdict(`${proof}, ${proof}`)).toBe('several_dpop_proofs')
    expect(await verdict(`${proof},`)).toBe('several_dpop_proofs')
  })

  test('2 MUST be one well-formed JWT', async () => {
    const [header = '', payload = '', signature = ''] = (await craftProof(prover, request)).split('.')
    const malformed = [
      '',
      'x',
      '..',
      header,
      `${header}.${payload}`,
      `${header}.${payload}.${signature}.${signature}`,
      `${header}..${signature}`,
      `.${payload}.${signature}`,
      `${header}=.${payload}.${signature}`,
      `${header}.${payload}.${signature}=`,
      `${header}.${payload}.${signature} `,
      `${header}.${encodePart([])}.${signature}`,
      `${header}.${encodePart('claims')}.${signature}`,
      `${encodePart(null)}.${payload}.${signature}`,
      `${header}.${payload}.${'A'.repeat(8192)}`,
    ]
    for (const proof of malformed) expect([proof, await verdict(proof)]).toEqual([proof, 'malformed_dpop_proof'])
    expect(await crafted({ header: { crit: ['x'] } })).toBe('malformed_dpop_proof')
  })

  test.each(['jti', 'htm', 'htu', 'iat'])('3 MUST have the claim %s', async (claim) =>
    expect(await crafted({ claims: { [claim]: undefined } })).toBe('missing_dpop_claim'),
  )

  test.each([
    { jti: 7 },
    { jti: '' },
    { jti: 'x'.repeat(257) },
    { htm: ['POST'] },
    { htu: null },
    { iat: '1800000000' },
    { iat: null },
    { nonce: 7 },
    { ath: 7 },
  ])('3 a claim MUST be what it can be: %j', async (claims) =>
    expect(await crafted({ claims })).toBe('missing_dpop_claim'),
  )

  test.each([undefined, 'JWT', 'at+jwt', 'application/dpop+jwt', 'DPOP+JWT', 7])(
    '4 typ MUST be dpop+jwt: %p',
    async (typ) => expect(await crafted({ header: { typ } })).toBe('wrong_dpop_type'),
  )

  test('6 the signature MUST verify with the key in the header', async () => {
    expect(await crafted({ signer: other })).toBe('wrong_dpop_signature')
    const proof = await craftProof(prover, request)
    const [header, , signature] = proof.split('.')
    const changed = encodePart({ jti: 'another', htm: 'POST', htu: URL_, iat: NOW })
    expect(await verdict(`${header}.${changed}.${signature}`)).toBe('wrong_dpop_signature')
  })

  test.each(['GET', 'post', '', 'POST '])('8 htm MUST be the method: %p', async (htm) =>
    expect(await crafted({ claims: { htm } })).toBe('wrong_dpop_method'),
  )

  test.each([
    'https://auth.example/oauth/token?x=1',
    'https://auth.example/oauth/token#x',
    'HTTPS://AUTH.example:443/oauth/token',
    'https://auth.example/x/../oauth/%74oken',
  ])('9 htu is compared without query and fragment, and normalised: %s', async (htu) =>
    expect(await crafted({ claims: { htu } })).toEqual(proven),
  )

  test.each([
    'https://auth.example/oauth/token/',
    'https://auth.example/oauth/revoke',
    'https://auth.example:8443/oauth/token',
    'http://auth.example/oauth/token',
    'https://evil.example/oauth/token',
    'https://auth.example@evil.example/oauth/token',
    'https://user@auth.example/oauth/token',
    'https://auth.example/oauth%2Ftoken',
    'https://auth.example/OAUTH/token',
    '/oauth/token',
    'auth.example/oauth/token',
    '',
  ])('9 htu MUST be the URL: %p', async (htu) => expect(await crafted({ claims: { htu } })).toBe('wrong_dpop_url'))

  test('11 DPOP-S2 iat MUST be within the window on both sides', async () => {
    expect(await crafted({ claims: { iat: NOW - 300 } })).toEqual(proven)
    expect(await crafted({ claims: { iat: NOW + 300 } })).toEqual(proven)
    expect(await crafted({ claims: { iat: NOW - 301 } })).toBe('expired_dpop_proof')
    expect(await crafted({ claims: { iat: NOW + 301 } })).toBe('early_dpop_proof')
    expect(await crafted({ claims: { iat: 0 } })).toBe('expired_dpop_proof')
    expect(await crafted({ claims: { iat: NOW * 1000 } })).toBe('early_dpop_proof')
  })

  test('12 with an access token, ath MUST be its hash', async () => {
    const asked = { tokenHash: await sha256('token') }
    expect(await verdict(await craftProof(prover, { ...request, accessToken: 'token' }), asked)).toEqual(proven)
    expect(await verdict(await craftProof(prover, { ...request, accessToken: 'other' }), asked)).toBe(
      'wrong_dpop_token',
    )
    expect(await verdict(await craftProof(prover, request), asked)).toBe('wrong_dpop_token')
  })
})

describe('section 11.1 replay', () => {
  test('MUST be refused', async () => {
    const rules = judge()
    const proof = await craftProof(prover, request)
    expect(await verdict(proof, {}, rules)).toEqual(proven)
    expect(await verdict(proof, {}, rules)).toBe('replayed_dpop_proof')
  })

  test('the same jti of another key is another proof, and what is wrong uses up nothing', async () => {
    const rules = judge()
    const claims = { jti: 'one' }
    for (const bad of [{ signer: other }, { claims: { htm: 'GET', jti: 'one' } }, { claims: { iat: 0, jti: 'one' } }])
      expect(typeof (await verdict(await craftProof(prover, request, { claims, ...bad }), {}, rules))).toBe('string')
    expect(rules.seen.size).toBe(0)
    expect(await verdict(await craftProof(prover, request, { claims }), {}, rules)).toEqual(proven)
    expect(await verdict(await craftProof(other, request, { claims }), {}, rules)).toEqual({
      thumbprint: other.thumbprint,
      nonce: null,
    })
  })
})

describe('DPOP-C3 section 8 nonces', () => {
  const noncesAt = (now: () => number, changed: object = {}) =>
    createDpopNonces({ secret: 'secret', origin: 'https://auth.example', lifetime: 60, now, ...changed })

  test('10 MUST be there and be one of ours where it is required, and is not looked at elsewhere', async () => {
    const rules = judge()
    const nonce = await rules.nonces.current()
    const asked = { nonceRequired: true }
    expect(await verdict(await craftProof(prover, request), asked, rules)).toBe('missing_dpop_nonce')
    expect(await verdict(await craftProof(prover, { ...request, nonce: 'x' }), asked, rules)).toBe('wrong_dpop_nonce')
    expect(await verdict(await craftProof(prover, { ...request, nonce: 'x' }), {}, rules)).toEqual(proven)
    expect(await verdict(await craftProof(prover, { ...request, nonce }), asked, rules)).toEqual(proven)
    expect(await verdict(await craftProof(prover, { ...request, nonce }), {}, rules)).toEqual(proven)
  })

  test('what is wrong otherwise is no invitation to come again', async () =>
    expect(await crafted({ signer: other }, { nonceRequired: true })).toBe('wrong_dpop_signature'))

  test('section 8.2 who used an old one is told the new one', async () => {
    const old = await noncesAt(() => NOW - 60).current()
    const rules = judge()
    const proof = await craftProof(prover, { ...request, nonce: old })
    const nonce = await rules.nonces.current()
    expect(nonce).not.toBe(old)
    expect(await verdict(proof, {}, rules)).toEqual({ thumbprint: prover.thumbprint, nonce })
  })

  test('are the same for all replicas and for a process that has just started, and end', async () => {
    const clock = { now: NOW }
    const [one, replica] = [noncesAt(() => clock.now), noncesAt(() => clock.now)]
    const nonce = await one.current()
    expect(nonce).toMatch(/^[\w-]{22}$/)
    expect(await replica.current()).toBe(nonce)
    // A replica whose clock is behind.
    expect(await noncesAt(() => NOW - 60).accepts(nonce)).toBe(true)
    clock.now += 119
    expect(await replica.accepts(nonce)).toBe(true)
    clock.now += 1
    expect(await replica.accepts(nonce)).toBe(false)
    expect(await one.accepts(nonce)).toBe(false)
  })

  test('those of another secret, server or lifetime are none', async () => {
    const nonces = noncesAt(() => NOW)
    for (const changed of [{ secret: 'other' }, { origin: 'https://other.example' }])
      expect(await nonces.accepts(await noncesAt(() => NOW, changed).current())).toBe(false)
    for (const forged of ['', 'x', String(NOW), (await nonces.current()).slice(1), `${await nonces.current()}A`])
      expect(await nonces.accepts(forged)).toBe(false)
  })
})

describe('section 4.2 what we make', () => {
  test.each(DPOP_ALGORITHMS)('%s is accepted', async (alg) => {
    const key = await generateDpopKey(alg)
    expect(key.privateKey.extractable).toBe(false)
    const proof = await createDpopProof(key, { ...request, url: `${URL_}?x=1#y` })
    expect(await verdict(proof)).toEqual({ thumbprint: key.thumbprint, nonce: null })
  })

  test.each(DPOP_ALGORITHMS)('%s keys can be kept', async (alg) => {
    const key = await generateDpopKey(alg, { extractable: true })
    const kept: JsonWebKey = JSON.parse(JSON.stringify(await exportDpopKey(key)))
    const again = await importDpopKey(alg, kept)
    expect(again.thumbprint).toBe(key.thumbprint)
    expect(await verdict(await createDpopProof(again, request))).toEqual({ thumbprint: key.thumbprint, nonce: null })
  })

  test('binds the token and takes the nonce, and is another one each time', async () => {
    const key = await generateDpopKey('ES256')
    const rules = judge()
    const asked = { tokenHash: await sha256('token'), nonceRequired: true }
    const make = async () =>
      createDpopProof(key, { ...request, tokenHash: asked.tokenHash, nonce: await rules.nonces.current() })
    for (const proof of [await make(), await make()])
      expect(await verdict(proof, asked, rules)).toEqual({ thumbprint: key.thumbprint, nonce: null })
  })
})

test.each([
  ['https://h', 'https://h/'],
  ['https://H:443/a?b#c', 'https://h/a'],
  ['http://h:80/%7Ea%2f%c3%a9', 'http://h/~a%2F%C3%A9'],
  ['https://h/a/./b/../c', 'https://h/a/c'],
  ['ftp://h/', null],
  ['https://u:p@h/', null],
  ['h/a', null],
])('section 4.3 RFC 3986 section 6.2.2 %s is %p', (url, expected) => expect(proofUrl(url)).toBe(expected))
