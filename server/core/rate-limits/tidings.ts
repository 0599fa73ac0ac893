/**
 * What one process has to tell the others about the keys of one rule, and what it hears of them.
 *
 * @see docs/adr/0112-limits-across-processes.md
 * @module
 */
import type { Debt } from '../ports.ts'
import { type Bucket, type Buckets, settle } from './bucket.ts'
import { fromSeconds, type Rule, toSeconds } from './rule.ts'

/** The side of a counter that faces other processes. */
export interface Tidings {
  /** Takes what others should know, of at most `most` keys. One at a time: until they `learn` it, or it is given back. */
  collect(now: number, most: number): readonly Debt[]
  /** What was collected did not get through. */
  giveBack(debts: readonly Debt[], now: number): void
  /** What all processes together know that `key` owes, with what was collected. */
  learn(debt: Debt, now: number): void
}

/** The side that faces the counter. */
export interface Untold {
  /** The others should know of it within a second. */
  tell(bucket: Bucket): void
  /** A request waits until they do. */
  ask(bucket: Bucket): void
}

/** `most`: buckets that wait. `onNews`: told when there is something to tell. */
export function createTidings(rule: Rule, buckets: Buckets, most: number, onNews: () => void): Tidings & Untold {
  const [asked, news] = [new Set<Bucket>(), new Set<Bucket>()]

  const note = (waiting: Set<Bucket>, bucket: Bucket): void => {
    // Nobody may be listening for long. What does not fit in is noted with a later request.
    if (waiting.size < most) waiting.add(bucket)
    onNews()
  }

  return {
    tell: (bucket) => note(news, bucket),
    ask: (bucket) => note(asked, bucket),
    collect(now, keys) {
      const first = take(asked, keys)
      for (const bucket of first) news.delete(bucket)
      return [...first, ...take(news, keys - first.length)].map((bucket) => takeUntold(settle(bucket, rule, now), rule))
    },
    giveBack(debts, now) {
      for (const { key, seconds } of debts) {
        const bucket = buckets.get(key, now)
        bucket.telling = 0
        const untold = fromSeconds(seconds, rule)
        bucket.unshared += Math.max(0, untold)
        bucket.refused += Math.max(0, -untold)
        note(news, bucket)
      }
    },
    learn({ key, seconds }, now) {
      const bucket = buckets.get(key, now)
      bucket.known = Math.max(0, fromSeconds(seconds, rule))
      bucket.telling = 0
      bucket.heard = now
    },
  }
}

/** Those that wait for the longest time, at most `most`. */
function take(waiting: Set<Bucket>, most: number): readonly Bucket[] {
  const taken: Bucket[] = []
  for (const bucket of waiting) {
    if (taken.length === most) break
    taken.push(bucket)
    waiting.delete(bucket)
  }
  return taken
}

function takeUntold(bucket: Bucket, rule: Rule): Debt {
  const { key, unshared, refused } = bucket
  bucket.telling = unshared - refused
  bucket.unshared = 0
  bucket.refused = 0
  return { key, seconds: toSeconds(bucket.telling, rule) }
}
