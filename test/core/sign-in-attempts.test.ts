/**
 * The brake on password guessing.
 *
 * @module
 */
import { afterEach, describe, expect, setSystemTime, test } from 'bun:test'
import { ATTEMPT_WINDOW, attempts } from '../../server/login/attempts.ts'

const limits = { perName: 3, perAddress: 6, remembered: 100 }

const tries = async (count: number, take: () => Promise<boolean>): Promise<string> => {
  const results = await Promise.all(Array.from({ length: count }, take))
  return results.map((allowed) => (allowed ? '+' : '-')).join('')
}

describe('the brake on guessing', () => {
  afterEach(() => {
    setSystemTime()
  })

  test('lets so many through for a name from an address, also when all come at once', async () => {
    const brake = attempts(limits)
    expect(await tries(5, () => brake.begin('ada', '192.0.2.1'))).toBe('+++--')
  })

  test('takes names that differ in case for one, as the store does', async () => {
    const brake = attempts(limits)
    expect(await tries(2, () => brake.begin('ada', '192.0.2.1'))).toBe('++')
    expect(await tries(2, () => brake.begin('ADA', '192.0.2.1'))).toBe('+-')
  })

  test('does not lock the name for others', async () => {
    const brake = attempts(limits)
    await tries(5, () => brake.begin('ada', '192.0.2.1'))
    expect(await brake.begin('ada', '192.0.2.2')).toBe(true)
  })

  test('stops an address that goes through many names', async () => {
    const brake = attempts(limits)
    let name = 0
    expect(await tries(8, () => brake.begin(`user-${name++}`, '192.0.2.1'))).toBe('++++++--')
  })

  test('takes a /64 of IPv6 for one address, and an IPv4 address in IPv6 dress for itself', async () => {
    const brake = attempts(limits)
    let host = 0
    expect(await tries(4, () => brake.begin('ada', `2001:db8:0:1::${++host}`))).toBe('+++-')
    expect(await brake.begin('ada', '2001:db8:0:2::1')).toBe(true)
    expect(await tries(3, () => brake.begin('ada', '::ffff:192.0.2.9'))).toBe('+++')
    expect(await brake.begin('ada', '192.0.2.9')).toBe(false)
    expect(await brake.begin('ada', '192.0.2.10')).toBe(true)
  })

  test('starts a name afresh after success, and success does not use up the address', async () => {
    const brake = attempts(limits)
    for (let round = 0; round < 10; round += 1) {
      expect(await tries(2, () => brake.begin(`user-${round % 2}`, '192.0.2.1'))).toBe('++')
      await brake.succeeded(`user-${round % 2}`, '192.0.2.1')
      await brake.succeeded(`user-${round % 2}`, '192.0.2.1')
    }
  })

  test('comes off after its time, and trying meanwhile does not keep it on', async () => {
    const brake = attempts(limits)
    const start = Date.now()
    await tries(4, () => brake.begin('ada', '192.0.2.1'))
    setSystemTime(start + (ATTEMPT_WINDOW - 5) * 1000)
    expect(await brake.begin('ada', '192.0.2.1')).toBe(false)
    setSystemTime(start + (ATTEMPT_WINDOW + 5) * 1000)
    expect(await brake.begin('ada', '192.0.2.1')).toBe(true)
  })

  test('remembers only so many: the one not seen for longest is forgotten', async () => {
    const brake = attempts({ ...limits, remembered: 3 })
    await tries(4, () => brake.begin('ada', '192.0.2.1'))
    await brake.begin('ada', '192.0.2.2')
    await brake.begin('ada', '192.0.2.3')
    expect(await brake.begin('ada', '192.0.2.1')).toBe(false)
    for (const last of [4, 5, 6]) await brake.begin('ada', `192.0.2.${last}`)
    expect(await brake.begin('ada', '192.0.2.1')).toBe(true)
  })
})
