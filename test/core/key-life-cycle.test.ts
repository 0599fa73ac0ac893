/**
 * The life of a signing key as a table: keys and a time in, what is to be done out.
 *
 * @see docs/adr/0025-the-life-of-a-signing-key.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { leafNamed } from '../../server/config/leaves.ts'
import { Config } from '../../server/config.ts'
import {
  activeKey,
  JWKS_MAX_AGE,
  KEY_RELOAD_INTERVAL,
  type KeyRecord,
  type KeyRules,
  keyLives,
  PUBLISHED_BEFORE,
  planKeys,
} from '../../server/core/key-life-cycle.ts'
import { keyRules } from '../../server/key-rules.ts'

const NOW = 1_800_000_000
const HOUR = 3600
const DAY = 24 * HOUR
const RULES: KeyRules = { algorithm: null, rotationInterval: 30 * DAY, longestToken: DAY }

/** A key that signs from so many seconds after NOW. */
const key = (kid: string, signsFrom: number, changes: Partial<KeyRecord> = {}): KeyRecord => ({
  kid,
  generation: Number(kid),
  algorithm: 'ES256',
  createdAt: NOW + signsFrom - PUBLISHED_BEFORE,
  signsFrom: NOW + signsFrom,
  ...changes,
})

const add = (seconds: number) => ({ type: 'add' as const, signsFrom: NOW + seconds })
const remove = (kid: string) => ({ type: 'remove' as const, kid })

describe('planKeys', () => {
  const cases: readonly [string, readonly KeyRecord[], Partial<KeyRules>, ReturnType<typeof planKeys>][] = [
    ['no key: one that signs at once', [], {}, [add(0)]],
    ['no key, no rotation: the same', [], { rotationInterval: 0 }, [add(0)]],
    ['a young key: nothing', [key('1', 0)], {}, []],
    ['one second before it is time to publish', [key('1', PUBLISHED_BEFORE - 30 * DAY + 1)], {}, []],
    ['the second in which it is time', [key('1', PUBLISHED_BEFORE - 30 * DAY)], {}, [add(PUBLISHED_BEFORE)]],
    ['long after it was time: published as long all the same', [key('1', -90 * DAY)], {}, [add(PUBLISHED_BEFORE)]],
    ['no rotation: nothing, however old', [key('1', -900 * DAY)], { rotationInterval: 0 }, []],
    ['the next is there already', [key('1', -30 * DAY), key('2', 1)], {}, []],
    ['another algorithm is wanted', [key('1', 0)], { algorithm: 'RS256' }, [add(PUBLISHED_BEFORE)]],
    ['and is next already', [key('1', 0), key('2', 9, { algorithm: 'RS256' })], { algorithm: 'RS256' }, []],
    ['the algorithm that is wanted', [key('1', 0)], { algorithm: 'ES256' }, []],
    ['the old one may have signed until just now', [key('1', -DAY), key('2', 0)], {}, []],
    ['the last second of its last token', [key('1', -9 * DAY), key('2', 1 - DAY - 60)], {}, []],
    ['its last token has expired', [key('1', -9 * DAY), key('2', -DAY - 60)], {}, [remove('1')]],
    ['longer tokens: later', [key('1', -9 * DAY), key('2', -DAY - 60)], { longestToken: DAY + 1 }, []],
    [
      'several have served',
      [key('1', -9 * DAY), key('2', -8 * DAY), key('3', -7 * DAY)],
      {},
      [remove('1'), remove('2')],
    ],
    [
      'the end of one counts from the one after it, not from its making',
      [key('1', -9 * DAY), key('2', -HOUR), key('3', -2 * DAY)],
      {},
      [remove('1')],
    ],
    [
      'time to publish and time to remove',
      [key('1', -90 * DAY), key('2', -60 * DAY)],
      {},
      [add(PUBLISHED_BEFORE), remove('1')],
    ],
  ]
  test.each(cases)('%s', (_, keys, rules, actions) => {
    expect(planKeys(keys, NOW, { ...RULES, ...rules })).toEqual(actions)
    expect(planKeys(keys.toReversed(), NOW, { ...RULES, ...rules })).toEqual(actions)
  })
})

describe('keyLives and activeKey', () => {
  const keys = [key('1', -2 * HOUR), key('2', -HOUR), key('3', 1)]
  const states = (now: number) => keyLives(keys, now, DAY).map(({ state }) => state)

  test('states follow from the time alone, at the very second', () => {
    expect(states(NOW - 2 * HOUR)).toEqual(['active', 'next', 'next'])
    expect(states(NOW)).toEqual(['retired', 'active', 'next'])
    expect(states(NOW + 1)).toEqual(['retired', 'retired', 'active'])
  })
  test('the active one is the one that signs', () => {
    for (const now of [NOW - 2 * HOUR - 1, NOW - 2 * HOUR, NOW, NOW + 1]) {
      const [active] = keyLives(keys, now, DAY).filter(({ state }) => state === 'active')
      expect(activeKey(keys, now)).toBe(active?.key ?? null)
    }
  })
  test('the first of all signs even for a clock that is slow', () => {
    expect(states(NOW - 2 * HOUR - 1)).toEqual(['active', 'next', 'next'])
    expect(activeKey(keys, NOW - 2 * HOUR - 1)?.kid).toBe('1')
    expect(activeKey([], NOW)).toBeNull()
  })
  test('of two that begin in one second the later made signs', () => {
    expect(activeKey([key('2', 0), key('1', 0)], NOW)?.kid).toBe('2')
  })
  test('since when, and until when published', () => {
    expect(keyLives(keys, NOW, DAY).map(({ since, publishedUntil }) => [since, publishedUntil])).toEqual([
      [NOW - HOUR, NOW - HOUR + 60 + DAY],
      [NOW - HOUR, null],
      [NOW + 1 - PUBLISHED_BEFORE, null],
    ])
  })
})

describe('the times fit together', () => {
  test('a key is published for longer than caches keep the set that a process has not read anew', () => {
    expect(PUBLISHED_BEFORE).toBeGreaterThan(JWKS_MAX_AGE + KEY_RELOAD_INTERVAL)
  })
  test('no token can outlive the publication of its key, whatever its lifetime was once set to', () => {
    const { wanted } = leafNamed('access_token.lifetime')
    const most = Number(/to (\d+)$/.exec(wanted)?.[1])
    const config = v.parse(Config, { access_token: { lifetime: 1 } })
    expect(keyRules(config).longestToken).toBe(most)
  })
})
