/**
 * One address tries many passwords, or one password at many names, one after the other or all at once.
 *
 * @see NIST SP 800-63B section 5.2.2
 * @see RFC 6585 section 4
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { createPagesFixture, PASSWORD, type PagesFixture, USERNAME, type Visit } from '../support/pages-fixture.ts'

const guess = async (fixture: PagesFixture, address: string, username: string, passwords: readonly string[]) => {
  const browser = fixture.browser(address)
  const { hidden } = await browser.get('/sign-in')
  const attempt = (password: string): Promise<Visit> => browser.post('/sign-in', { ...hidden, username, password })
  return Promise.all(passwords.map(attempt))
}

const wrong = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `wrong ${i}`)
const count = (answers: readonly Visit[], status: number): number =>
  answers.filter((answer) => answer.status === status).length

describe('the brake on password guessing', () => {
  test('holds when a hundred come at once', async () => {
    const fixture = await createPagesFixture()
    const answers = await guess(fixture, '192.0.2.1', USERNAME, wrong(100))
    expect(count(answers, 403)).toBe(5)
    expect(count(answers, 429)).toBe(95)
    const judged = fixture.events.filter(
      (event) => event.type === 'sign_in_failed' && event.reason === 'bad_credentials',
    )
    expect(judged).toHaveLength(5)
  })

  test('refuses the right password too, says so and when to come back', async () => {
    const fixture = await createPagesFixture()
    await guess(fixture, '192.0.2.1', USERNAME, wrong(6))
    const [answer] = await guess(fixture, '192.0.2.1', USERNAME, [PASSWORD])
    expect(answer?.status).toBe(429)
    expect(answer?.headers.get('retry-after')).toBe('900')
    expect(answer?.headers.getSetCookie()).toEqual([])
    expect(answer?.html).toContain('Too many attempts')
    expect(fixture.events.some(({ type }) => type === 'sign_in')).toBe(false)
  })

  test('does not lock the owner out elsewhere', async () => {
    const fixture = await createPagesFixture()
    await guess(fixture, '192.0.2.1', USERNAME, wrong(6))
    const [answer] = await guess(fixture, '192.0.2.2', USERNAME, [PASSWORD])
    expect(answer?.status).toBe(303)
  })

  test('stops one address that goes through the names', async () => {
    const fixture = await createPagesFixture({ attemptLimits: { perName: 5, perAddress: 8 } })
    const answers: Visit[] = []
    for (let i = 0; i < 10; i += 1) answers.push(...(await guess(fixture, '192.0.2.1', `user${i}`, ['password1'])))
    expect(count(answers, 403)).toBe(8)
    expect(count(answers, 429)).toBe(2)
  })
})
