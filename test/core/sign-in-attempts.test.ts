/**
 * The brake on password guessing.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { ATTEMPT_WINDOW, type Attempts, attempts } from '../../server/login/attempts.ts'
import { type OpenStore, openStore } from '../../server/store/open-store.ts'

const tries = async (count: number, take: () => Promise<boolean>): Promise<string> => {
  const results = await Promise.all(Array.from({ length: count }, take))
  return results.map((allowed) => (allowed ? '+' : '-')).join('')
}

describe('the brake on guessing', () => {
  let now = 1_800_000_000
  let store: OpenStore
  let brake: Attempts
  beforeEach(async () => {
    store = await openStore({ database: 'sqlite::memory:' })
    brake = attempts({ store: store.signInAttempts, now: () => now }, { perName: 3, perAddress: 6 })
  })
  afterEach(() => store.close())

  test('lets so many through for a name from an address, also when all come at once', async () => {
    expect(await tries(5, () => brake.begin('ada', '192.0.2.1'))).toBe('+++--')
  })

  test('takes names that differ in case for one, as the store does', async () => {
    expect(await tries(2, () => brake.begin('ada', '192.0.2.1'))).toBe('++')
    expect(await tries(2, () => brake.begin('ADA', '192.0.2.1'))).toBe('+-')
  })

  test('does not lock the name for others', async () => {
    await tries(5, () => brake.begin('ada', '192.0.2.1'))
    expect(await brake.begin('ada', '192.0.2.2')).toBe(true)
  })

  test('stops an address that goes through many names', async () => {
    let name = 0
    expect(await tries(8, () => brake.begin(`user-${name++}`, '192.0.2.1'))).toBe('++++++--')
  })

  test('takes a /64 of IPv6 for one address, and an IPv4 address in IPv6 dress for itself', async () => {
    let host = 0
    expect(await tries(4, () => brake.begin('ada', `2001:db8:0:1::${++host}`))).toBe('+++-')
    expect(await brake.begin('ada', '2001:db8:0:2::1')).toBe(true)
    expect(await tries(3, () => brake.begin('ada', '::ffff:192.0.2.9'))).toBe('+++')
    expect(await brake.begin('ada', '192.0.2.9')).toBe(false)
    expect(await brake.begin('ada', '192.0.2.10')).toBe(true)
  })

  test('starts a name afresh after success, and success does not use up the address', async () => {
    for (let round = 0; round < 10; round += 1) {
      expect(await tries(2, () => brake.begin(`user-${round % 2}`, '192.0.2.1'))).toBe('++')
      await brake.succeeded(`user-${round % 2}`, '192.0.2.1')
      await brake.succeeded(`user-${round % 2}`, '192.0.2.1')
    }
  })

  test('comes off after its time, and trying meanwhile does not keep it on', async () => {
    const start = now
    await tries(4, () => brake.begin('ada', '192.0.2.1'))
    now = start + ATTEMPT_WINDOW - 1
    expect(await brake.begin('ada', '192.0.2.1')).toBe(false)
    now = start + ATTEMPT_WINDOW
    expect(await brake.begin('ada', '192.0.2.1')).toBe(true)
  })
})
