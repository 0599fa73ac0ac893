/**
 * Password hashes.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { hashPassword, NOBODYS_HASH, SCRYPT_COST, verifyPassword } from '../../server/login/password-hash.ts'

const cheap = { ln: 4, r: 8, p: 1 }

describe('a password hash', () => {
  test('fits its password and no other', async () => {
    const hash = await hashPassword('correct horse', cheap)
    expect(await verifyPassword('correct horse', hash)).toBe(true)
    for (const wrong of ['correct hors', 'correct horse ', 'Correct horse', '']) {
      expect(await verifyPassword(wrong, hash)).toBe(false)
    }
  })

  test('is another one each time, and does not hold the password', async () => {
    const [one, two] = await Promise.all([hashPassword('correct horse', cheap), hashPassword('correct horse', cheap)])
    expect(one).not.toBe(two)
    expect(one).not.toContain('correct')
  })

  test('carries its own cost, so that raising the default keeps old hashes good', async () => {
    const hash = await hashPassword('correct horse', { ln: 5, r: 4, p: 2 })
    expect(hash).toMatch(/^\$scrypt\$ln=5,r=4,p=2\$[\w-]{22}\$[\w-]{43}$/)
    expect(await verifyPassword('correct horse', hash)).toBe(true)
    expect(await verifyPassword('correct horse', hash.replace('ln=5', 'ln=6'))).toBe(false)
  })

  test('is the same however the keyboard composes a letter', async () => {
    const hash = await hashPassword('caf\u00e9 noir', cheap)
    expect(await verifyPassword('cafe\u0301 noir', hash)).toBe(true)
  })

  test('costs 32 MiB by default', () => {
    expect(128 * 2 ** SCRYPT_COST.ln * SCRYPT_COST.r).toBe(32 * 1024 * 1024)
  })

  test.each(['', 'correct horse', '$scrypt$', '$scrypt$ln=4,r=8,p=1$AAAA$AAAA', '$2b$10$abcdefghijklmnopqrstuv'])(
    'text that is no hash fits nothing: %s',
    async (text) => expect(await verifyPassword('correct horse', text)).toBe(false),
  )

  test('a hash that asks for a gigabyte is not computed', async () => {
    const greedy = NOBODYS_HASH.replace('ln=15', 'ln=20')
    expect(await verifyPassword('correct horse', greedy)).toBe(false)
  })

  test('the hash of nobody fits nothing and costs what a real one costs', async () => {
    expect(await verifyPassword('', NOBODYS_HASH)).toBe(false)
    expect(NOBODYS_HASH.split('$')[2]).toBe((await hashPassword('correct horse')).split('$')[2])
  })
})
