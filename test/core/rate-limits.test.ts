/**
 * The arithmetic of the limits: how many pass, who has to wait and for how long.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createCounter, KEYS } from '../../server/core/rate-limits/counter.ts'
import { recentKeys } from '../../server/core/rate-limits/recent-keys.ts'
import type { Rule } from '../../server/core/rate-limits/rule.ts'

const NOW = 1_800_000_000

const rules = fc.record({ limit: fc.integer({ min: 1, max: 60 }), window: fc.constantFrom(1, 7, 60, 3600) })

/** Requests of one caller, each so many seconds after the one before. */
const arrivals = (most: number): fc.Arbitrary<readonly number[]> =>
  fc.array(fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: most })), { maxLength: 200 })

/** When each request came, and whether it passed. */
function play(rule: Rule, gaps: readonly number[]): readonly { readonly at: number; readonly wait: number }[] {
  const counter = createCounter(rule)
  let now = NOW
  return gaps.map((gap) => {
    now += gap
    const wait = counter.wait('ada', now)
    if (wait === 0) counter.add('ada', now)
    return { at: now, wait }
  })
}

describe('one counter', () => {
  test('in any span of time no more pass than the limit and what the span has forgiven', () => {
    fc.assert(
      fc.property(rules, arrivals(100), (rule, gaps) => {
        const passed = play(rule, gaps).filter(({ wait }) => wait === 0)
        for (const [first, { at: from }] of passed.entries()) {
          for (const [last, { at: to }] of passed.entries()) {
            if (last < first) continue
            expect(last - first + 1).toBeLessThanOrEqual(rule.limit + ((to - from) * rule.limit) / rule.window + 1e-3)
          }
        }
      }),
    )
  })

  test('who never sends more than the limit in a window never has to wait', () => {
    fc.assert(
      fc.property(rules, arrivals(100), (rule, gaps) => {
        const sent: number[] = []
        let now = NOW
        const polite = gaps.filter((gap) => {
          const lately = sent.filter((at) => at > now + gap - rule.window).length
          if (lately >= rule.limit) return false
          now += gap
          sent.push(now)
          return true
        })
        expect(play(rule, polite).every(({ wait }) => wait === 0)).toBe(true)
      }),
    )
  })

  test('who waits as long as was said passes, and a second earlier does not', () => {
    fc.assert(
      fc.property(rules, fc.integer({ min: 0, max: 500 }), ({ limit, window }, pause) => {
        const counter = createCounter({ limit, window })
        for (let sent = 0; sent < limit; sent += 1) counter.add('ada', NOW)
        const wait = counter.wait('ada', NOW)
        expect(wait).toBeGreaterThan(0)
        if (wait > 1) expect(counter.wait('ada', NOW + wait - 1)).toBe(1)
        expect(counter.wait('ada', NOW + wait + pause)).toBe(0)
      }),
    )
  })

  test('a limit of one in a second, a minute and an hour', () => {
    for (const window of [1, 60, 3600]) {
      const counter = createCounter({ limit: 1, window })
      counter.add('ada', NOW)
      expect([counter.wait('ada', NOW), counter.wait('ada', NOW + window), counter.wait('bo', NOW)]).toEqual([
        window,
        0,
        0,
      ])
    }
  })

  test('a clock that is set back makes nobody wait longer than a window', () => {
    const counter = createCounter({ limit: 1, window: 60 })
    counter.add('ada', NOW)
    expect(counter.wait('ada', NOW - 86_400)).toBe(60)
    expect(counter.wait('ada', NOW - 86_400 + 60)).toBe(0)
  })

  test('who is refused is told of once in a window', () => {
    const told: string[] = []
    const counter = createCounter({ limit: 2, window: 60 }, { onRefused: (key) => told.push(key) })
    const knock = (key: string, now: number): void => {
      for (let time = 0; time < 10; time += 1) if (counter.wait(key, now) === 0) counter.add(key, now)
    }
    knock('ada', NOW)
    knock('bo', NOW)
    for (let second = 1; second < 60; second += 1) knock('ada', NOW + second)
    expect(told).toEqual(['ada', 'bo'])
    knock('ada', NOW + 60)
    expect(told).toEqual(['ada', 'bo', 'ada'])
  })
})

describe('memory', () => {
  test('keys that were used lately are kept, and never more than twice as many as said', () => {
    const keys = recentKeys<number>(100)
    for (let key = 0; key < 10_000; key += 1) {
      keys.set(`${key}`, key)
      keys.get('0')
    }
    expect(keys.get('0')).toBe(0)
    const kept = Array.from({ length: 10_000 }, (_, key) => keys.get(`${key}`)).filter((value) => value !== undefined)
    expect(kept.length).toBeGreaterThanOrEqual(100)
    expect(kept.length).toBeLessThanOrEqual(200)
  })

  test('a flood of addresses does not make one that goes on calling forgotten', () => {
    const counter = createCounter({ limit: 1, window: 3600 })
    counter.add('ada', NOW)
    for (let stranger = 0; stranger < 5 * KEYS; stranger += 1) {
      counter.add(`stranger ${stranger}`, NOW)
      if (stranger % 1000 === 0) expect(counter.wait('ada', NOW)).toBe(3600)
    }
    expect(counter.wait('ada', NOW)).toBe(3600)
  })
})
