/**
 * One rule, counted for each key in the memory of this process, and what of it other processes should know.
 *
 * @see docs/adr/0111-rate-limits.md
 * @see docs/adr/0112-limits-across-processes.md
 * @module
 */
import type { Debt } from '../ports.ts'
import { recentKeys } from './recent-keys.ts'
import { afterSeconds, fromSeconds, type Rule, secondsToWait, toSeconds } from './rule.ts'

/** The requests of one key. */
interface Bucket {
  readonly key: string
  owed: number
  /** When `owed` was right. */
  at: number
  /** The part of `owed` that no other process knows of yet. */
  unshared: number
  /** Whether it waits to be shared. */
  queued: boolean
  /** Nobody is told of refusals before that time, for they were told already. */
  silentUntil: number
}

export interface Counter {
  /** Whole seconds until a request of `key` is welcome; 0: it is now. Counts nothing. `requestId`: of the one that asks. */
  wait(key: string, now: number, requestId?: string | null): number
  /** Counts a request. */
  add(key: string, now: number): void
  /** Takes what others should know, of at most `most` keys. */
  collect(now: number, most: number): readonly Debt[]
  /** What was collected did not get through. */
  giveBack(debts: readonly Debt[], now: number): void
  /** What all processes together know that `key` owes. */
  learn(debt: Debt, now: number): void
}

export interface CounterOptions {
  /** Told when there is something that other processes should know. Default: there are no others. */
  readonly onNews?: (() => void) | null
  /** Told once for each key and window. */
  readonly onRefused?: (key: string, requestId: string | null) => void
}

/** So many keys are remembered, at the least. */
export const KEYS = 10_000

/** The share of a limit that a key may owe without anyone else knowing: those who stay below it, nearly everyone, cost no row. */
export const SILENT_SHARE = 1 / 8

export function createCounter(rule: Rule, { onNews = null, onRefused = () => {} }: CounterOptions = {}): Counter {
  const buckets = recentKeys<Bucket>(KEYS)
  let queue: Bucket[] = []

  const bucketOf = (key: string, now: number): Bucket => {
    const known = buckets.get(key)
    if (known !== undefined) return settle(known, rule, now)
    const bucket = { key, owed: 0, at: now, unshared: 0, queued: false, silentUntil: 0 }
    buckets.set(key, bucket)
    return bucket
  }

  const keepForOthers = (bucket: Bucket, requests: number): void => {
    bucket.unshared += requests
    if (bucket.queued || bucket.owed <= rule.limit * SILENT_SHARE) return
    bucket.queued = true
    queue.push(bucket)
    onNews?.()
  }

  return {
    wait(key, now, requestId = null) {
      const known = buckets.get(key)
      if (known === undefined) return 0
      const seconds = secondsToWait(settle(known, rule, now).owed, rule)
      if (seconds > 0) tellOnce(known, rule, now, (whose) => onRefused(whose, requestId))
      return seconds
    },
    add(key, now) {
      const bucket = bucketOf(key, now)
      bucket.owed += 1
      if (onNews !== null) keepForOthers(bucket, 1)
    },
    collect(now, most) {
      const taken = queue.slice(0, most)
      queue = queue.slice(most)
      return taken.map((bucket) => takeUnshared(settle(bucket, rule, now), rule))
    },
    giveBack(debts, now) {
      for (const { key, seconds } of debts) {
        const bucket = bucketOf(key, now)
        keepForOthers(bucket, Math.min(fromSeconds(seconds, rule), bucket.owed - bucket.unshared))
      }
    },
    learn({ key, seconds }, now) {
      const bucket = bucketOf(key, now)
      bucket.owed = Math.max(bucket.owed, fromSeconds(seconds, rule) + bucket.unshared)
    },
  }
}

/** Brings it up to date. */
function settle(bucket: Bucket, rule: Rule, now: number): Bucket {
  if (now === bucket.at) return bucket
  bucket.owed = afterSeconds(bucket.owed, rule, now - bucket.at)
  bucket.unshared = Math.min(bucket.unshared, bucket.owed)
  bucket.at = now
  return bucket
}

function takeUnshared(bucket: Bucket, rule: Rule): Debt {
  const { key, unshared } = bucket
  bucket.queued = false
  bucket.unshared = 0
  return { key, seconds: toSeconds(unshared, rule) }
}

function tellOnce(bucket: Bucket, rule: Rule, now: number, tell: (key: string) => void): void {
  if (now < bucket.silentUntil) return
  bucket.silentUntil = now + rule.window
  tell(bucket.key)
}
