/**
 * What the ports promise that are single functions: `clock`, `random`, `ordinal` and `hash`.
 *
 * @module
 */

import { deepEqual, equal, match } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Clock, Hash, Ordinal, Random } from '../../core/ports.ts'
import type { ConformanceCase } from './conformance-case.ts'

/** More than fit into one tick of a clock. */
const MANY = 20_000

export const clockCases: readonly ConformanceCase<Clock>[] = [
  {
    name: 'clock says the seconds since the epoch, whole, and does not go back',
    async run(clock) {
      const [first, second] = [clock(), clock()]
      equal(Number.isSafeInteger(first), true)
      equal(second >= first, true)
      // Seconds, not milliseconds: this was written after the first, and will be read before the second.
      equal(first > 1_700_000_000 && first < 100_000_000_000, true)
    },
  },
]

export const randomCases: readonly ConformanceCase<Random>[] = [
  {
    name: 'random gives 32 bytes of base64url, or as many as are asked for',
    async run(random) {
      match(random(), /^[\w-]{43}$/)
      for (const bytes of [1, 2, 16, 31, 64]) {
        const secret = random(bytes)
        match(secret, /^[\w-]+$/)
        equal(Buffer.from(secret, 'base64url').length, bytes)
      }
    },
  },
  {
    name: 'random never gives the same, and no bit of it is always so',
    async run(random) {
      const secrets = Array.from({ length: 1000 }, () => random())
      equal(new Set(secrets).size, secrets.length)
      const all = secrets.map((secret) => Buffer.from(secret, 'base64url'))
      for (let bit = 0; bit < 256; bit += 1) {
        const ones = all.filter((bytes) => ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1).length
        // Of a thousand fair coins this happens to 1 in 10^23.
        equal(ones > 340 && ones < 660, true, `bit ${bit} was set ${ones} times of 1000`)
      }
    },
  },
]

export const ordinalCases: readonly ConformanceCase<Ordinal>[] = [
  {
    name: 'ordinal grows with every call, by the order of its letters, and is always as long',
    async run(ordinal) {
      const made = Array.from({ length: MANY }, () => ordinal())
      equal(new Set(made).size, MANY)
      // In the order of code units: that is how both engines compare them.
      deepEqual(made.toSorted(), made)
      equal(new Set(made.map(({ length }) => length)).size, 1)
      for (const one of made) match(one, /^[0-9A-Za-z]+$/)
    },
  },
]

export const hashCases: readonly ConformanceCase<Hash>[] = [
  {
    name: 'hash is base64url(SHA-256) of the text in UTF-8',
    async run(hash) {
      // RFC 7636 appendix B.
      equal(await hash('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'), 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')
      for (const text of ['', '\0', 'a', 'Ånna 🐈', 'x'.repeat(100_000)]) {
        equal(await hash(text), createHash('sha256').update(text, 'utf8').digest('base64url'))
      }
    },
  },
]
