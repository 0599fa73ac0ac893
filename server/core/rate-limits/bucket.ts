/**
 * What one key owes under one rule, as this process knows it: what all processes know of, and what it has yet to tell them.
 *
 * @see docs/adr/0112-limits-across-processes.md
 * @module
 */
import { recentKeys } from './recent-keys.ts'
import { afterSeconds, type Rule } from './rule.ts'

export interface Bucket {
  readonly key: string
  /** What all processes know of, as far as this one has heard. Of a process that is alone: everything. */
  known: number
  /** When `known` was right. */
  at: number
  /** What is being told to the others. */
  telling: number
  /** What no other process knows of yet. */
  unshared: number
  /** What was told, and is `known`, but was not let through. */
  refused: number
  /** When the others were last heard of. */
  heard: number
  /** Nobody is told of refusals before that time, for they were told already. */
  silentUntil: number
}

/** The buckets of one rule. What they give is up to date. */
export interface Buckets {
  find(key: string, now: number): Bucket | undefined
  /** Begins one where there is none. */
  get(key: string, now: number): Bucket
}

/** The share of what is left of a limit that a process lets through before it asks what the others have let through. */
export const UNASKED_SHARE = 1 / 16

/** `most`: so many are remembered, at the least. */
export function createBuckets(rule: Rule, most: number): Buckets {
  const buckets = recentKeys<Bucket>(most)

  const find = (key: string, now: number): Bucket | undefined => {
    const bucket = buckets.get(key)
    return bucket === undefined ? undefined : settle(bucket, rule, now)
  }

  return {
    find,
    get(key, now) {
      const known = find(key, now)
      if (known !== undefined) return known
      const bucket = { key, known: 0, at: now, telling: 0, unshared: 0, refused: 0, heard: 0, silentUntil: 0 }
      buckets.set(key, bucket)
      return bucket
    },
  }
}

export const owedBy = ({ known, telling, unshared, refused }: Bucket): number => known + telling + unshared - refused

/** Whether a process may let through what it did without asking the others. */
export const isWithinShare = ({ known, telling, unshared }: Bucket, { limit }: Rule): boolean =>
  telling + unshared <= (limit - known) * UNASKED_SHARE

/**
 * Brings it up to date. What others do not know of empties only when they know of it: were each to empty what it keeps to itself, N processes
 * would let through N times the pace. What is more than a process may keep to itself is there because the others cannot be told.
 */
export function settle(bucket: Bucket, rule: Rule, now: number): Bucket {
  if (now === bucket.at) return bucket
  const kept = Math.min(bucket.unshared, Math.floor(rule.limit * UNASKED_SHARE))
  const untold = bucket.unshared - kept
  const left = afterSeconds(bucket.known + untold, rule, now - bucket.at)
  bucket.unshared = kept + Math.min(untold, left)
  bucket.known = left - Math.min(untold, left)
  bucket.at = now
  return bucket
}
