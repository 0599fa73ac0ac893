/**
 * What is written of a client's use, and when nothing is.
 *
 * @see docs/adr/0105-the-life-of-a-registration.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { USE_PRECISION, useOf } from '../../server/core/registration/life.ts'

const DAY = 86_400
const HOUR = 3600
const NOW = 1_800_000_000
const settings = { idleLifetime: 30 * DAY }

type Seen = Parameters<typeof useOf>[0]
const registered: Seen = { id: 'client-1', lastUsedAt: null, expiresAt: NOW + DAY }

describe('useOf', () => {
  const end = NOW + 90 * DAY
  const cases: readonly [string, Partial<Seen>, number, number | null][] = [
    ['the first use, of a grant that outlives the idle time', {}, end, end + HOUR],
    ['the first use, of a grant that does not', {}, NOW + 60, NOW + 30 * DAY + HOUR],
    ['a use a moment later', { lastUsedAt: NOW - 1, expiresAt: end + HOUR }, end, null],
    ['a use almost an hour later', { lastUsedAt: NOW - HOUR + 1, expiresAt: end + HOUR }, end, null],
    ['a use an hour later', { lastUsedAt: NOW - HOUR, expiresAt: end + HOUR }, end, end + HOUR],
    [
      'a use in the same hour, for a grant that ends later',
      { lastUsedAt: NOW - 1, expiresAt: end - 1 },
      end,
      end + HOUR,
    ],
    ['a clock that went back', { lastUsedAt: NOW + 60, expiresAt: end + HOUR }, end, null],
    ['the first use of what never ends', { expiresAt: null }, end, end + HOUR],
    ['another use of what never ends', { lastUsedAt: NOW, expiresAt: null }, end, null],
    ['a use without a grant', {}, Number.POSITIVE_INFINITY, NOW + 30 * DAY + HOUR],
    ['another one', { lastUsedAt: NOW, expiresAt: NOW + DAY }, Number.POSITIVE_INFINITY, null],
    ['one that is described by a document', { id: 'https://app.example/client.json', expiresAt: null }, end, null],
  ]
  test.each(cases)('AS-039 %s', (_, changes, grantEnd, expiresAt) => {
    const use = useOf({ ...registered, ...changes }, grantEnd, settings, NOW)
    expect(use).toEqual(expiresAt === null ? null : { at: NOW, expiresAt })
  })

  test('AS-039 however it is used, a client never ends before its grants, and is written to at most twice an hour', () => {
    const steps = fc.array(fc.record({ wait: fc.oneof(fc.nat(3 * DAY), fc.nat(HOUR)), again: fc.boolean() }), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(steps, fc.integer({ min: 2, max: 400 }), fc.integer({ min: 1, max: 400 }), (uses, idle, length) => {
        let client = registered
        let now = NOW
        let grantEnd = 0
        const writes: number[] = []
        for (const { wait, again } of uses) {
          now += wait
          // A refresh in the family of before, while that lives; or a new one.
          if (!again || grantEnd <= now) grantEnd = now + length * DAY
          const use = useOf(client, grantEnd, { idleLifetime: idle * DAY }, now)
          if (use !== null) {
            writes.push(now)
            const expiresAt = Math.max(client.expiresAt ?? 0, use.expiresAt)
            client = { ...client, lastUsedAt: use.at, expiresAt }
          }
          expect(client.expiresAt).toBeGreaterThanOrEqual(Math.max(grantEnd, now + idle * DAY))
        }
        // In an hour at most two: one of a refresh whose family ends soon, and one of a family that is new.
        for (const at of writes) {
          const sameHour = writes.filter((other) => other >= at && other < at + USE_PRECISION)
          expect(sameHour.length).toBeLessThanOrEqual(2)
        }
      }),
    )
  })
})
