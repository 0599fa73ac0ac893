/**
 * One rule, counted for each key in the memory of this process, and with what other processes tell.
 *
 * @see docs/adr/0111-rate-limits.md
 * @see docs/adr/0112-limits-across-processes.md
 * @module
 */
import { type Bucket, createBuckets, isWithinShare, owedBy } from './bucket.ts'
import { type Rule, secondsToWait } from './rule.ts'
import { createTidings, type Tidings } from './tidings.ts'

export interface Counter extends Tidings {
  /** Whole seconds until a request of `key` is welcome; 0: it is now. Counts nothing. `requestId`: of the one that asks. */
  wait(key: string, now: number, requestId?: string | null): number
  /** Whether `wait` knows enough. False: it does when the other processes have been asked. */
  isSure(key: string, now: number): boolean
  /** Counts a request. False: only the others know whether it was welcome, which `excess` tells when they have been asked. */
  add(key: string, now: number): boolean
  /** What a request that was counted should have waited for; 0: it was welcome. */
  excess(key: string, now: number, requestId?: string | null): number
  /** A request that was counted does not count after all. */
  takeBack(key: string, now: number): void
}

export interface CounterOptions {
  /** Told when there is something that other processes should know. Default: there are no others. */
  readonly onNews?: (() => void) | null
  /** Told once for each key and window. */
  readonly onRefused?: (key: string, requestId: string | null) => void
}

/** So many keys are remembered, at the least. */
export const KEYS = 10_000

/** The share of a limit that a key may owe without anyone else knowing: most requests are told of together with many others. */
const SILENT_SHARE = 1 / 64

export function createCounter(rule: Rule, { onNews = null, onRefused = () => {} }: CounterOptions = {}): Counter {
  const alone = onNews === null
  const slack = alone ? 0 : clockSlack(rule)
  const buckets = createBuckets(rule, KEYS)
  const { tell, ask, ...tidings } = createTidings(rule, buckets, KEYS, onNews ?? (() => {}))

  /** What `wait` says of a bucket that owes so much. */
  const judge = (bucket: Bucket, owed: number, now: number, requestId: string | null): number => {
    const seconds = secondsToWait(owed - slack, rule)
    if (seconds === 0) return 0
    // Others may have taken back what they were about to let through.
    if (!alone && now !== bucket.heard) tell(bucket)
    if (isNewlyRefused(bucket, rule, now)) onRefused(bucket.key, requestId)
    return seconds
  }

  return {
    ...tidings,
    wait(key, now, requestId = null) {
      const bucket = buckets.find(key, now)
      return bucket === undefined ? 0 : judge(bucket, owedBy(bucket), now, requestId)
    },
    isSure(key, now) {
      const bucket = alone ? undefined : buckets.find(key, now)
      if (bucket === undefined || isWithinShare(bucket, rule)) return true
      ask(bucket)
      return false
    },
    add(key, now) {
      const bucket = buckets.get(key, now)
      if (alone) return countAlone(bucket)
      bucket.unshared += 1
      const sure = isWithinShare(bucket, rule)
      if (!sure) ask(bucket)
      else if (bucket.unshared > rule.limit * SILENT_SHARE) tell(bucket)
      return sure
    },
    excess(key, now, requestId = null) {
      const bucket = buckets.get(key, now)
      // Those that came later, and are not told yet, must not keep out those that were told before them.
      return judge(bucket, bucket.known - bucket.refused - 1, now, requestId)
    },
    takeBack(key, now) {
      const bucket = uncount(buckets.get(key, now), alone)
      if (!alone) ask(bucket)
    },
  }
}

/** Requests. Clocks in whole seconds differ by one, which must not keep out the last whom a limit welcomes, nor welcome one more. */
const clockSlack = ({ limit, window }: Rule): number => Math.min(0.5, limit / window)

function countAlone(bucket: Bucket): true {
  bucket.known += 1
  return true
}

/** One less. Others are told of it as a refusal. */
function uncount(bucket: Bucket, alone: boolean): Bucket {
  if (alone) bucket.known = Math.max(0, bucket.known - 1)
  else bucket.refused += 1
  return bucket
}

function isNewlyRefused(bucket: Bucket, { window }: Rule, now: number): boolean {
  if (now < bucket.silentUntil) return false
  bucket.silentUntil = now + window
  return true
}
