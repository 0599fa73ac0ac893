/**
 * The signing keys: made once, encrypted at rest, public members only to the outside.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  calculateJwkThumbprint,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose'
import { PUBLISHED_BEFORE } from '../../server/core/key-life-cycle.ts'
import { unsealKey, WrongSecret } from '../../server/store/key-pair.ts'
import { createKeyVault } from '../../server/store/key-vault.ts'
import { type OpenStore, openStore } from '../../server/store/open-store.ts'
import { createSigner } from '../../server/store/signer.ts'
import type { SigningKeys } from '../../server/store/signing-keys.ts'

const SECRET = 'a secret of this test only, 32 bytes and more'
const NOW = 1_800_000_000
const CLAIMS = {
  iss: 'https://auth.example',
  sub: 'user-1',
  aud: 'https://mcp.example/mcp',
  exp: NOW + 900,
  iat: NOW,
  jti: 'grant-1.x',
  client_id: 'client-1',
  scope: 'notes:read',
}
const now = () => NOW

let store: OpenStore
let keys: SigningKeys
beforeEach(async () => {
  store = await openStore({ database: 'sqlite::memory:' })
  keys = store.signingKeys
})
afterEach(() => store.close())

describe('keys', () => {
  test('the first start makes an ES256 key, later starts use it', async () => {
    const first = await createSigner({ keys, secret: SECRET, now })
    const second = await createSigner({ keys, secret: SECRET, now })
    expect(await second.jwks()).toEqual(await first.jwks())
    expect((await first.jwks()).keys.map(({ alg }) => alg)).toEqual(['ES256'])
    expect(await second.readAccessToken(await first.signAccessToken(CLAIMS))).toEqual(CLAIMS)
  })

  test('RFC 7638: kid is the thumbprint; public members only', async () => {
    for (const algorithm of ['ES256', 'RS256'] as const) {
      const signer = await createSigner({ keys, secret: SECRET, algorithm, now })
      const jwk = (await signer.jwks()).keys.at(-1)
      expect(jwk?.kid).toBe(await calculateJwkThumbprint({ ...jwk }))
      const members = algorithm === 'ES256' ? ['crv', 'x', 'y'] : ['e', 'n']
      expect(Object.keys(jwk ?? {}).toSorted()).toEqual(['alg', 'kid', 'kty', 'use', ...members].toSorted())
      expect(jwk?.use).toBe('sig')
    }
  })

  test('32 first starts at once make one key', async () => {
    const signers = await Promise.all(Array.from({ length: 32 }, () => createSigner({ keys, secret: SECRET, now })))
    const kids = await Promise.all(signers.map(async (signer) => (await signer.jwks()).keys.map(({ kid }) => kid)))
    expect(new Set(kids.flat()).size).toBe(1)
    expect(await keys.list()).toHaveLength(1)
  })

  test('another algorithm adds a key that signs once everybody has it, and keeps the old one, whose tokens still count', async () => {
    const before = await createSigner({ keys, secret: SECRET, now })
    const old = await before.signAccessToken(CLAIMS)
    let at = NOW
    const after = await createSigner({ keys, secret: SECRET, algorithm: 'RS256', now: () => at })
    expect((await after.jwks()).keys.map(({ alg }) => alg)).toEqual(['ES256', 'RS256'])
    at = NOW + PUBLISHED_BEFORE - 1
    expect(decodeProtectedHeader(await after.signAccessToken(CLAIMS)).alg).toBe('ES256')
    at = NOW + PUBLISHED_BEFORE
    expect(decodeProtectedHeader(await after.signAccessToken(CLAIMS)).alg).toBe('RS256')
    expect(await after.readAccessToken(old)).toEqual(CLAIMS)
  })

  test('the private key is stored encrypted', async () => {
    await createSigner({ keys, secret: SECRET, now })
    const [stored] = await keys.list()
    expect(decodeProtectedHeader(stored?.sealedJwk ?? '')).toEqual({ alg: 'dir', enc: 'A256GCM' })
  })

  test('another secret refuses to start, and names the setting', async () => {
    await createSigner({ keys, secret: SECRET, now })
    const wrong = () => createSigner({ keys, secret: `${SECRET}!`, now })
    await expect(wrong()).rejects.toBeInstanceOf(WrongSecret)
    await expect(wrong()).rejects.toThrow('SALLYPORT_SECRET')
  })

  test('another secret does not add a key of its own, with another algorithm either', async () => {
    await createSigner({ keys, secret: SECRET, now })
    const wrong = createSigner({ keys, secret: `${SECRET}!`, algorithm: 'RS256', now })
    await expect(wrong).rejects.toBeInstanceOf(WrongSecret)
    expect(await keys.list()).toHaveLength(1)
  })

  test('a secret below 32 bytes is refused', async () => {
    await expect(createSigner({ keys, secret: 'x'.repeat(31), now })).rejects.toThrow('32 bytes')
    expect(await keys.list()).toHaveLength(0)
  })
})

describe('readAccessToken', () => {
  test('RFC 9068 section 2.1: a token of ours has typ at+jwt, the kid and the algorithm of the current key', async () => {
    const signer = await createSigner({ keys, secret: SECRET, now })
    const kid = (await signer.jwks()).keys[0]?.kid ?? ''
    const header = decodeProtectedHeader(await signer.signAccessToken(CLAIMS))
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid })
  })

  test('gives the claims of an expired token too', async () => {
    const signer = await createSigner({ keys, secret: SECRET, now })
    const expired = { ...CLAIMS, exp: 1, iat: 0 }
    expect(await signer.readAccessToken(await signer.signAccessToken(expired))).toEqual(expired)
  })

  test('is null for every token that is not ours', async () => {
    const signer = await createSigner({ keys, secret: SECRET, now })
    const token = await signer.signAccessToken(CLAIMS)
    const [jwk] = (await signer.jwks()).keys
    const kid = jwk?.kid ?? ''
    const [header, payload, signature] = token.split('.')
    const foreign = await generateKeyPair('ES256')
    const hmacKey = new TextEncoder().encode(JSON.stringify(jwk))
    const sign = (alg: string, typ: string | undefined, key: CryptoKey | Uint8Array) =>
      new SignJWT(CLAIMS).setProtectedHeader({ alg, kid, ...(typ === undefined ? {} : { typ }) }).sign(key)
    const embedded = await new SignJWT(CLAIMS)
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', jwk: await exportJWK(foreign.publicKey) })
      .sign(foreign.privateKey)

    const strangers = {
      'not a token': 'token',
      empty: '',
      'alg none': new UnsecuredJWT(CLAIMS).encode(),
      'alg none with our header': `${btoa('{"alg":"none","typ":"at+jwt"}').replace(/=+$/, '')}.${payload}.`,
      'HS256 with the public key': await sign('HS256', 'at+jwt', hmacKey),
      'a key of someone else under our kid': await sign('ES256', 'at+jwt', foreign.privateKey),
      'a key that the token brings along': embedded,
      'another payload': `${header}.${btoa(JSON.stringify({ ...CLAIMS, sub: 'admin' })).replace(/=+$/, '')}.${signature}`,
      'no signature': `${header}.${payload}.`,
    }
    for (const [name, stranger] of Object.entries(strangers)) {
      expect([name, await signer.readAccessToken(stranger)]).toEqual([name, null])
    }
    expect(await signer.readAccessToken(token)).toEqual(CLAIMS)
  })

  test('is null for what our own key signed but is not an access token', async () => {
    const signer = await createSigner({ keys, secret: SECRET, now })
    const [stored] = await keys.list()
    if (stored === undefined) throw new Error('no key was made')
    const pair = await unsealKey(stored, await createKeyVault({ secret: SECRET }))
    const sign = (claims: JWTPayload, typ?: string) => {
      const header = { alg: 'ES256', kid: stored.kid, ...(typ === undefined ? {} : { typ }) }
      return pair.sign(header, claims)
    }
    const { client_id: _, ...incomplete } = CLAIMS

    expect(await signer.readAccessToken(await sign(CLAIMS, 'at+jwt'))).toEqual(CLAIMS)
    expect(await signer.readAccessToken(await sign(CLAIMS, 'JWT'))).toBeNull()
    expect(await signer.readAccessToken(await sign(CLAIMS))).toBeNull()
    expect(await signer.readAccessToken(await sign(incomplete, 'at+jwt'))).toBeNull()
  })
})
