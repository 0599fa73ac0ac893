/**
 * Each algorithm that tokens may be signed with, and none besides.
 *
 * @see RFC 7518 section 3.3, section 3.4 and section 3.5
 *
 * @standard RFC 7518: JSON Web Algorithms
 * @status used
 * @does asymmetric ones for tokens, `dir` with A256GCM at rest
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { constants, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import type { JWK } from 'jose'
import { type ProtectedResource, protectResource } from '../../server/resource/index.ts'
import { ASYMMETRIC_ALGORITHMS } from '../../server/resource/resource-options.ts'
import {
  encodePart,
  privateJwkFor,
  publicJwkFor,
  SIGNATURE_NAMES,
  type SignatureName,
  signBytes,
  signCompact,
} from '../support/foreign-signer.ts'
import { ISSUER, RESOURCE } from '../support/resource-fixture.ts'

const NOW = 1_800_000_000
const CLAIMS = {
  iss: ISSUER,
  sub: 'alice',
  aud: RESOURCE,
  exp: NOW + 900,
  iat: NOW,
  jti: 'token-1',
  client_id: 'client-1',
}
const headerFor = (alg: string) => ({ alg, typ: 'at+jwt', kid: 'key-0' })

/** A resource whose issuer publishes these keys. */
const resourceWith = (...keys: readonly JWK[]): ProtectedResource =>
  protectResource({
    resource: RESOURCE,
    authorizationServers: [ISSUER],
    jwksUri: `${ISSUER}/keys`,
    fetch: async () => Response.json({ keys }),
    now: () => NOW,
  })

const published = (name: SignatureName): JWK => ({ ...publicJwkFor(name), kid: 'key-0' })

/** What is wrong with a token, or nothing. */
async function problem(resource: ProtectedResource, token: string): Promise<string | null> {
  const verified = await resource.verify(token)
  return verified.ok ? null : verified.error
}

test('RFC 8725 section 3.1 the algorithms that are tested here are those that are accepted', () => {
  expect([...ASYMMETRIC_ALGORITHMS].toSorted()).toEqual([...SIGNATURE_NAMES].toSorted())
})

