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
import { StoreUnavailable } from '../../server/core/ports.ts'
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

  test('a token that was read before is none of ours once its key is gone', async () => {
    let at = NOW
    const signer = await createSigner({ keys, secret: SECRET, now: () => at })
    const token = await signer.signAccessToken(CLAIMS)
    for (const _ of [1, 2]) expect(await signer.readAccessToken(token)).toEqual(CLAIMS)
    const [old] = await keys.list()
    await createSigner({ keys, secret: SECRET, algorithm: 'RS256', now: () => at })
    at += PUBLISHED_BEFORE
    expect(await keys.remove(old?.kid ?? '', at)).toBe(true)
    expect(await signer.readAccessToken(token)).toBeNull()
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

  test('a secret below 32 bytes is refused, the previous one too', async () => {
    const short = createSigner({ keys, secret: SECRET, previousSecret: 'x'.repeat(31), now })
    await expect(short).rejects.toThrow('32 bytes')
  })

  test('a secret below 32 bytes stores nothing', async () => {
    await expect(createSigner({ keys, secret: 'x'.repeat(31), now })).rejects.toThrow('32 bytes')
    expect(await keys.list()).toHaveLength(0)
  })
})

describe('changing the secret', () => {
  const NEW = 'another secret of this test only, 32 bytes and more'

  test('keys of the previous secret are opened and sealed with the new one; tokens of before count', async () => {
    const before = await createSigner({ keys, secret: SECRET, now })
    const token = await before.signAccessToken(CLAIMS)
    const during = await createSigner({ keys, secret: NEW, previousSecret: SECRET, now })
    expect(await during.readAccessToken(token)).toEqual(CLAIMS)
    const after = await createSigner({ keys, secret: NEW, now })
    expect(await after.jwks()).toEqual(await before.jwks())
    expect(await after.readAccessToken(await during.signAccessToken(CLAIMS))).toEqual(CLAIMS)
    await expect(createSigner({ keys, secret: SECRET, now })).rejects.toBeInstanceOf(WrongSecret)
  })

  test('32 starts at once with both secrets seal them once, and every one works', async () => {
    await createSigner({ keys, secret: SECRET, now })
    const options = { keys, secret: NEW, previousSecret: SECRET, now }
    const signers = await Promise.all(Array.from({ length: 32 }, () => createSigner(options)))
    for (const signer of signers) {
      expect(await signer.readAccessToken(await signer.signAccessToken(CLAIMS))).toEqual(CLAIMS)
    }
    expect(await keys.list()).toHaveLength(1)
    await createSigner({ keys, secret: NEW, now })
  })

  test('keys that are sealed with the new secret already are left as they are', async () => {
    await createSigner({ keys, secret: NEW, now })
    const before = await keys.list()
    await createSigner({ keys, secret: NEW, previousSecret: SECRET, now })
    expect(await keys.list()).toEqual(before)
  })

  test('two wrong secrets refuse to start, and change nothing', async () => {
    await createSigner({ keys, secret: SECRET, now })
    const before = await keys.list()
    const wrong = createSigner({ keys, secret: NEW, previousSecret: `${SECRET}!`, now })
    await expect(wrong).rejects.toBeInstanceOf(WrongSecret)
    expect(await keys.list()).toEqual(before)
  })

  test('a process with the old secret alone goes on while others change, and reports a key that it cannot open', async () => {
    let at = NOW
    const failures: unknown[] = []
    const onFailure = (error: unknown): void => void failures.push(error)
    const old = await createSigner({ keys, secret: SECRET, now: () => at, onFailure })
    await createSigner({ keys, secret: NEW, previousSecret: SECRET, algorithm: 'RS256', now })
    at += 10
    expect(await old.readAccessToken(await old.signAccessToken(CLAIMS))).toEqual(CLAIMS)
    expect((await old.jwks()).keys.map(({ alg }) => alg)).toEqual(['ES256'])
    at += 10
    await old.jwks()
    expect(failures).toHaveLength(1)
    expect(failures[0]).toBeInstanceOf(WrongSecret)
    // It does not sign beside a key that has taken over.
    at = NOW + PUBLISHED_BEFORE
    await expect(old.signAccessToken(CLAIMS)).rejects.toBeInstanceOf(WrongSecret)
  })
})

describe('while the store cannot be read', () => {
  const unreadable = (): SigningKeys => ({
    ...keys,
    list: async () => {
      throw new StoreUnavailable('gone')
    },
  })

  test('the key set is served from memory, and nothing is signed with what may be outdated', async () => {
    let at = NOW
    let current = keys
    const port: SigningKeys = { ...keys, list: () => current.list() }
    const signer = await createSigner({ keys: port, secret: SECRET, now: () => at })
    const token = await signer.signAccessToken(CLAIMS)
    const published = await signer.jwks()
    current = unreadable()
    at += 9
    expect(await signer.signAccessToken(CLAIMS)).toBeString()
    at += 1
    expect(await signer.jwks()).toEqual(published)
    expect(await signer.readAccessToken(token)).toEqual(CLAIMS)
    await expect(signer.signAccessToken(CLAIMS)).rejects.toBeInstanceOf(StoreUnavailable)
    current = keys
    expect(await signer.signAccessToken(CLAIMS)).toBeString()
  })

  test('strangers make it read again once a second at most', async () => {
    let at = NOW
    let reads = 0
    const counting: SigningKeys = {
      ...keys,
      list: () => {
        reads++
        return keys.list()
      },
    }
    const signer = await createSigner({ keys: counting, secret: SECRET, now: () => at })
    const foreign = await generateKeyPair('ES256')
    const header = { alg: 'ES256', typ: 'at+jwt', kid: 'nobody' }
    const stranger = await new SignJWT(CLAIMS).setProtectedHeader(header).sign(foreign.privateKey)
    reads = 0
    await Promise.all(Array.from({ length: 20 }, () => signer.readAccessToken(stranger)))
    expect(reads).toBe(0)
    at += 1
    await Promise.all(Array.from({ length: 20 }, () => signer.readAccessToken(stranger)))
    expect(await signer.readAccessToken(stranger)).toBeNull()
    expect(reads).toBe(1)
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
