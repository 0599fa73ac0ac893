/**
 * A token that says with which algorithm it wants to be verified.
 *
 * @see RFC 8725 section 3.1, section 3.2
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { exportSPKI, importJWK } from 'jose'
import type { TokenProblem } from '../../server/resource/index.ts'
import { createResourceFixture, type ResourceFixture, refused } from '../support/resource-fixture.ts'

const text = new TextEncoder()
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

async function expectRefused({ events, send }: ResourceFixture, token: string, reason: TokenProblem): Promise<void> {
  const response = refused(await send({ headers: { authorization: `Bearer ${token}` } }))
  expect(response.status).toBe(401)
  expect(events.splice(0)).toEqual([{ type: 'refused', reason, status: 401 }])
}

/** A good token's payload under another header and signature. */
async function resign(fixture: ResourceFixture, header: object, signature: string): Promise<string> {
  const [, payload] = (await fixture.issuer.sign()).split('.')
  return `${encode(header)}.${payload}.${signature}`
}

describe('RS-047 the token chooses its algorithm', () => {
  test.each(['none', 'None', 'NONE', 'nOnE', ''])('alg "%s" is refused, with and without a signature', async (alg) => {
    const fixture = await createResourceFixture()
    const header = { alg, typ: 'at+jwt', kid: 'key-0' }
    await expectRefused(fixture, await resign(fixture, header, ''), alg === '' ? 'malformed' : 'algorithm_not_allowed')
    await expectRefused(
      fixture,
      await resign(fixture, header, 'AAAA'),
      alg === '' ? 'malformed' : 'algorithm_not_allowed',
    )
    // The keys were not even asked for.
    expect(fixture.issuer.requests).toEqual([])
  })

  test.each(['HS256', 'HS384', 'HS512'])('%s with the public key as the secret is refused', async (alg) => {
    const fixture = await createResourceFixture()
    const publicKey = await importJWK(fixture.issuer.publicJwk, 'ES256', { extractable: true })
    if (publicKey instanceof Uint8Array) throw new Error('not a public key')
    const spki = await exportSPKI(publicKey)
    for (const secret of [spki, spki.trim(), JSON.stringify(fixture.issuer.publicJwk)]) {
      const token = await fixture.issuer.sign({}, { alg }, text.encode(secret))
      await expectRefused(fixture, token, 'algorithm_not_allowed')
    }
  })

  test('an algorithm that the operator left out is refused, the key being good or not', async () => {
    const fixture = await createResourceFixture({ algorithms: ['RS256'] })
    await expectRefused(fixture, await fixture.issuer.sign(), 'algorithm_not_allowed')
  })

  test('a symmetric key in the key set is not used', async () => {
    const fixture = await createResourceFixture()
    const secret = text.encode('0123456789abcdef0123456789abcdef')
    const k = Buffer.from(secret).toString('base64url')
    fixture.issuer.answer(fixture.issuer.jwksUri, () => Response.json({ keys: [{ kty: 'oct', kid: 'key-0', k }] }))
    await expectRefused(fixture, await fixture.issuer.sign({}, { alg: 'HS256' }, secret), 'algorithm_not_allowed')
    await expectRefused(fixture, await fixture.issuer.sign(), 'unknown_key')
  })

  test('a signature that was cut off, changed or taken from another token is refused', async () => {
    const fixture = await createResourceFixture()
    const [header, payload, signature] = (await fixture.issuer.sign()).split('.')
    const other = (await fixture.issuer.sign({ scope: 'notes:admin' })).split('.')
    await expectRefused(fixture, `${header}.${payload}.`, 'bad_signature')
    await expectRefused(fixture, `${header}.${payload}.${'A'.repeat(86)}`, 'bad_signature')
    await expectRefused(fixture, `${header}.${other[1]}.${signature}`, 'bad_signature')
    await expectRefused(fixture, `${header}.${payload}`, 'malformed')
    await expectRefused(fixture, `${header}.${payload}.${signature}.`, 'malformed')
  })
})
