/**
 * Passwords as people choose and type them: length instead of rules about letters, any character, and a limit to guessing.
 *
 * @see NIST SP 800-63B section 5.1.1.1, section 5.1.1.2 and section 5.2.2
 * @see RFC 7914 section 12: test vectors
 *
 * @standard RFC 7914: scrypt
 * @status used
 * @does passwords
 * @standard NIST SP 800-63B: Digital Identity Guidelines: Authentication
 * @status followed
 * @does length instead of composition, normalised Unicode, a limit to guessing
 * @published https://pages.nist.gov/800-63-3/sp800-63b.html
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import { createUser } from '../../server/login/create-user.ts'
import { verifyPassword } from '../../server/login/password-hash.ts'
import { random } from '../../server/store/random.ts'
import { createPagesFixture, type PagesFixture, USERNAME, type Visit } from '../support/pages-fixture.ts'

let fixture: PagesFixture
beforeAll(async () => {
  fixture = await createPagesFixture()
})

let people = 0
/** A person with that password; what their sign-in with what they type is answered. */
async function signInWith(password: string, typed: string): Promise<Visit | 'refused'> {
  people += 1
  const username = `person-${people}`
  const created = await createUser(
    { users: fixture.store.users, now: () => fixture.clock.now, random },
    { username, password },
  )
  if (!created.ok) return 'refused'
  const browser = fixture.browser(`198.51.100.${people}`)
  const { hidden } = await browser.get('/sign-in')
  return browser.post('/sign-in', { ...hidden, username, password: typed })
}
const isIn = async (password: string, typed = password) => {
  const answer = await signInWith(password, typed)
  return answer === 'refused' ? answer : answer.status === 303
}

describe('section 5.1.1.2 what is chosen', () => {
  test.each([
    ['eight characters', '12345678'],
    ['64, and more', 'a passphrase of many words, which nobody has to break up or mix with digits '.repeat(3)],
    ['without digits, capitals or signs', 'correct horse battery'],
    ['spaces at both ends', '  spaced out  '],
    ['any Unicode', 'пароль 密码 🔐'],
    ['what looks like markup, or a statement', `"><script>';--`],
  ])('SHALL be allowed: %s', async (_, password) => expect(await isIn(password)).toBe(true))

  test.each([
    ['seven characters', '1234567'],
    ['seven, however many bytes', '🔐'.repeat(7)],
    ['nothing', ''],
  ])('SHALL NOT be allowed: %s', async (_, password) => expect(await isIn(password)).toBe('refused'))

  test('SHALL NOT be cut off: the last of 200 characters counts', async () => {
    const long = 'x'.repeat(199)
    expect([await isIn(`${long}a`), await isIn(`${long}a`, `${long}b`), await isIn(`${long}a`, long)]).toEqual([
      true,
      false,
      false,
    ])
  })

  test('letters count as they are: another case, a space more', async () => {
    for (const typed of ['Correct horse', 'correct horse ', ' correct horse', 'correct  horse'])
      expect(await isIn('correct horse', typed)).toBe(false)
  })

  test('SHOULD be normalised: the same letters, however the keyboard composes them', async () => {
    expect(await isIn('na\u00efve caf\u00e9', 'nai\u0308ve cafe\u0301')).toBe(true)
    expect(await isIn('\ufb01le number', 'file number')).toBe(true)
  })
})

describe('section 5.1.1.2 the page', () => {
  test('SHALL NOT show a hint or ask for something personal; SHOULD let a password be pasted and be filled in', async () => {
    const { html } = await fixture.browser().get('/sign-in')
    const [field = ''] = /<input[^>]*type="password"[^>]*>/.exec(html) ?? []
    expect(field).toContain('autocomplete="current-password"')
    expect(field).not.toMatch(/pattern|onpaste|readonly/)
    // In halves of pairs: the longest password that may be chosen fits.
    expect(Number(/maxlength="(\d+)"/.exec(field)?.[1] ?? 1e9)).toBeGreaterThanOrEqual(512)
    expect(html).not.toMatch(/hint|mother|maiden|first pet/i)
  })

  test('the answer to a wrong name is that to a wrong password', async () => {
    const told = async (username: string) => {
      const browser = fixture.browser('203.0.113.9')
      const { hidden } = await browser.get('/sign-in')
      const { status, html } = await browser.post('/sign-in', { ...hidden, username, password: 'wrong password' })
      return [status, html.replaceAll(username, 'NAME').replace(/name="csrf" value="[^"]*"/g, '')]
    }
    expect(await told('nobody-here')).toEqual(await told(USERNAME))
  })
})

test('section 5.2.2 SHALL limit guessing, far below a hundred in a row', async () => {
  const own = await createPagesFixture()
  const browser = own.browser('192.0.2.77')
  const { hidden } = await browser.get('/sign-in')
  const statuses: number[] = []
  for (let guess = 0; guess < 12; guess += 1) {
    const { status } = await browser.post('/sign-in', {
      ...hidden,
      username: USERNAME,
      password: `guess number ${guess}`,
    })
    statuses.push(status)
  }
  expect(statuses.indexOf(429)).toBeGreaterThan(0)
  expect(statuses.indexOf(429)).toBeLessThan(12)
  expect(new Set(statuses.slice(statuses.indexOf(429)))).toEqual(new Set([429]))
})

test('section 5.1.1.2 SHALL be stored salted and stretched: two of the same look different, and neither tells', async () => {
  const hashes = await Promise.all(
    ['one-of-two', 'two-of-two'].map(async (username) => {
      const port = { users: fixture.store.users, now: () => fixture.clock.now, random }
      await createUser(port, { username, password: 'the same password' })
      return (await fixture.store.users.findByUsername(username))?.passwordHash ?? ''
    }),
  )
  expect(hashes[0]).not.toBe(hashes[1])
  for (const hash of hashes) expect(hash).toMatch(/^\$scrypt\$ln=1[5-9],r=8,p=\d\$[\w-]{22}\$[\w-]{43}$/)
  expect(await verifyPassword('the same password', hashes[0] ?? '')).toBe(true)
})
