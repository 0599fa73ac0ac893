/**
 * Failures, for a short while and a limited number, in memory: so that a document that cannot be had is not asked for again and again.
 * They are never stored (draft-ietf-oauth-client-id-metadata-document-02 section 5.2: errors are not cached as if they were documents).
 *
 * @module
 */

export interface RecentFailures<Failure> {
  find(key: string, now: number): Failure | null
  add(key: string, failure: Failure, now: number): void
}

/** `lifetime` in seconds; of more than `limit` the oldest are forgotten. */
export function recentFailures<Failure>(lifetime: number, limit: number): RecentFailures<Failure> {
  const held = new Map<string, { readonly failure: Failure; readonly until: number }>()
  return {
    find(key, now) {
      const found = held.get(key)
      return found === undefined || found.until <= now ? null : found.failure
    },
    add(key, failure, now) {
      held.delete(key)
      held.set(key, { failure, until: now + lifetime })
      const [oldest] = held.keys()
      if (held.size > limit && oldest !== undefined) held.delete(oldest)
    },
  }
}