describe.each([...SIGNATURE_NAMES])('section 3.1 RFC 8037 section 3.1 %s', (name) => {
  const resource = resourceWith(published(name))

  test('a good signature is accepted', async () => {
    expect(await problem(resource, await signCompact(name, headerFor(name), CLAIMS))).toBeNull()
    const named = resourceWith({ ...published(name), alg: name, use: 'sig', key_ops: ['verify'] })
    expect(await problem(named, await signCompact(name, headerFor(name), CLAIMS))).toBeNull()
  })

  test('any bit that differs is refused', async () => {
    for (const at of [0, 7, 31, 32, 63]) {
      const flipped = await signCompact(name, headerFor(name), CLAIMS, (signature) => {
        return signature.map((byte, index) => (index === at ? byte ^ 1 : byte))
      })
      expect(await problem(resource, flipped)).toBe('bad_signature')
    }
    const [header, , signature] = (await signCompact(name, headerFor(name), CLAIMS)).split('.')
    const mallory = `${header}.${encodePart({ ...CLAIMS, sub: 'mallory' })}.${signature}`
    expect(await problem(resource, mallory)).toBe('bad_signature')
    const longer = `${encodePart({ ...headerFor(name), x: 1 })}.${encodePart(CLAIMS)}.${signature}`
    expect(await problem(resource, longer)).toBe('bad_signature')
  })

  test('another length is refused', async () => {
    const changes: readonly ((signature: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>)[] = [
      () => new Uint8Array(),
      (signature) => signature.slice(1),
      (signature) => signature.slice(0, -1),
      (signature) => signature.slice(0, signature.length / 2),
      (signature) => Uint8Array.of(...signature, 0),
      (signature) => Uint8Array.of(0, ...signature),
      (signature) => Uint8Array.of(...signature, ...signature),
      (signature) => new Uint8Array(signature.length),
      () => new Uint8Array(100_000),
    ]
    for (const change of changes)
      expect(await problem(resource, await signCompact(name, headerFor(name), CLAIMS, change))).toBe('bad_signature')
  })

  test('RFC 8725 section 3.1 another algorithm with the same key is refused', async () => {
    const named = resourceWith({ ...published(name), alg: name })
    for (const other of SIGNATURE_NAMES.filter((candidate) => candidate !== name)) {
      // Truly signed by the key of `other`, which may be the very same.
      const token = await signCompact(other, headerFor(other), CLAIMS)
      expect(await problem(named, token)).toBe('unknown_key')
      // And the header lies about it. EdDSA is Ed25519 by another name: that is no lie.
      const lie = await signCompact(other, headerFor(name), CLAIMS)
      const sameThing = /^Ed/.test(name) && /^Ed/.test(other)
      expect(await problem(resource, lie)).toBe(sameThing ? null : 'bad_signature')
    }
  })
})

describe('section 3.4 ECDSA signatures are r and s of full length', () => {
  test.each(['ES256', 'ES384', 'ES512'] as const)('%s: not DER, not padded', async (name) => {
    const resource = resourceWith(published(name))
    const key = createPrivateKey({ key: { ...privateJwkFor(name) }, format: 'jwk' })
    const input = `${encodePart(headerFor(name))}.${encodePart(CLAIMS)}`
    const der = sign(`sha${name.slice(2)}`, Buffer.from(input), { key, dsaEncoding: 'der' }).toString('base64url')
    expect(await problem(resource, `${input}.${der}`)).toBe('bad_signature')
    const padded = await signCompact(name, headerFor(name), CLAIMS, (signature) => {
      const half = signature.length / 2
      return Uint8Array.of(0, ...signature.slice(0, half), 0, ...signature.slice(half))
    })
    expect(await problem(resource, padded)).toBe('bad_signature')
  })
})

describe('section 3.5 the salt of RSASSA-PSS is as long as the digest', () => {
  test.each(['PS256', 'PS384', 'PS512'] as const)('%s', async (name) => {
    const input = `${encodePart(headerFor(name))}.${encodePart(CLAIMS)}`
    const length = Number(name.slice(2)) / 8
    for (const salt of [0, 20, length - 1, length + 1, length]) {
      const signature = await signBytes(name, new TextEncoder().encode(input), salt)
      const token = `${input}.${Buffer.from(signature).toString('base64url')}`
      expect(await problem(resourceWith(published(name)), token)).toBe(salt === length ? null : 'bad_signature')
    }
  })
})

describe('the key MUST fit the algorithm', () => {
  const kinds = ['ES256', 'ES384', 'ES512', 'RS256', 'EdDSA'] as const
  test.each([...kinds])('RFC 8725 section 3.1 a %s header finds no key of another kind', async (name) => {
    for (const other of kinds.filter((candidate) => candidate !== name)) {
      const token = await signCompact(other, headerFor(name), CLAIMS)
      expect(await problem(resourceWith(published(other)), token)).toBe('unknown_key')
    }
  })

  test('section 3.3 section 3.5 an RSA key of less than 2048 bits is not used', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const { kty, n, e } = publicKey.export({ format: 'jwk' })
    for (const alg of ['RS256', 'PS256']) {
      const input = `${encodePart(headerFor(alg))}.${encodePart(CLAIMS)}`
      const padding = alg === 'RS256' ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_PSS_PADDING
      const signature = sign('sha256', Buffer.from(input), { key: privateKey, padding, saltLength: 32 })
      const resource = resourceWith({ kty: kty ?? '', n: n ?? '', e: e ?? '', kid: 'key-0' })
      expect(await problem(resource, `${input}.${signature.toString('base64url')}`)).toBe('malformed')
    }
  })

  test('RFC 7517 section 4.2 section 4.3 a key for something else is not used', async () => {
    const token = await signCompact('ES256', headerFor('ES256'), CLAIMS)
    const others: readonly Partial<JWK>[] = [
      { use: 'enc' },
      { key_ops: ['sign'] },
      { alg: 'ECDH-ES' },
      { kid: 'key-1' },
    ]
    for (const other of others)
      expect(await problem(resourceWith({ ...published('ES256'), ...other }), token)).toBe('unknown_key')
  })

  test('RFC 7517 section 9.2 a private key that was published is not used', async () => {
    const token = await signCompact('ES256', headerFor('ES256'), CLAIMS)
    const resource = resourceWith({ ...privateJwkFor('ES256'), kid: 'key-0' })
    expect(await problem(resource, token)).toBe('malformed')
  })

  test('RFC 7517 section 4.5 one kid may name keys of several kinds, and no guess is made among equals', async () => {
    const token = await signCompact('ES256', headerFor('ES256'), CLAIMS)
    expect(await problem(resourceWith(published('RS256'), published('ES256'), published('EdDSA')), token)).toBeNull()
    expect(await problem(resourceWith(published('ES256'), published('ES256')), token)).toBe('unknown_key')
  })

  test('a point that is not on the curve is no key', async () => {
    const token = await signCompact('ES256', headerFor('ES256'), CLAIMS)
    const resource = resourceWith({ ...published('ES256'), x: publicJwkFor('ES256').y ?? '' })
    expect(await problem(resource, token)).toBe('malformed')
  })
})
