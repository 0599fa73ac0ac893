/**
 * The keys that proofs bring along.
 *
 * @see RFC 9449 section 4.3: the key is public, and fits
 * @see RFC 7638 section 3: the thumbprint
 * @module
 */

import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { type Crafted, craftProof, createProver } from '../support/dpop-proofs.ts'
import { request, verdict } from '../support/proof-judge.ts'

const prover = await createProver()
const crafted = async (crafting: Crafted) => verdict(await craftProof(prover, request, crafting))

describe('DPOP-S1 section 4.3 the key', () => {
  test('7 the key MUST NOT be private', async () => {
    const rsa = await createProver('RS256')
    expect(await crafted({ header: { jwk: prover.privateJwk } })).toBe('private_dpop_key')
    expect(await verdict(await craftProof(rsa, request, { header: { jwk: rsa.privateJwk } }))).toBe('private_dpop_key')
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])
      expect(await crafted({ header: { jwk: { ...prover.publicJwk, [member]: null } } })).toBe('private_dpop_key')
  })

  const { x, y } = prover.publicJwk
  test('7 the key MUST be one', async () => {
    const none = [
      undefined,
      null,
      'key',
      [],
      {},
      { kty: 'oct', alg: 'HS256' },
      { kty: 'EC', crv: 'P-256', x },
      { kty: 'EC', crv: 'P-256', x, y: x },
      { kty: 'EC', crv: 'P-256', x: `${x}=`, y },
      { kty: 'EC', crv: 'P-256', x: `AA${x}`, y },
      { kty: 'EC', crv: 'secp256k1', x, y },
      { kty: 'OKP', crv: 'Ed25519', x },
    ]
    for (const jwk of none) expect([jwk, await crafted({ header: { jwk } })]).toEqual([jwk, 'malformed_dpop_key'])
  })

  test('7 an RSA key MUST be neither weak nor expensive', async () => {
    const rsa = await createProver('PS256')
    const with_ = (changed: object) => craftProof(rsa, request, { header: { jwk: { ...rsa.publicJwk, ...changed } } })
    expect(await verdict(await with_({ n: rsa.publicJwk.n?.slice(0, 171) }))).toBe('malformed_dpop_key')
    expect(await verdict(await with_({ n: `A${rsa.publicJwk.n?.slice(1)}` }))).toBe('malformed_dpop_key')
    expect(await verdict(await with_({ n: `${'z'.repeat(400)}${rsa.publicJwk.n}` }))).toBe('malformed_dpop_key')
    expect(await verdict(await with_({ e: rsa.publicJwk.n }))).toBe('malformed_dpop_key')
    expect(await verdict(await with_({}))).toEqual({ thumbprint: rsa.thumbprint, nonce: null })
  })

  test('7 an RSA key with which anybody can sign, or none can, is none', async () => {
    const rsa = await createProver('RS256')
    const proof = (e: string) => craftProof(rsa, request, { header: { jwk: { ...rsa.publicJwk, e } } })
    for (const e of ['AQ', 'Ag', 'BA', 'AQAA'])
      expect([e, await verdict(await proof(e))]).toEqual([e, 'malformed_dpop_key'])
    // What anybody can make for the exponent 1: the padded hash itself (RFC 8017 section 9.2).
    const [header, claims] = (await proof('AQ')).split('.')
    const hash = createHash('sha256').update(`${header}.${claims}`).digest('hex')
    const padded = `0001${'ff'.repeat(202)}003031300d060960864801650304020105000420${hash}`
    expect(await verdict(`${header}.${claims}.${Buffer.from(padded, 'hex').toString('base64url')}`)).toBe(
      'malformed_dpop_key',
    )
  })

  test('7 an Ed25519 key with which anybody can sign is none', async () => {
    const edwards = await createProver('Ed25519')
    const small = [
      ...['01', '00', 'ec', 'ed', 'ee'].map(
        (first) => first + (first < '02' ? '00'.repeat(31) : `${'ff'.repeat(30)}7f`),
      ),
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    ]
    for (const sign of [0, 0x80]) {
      for (const hex of small) {
        const bytes = Buffer.from(hex, 'hex')
        const x = Buffer.from(bytes.with(31, (bytes[31] ?? 0) | sign)).toString('base64url')
        const proof = await craftProof(edwards, request, { header: { jwk: { ...edwards.publicJwk, x } } })
        // Of the neutral element this is a signature under everything.
        const forged = `${proof.split('.').slice(0, 2).join('.')}.${Buffer.from('01'.padEnd(128, '0'), 'hex').toString('base64url')}`
        expect([hex, await verdict(proof), await verdict(forged)]).toEqual([
          hex,
          'malformed_dpop_key',
          'malformed_dpop_key',
        ])
      }
    }
  })

  test('RFC 7638 section 3 an RSA key has one spelling, and so one thumbprint', async () => {
    const rsa = await createProver('RS256')
    const { n = '', e = '' } = rsa.publicJwk
    const respelt = `${n.slice(0, -1)}${String.fromCharCode(n.charCodeAt(n.length - 1) + 1)}`
    expect(Buffer.from(respelt, 'base64url').equals(Buffer.from(n, 'base64url'))).toBe(true)
    for (const jwk of [
      { n: respelt, e },
      { n, e: 'AR' },
      { n, e: 'Ax' },
    ])
      expect(await verdict(await craftProof(rsa, request, { header: { jwk: { ...rsa.publicJwk, ...jwk } } }))).toBe(
        'malformed_dpop_key',
      )
    for (const good of ['Aw', 'EQ', 'AQAB'])
      expect(
        await verdict(await craftProof(rsa, request, { header: { jwk: { ...rsa.publicJwk, e: good } } })),
      ).not.toBe('malformed_dpop_key')
  })
})
