/**
 * Sealing, hashing and random secrets.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { decrypt, deriveKey, encrypt } from '../../server/store/encryption.ts'
import { hash } from '../../server/store/hash.ts'
import { random } from '../../server/store/random.ts'
import { sealer } from '../../server/store/sealer.ts'

const TEXT = 'the answer, with Umläute and 🐈'

describe('sealer', () => {
  test('opens with the same secret only', async () => {
    const sealed = await sealer.seal(TEXT, 'secret-1')
    expect(await sealer.open(sealed, 'secret-1')).toBe(TEXT)
    expect(await sealer.open(sealed, 'secret-2')).toBeNull()
  })

  test('does not open what was changed, anywhere', async () => {
    const sealed = await sealer.seal(TEXT, 'secret-1')
    const changed = [...sealed].map((character, index) => {
      const other = character === 'A' ? 'B' : 'A'
      return character === '.' ? null : sealed.slice(0, index) + other + sealed.slice(index + 1)
    })
    const opened = await Promise.all(changed.map((text) => (text === null ? null : sealer.open(text, 'secret-1'))))
    // The last character of a part may carry unused bits, which do not change the text.
    expect(opened.filter((text) => text !== null && text !== TEXT)).toEqual([])
    expect(opened.filter((text) => text !== null).length).toBeLessThanOrEqual(3)
  })

  test('does not open what is not sealed', async () => {
    for (const text of ['', 'text', 'a.b.c.d.e', '....', 'e30.e30.e30.e30.e30']) {
      expect(await sealer.open(text, 'secret-1')).toBeNull()
    }
  })

  test('seals a JWE that any library opens, with the key that HKDF-Extract gives', async () => {
    const extracted = createHmac('sha256', 'sallyport sealed successor').update('secret-1').digest()
    const key = await crypto.subtle.importKey('raw', extracted, 'AES-GCM', false, ['encrypt', 'decrypt'])
    expect(await decrypt(await sealer.seal(TEXT, 'secret-1'), key)).toBe(TEXT)
    expect(await sealer.open(await encrypt(TEXT, key), 'secret-1')).toBe(TEXT)
  })

  test('seals the same text differently each time', async () => {
    expect(await sealer.seal(TEXT, 'secret-1')).not.toBe(await sealer.seal(TEXT, 'secret-1'))
  })
})

test('deriveKey separates purposes', async () => {
  const sealed = await encrypt(TEXT, await deriveKey('secret-1', 'one purpose'))
  expect(await decrypt(sealed, await deriveKey('secret-1', 'one purpose'))).toBe(TEXT)
  expect(await decrypt(sealed, await deriveKey('secret-1', 'other purpose'))).toBeNull()
})

test('hash is base64url(SHA-256), as in RFC 7636 appendix B', async () => {
  const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
  expect(await hash(verifier)).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')
})

test('random is 32 bytes of base64url, or as many as asked for, and never the same', () => {
  expect(random()).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect(random(16)).toMatch(/^[A-Za-z0-9_-]{22}$/)
  expect(new Set(Array.from({ length: 1000 }, () => random())).size).toBe(1000)
})
