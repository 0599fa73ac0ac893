/**
 * Forgetting, a little at a time. What can no longer change an answer is deleted; what can, stays: a redeemed code lives as long as its
 * grant and a consumed refresh token until it would have expired, because presenting one again revokes the grant.
 *
 * @see docs/adr/0023-what-purge-keeps.md
 * @see docs/adr/0027-a-little-at-a-time.md
 * @module
 */
import { type RawBuilder, sql } from 'kysely'
import type { Keep } from '../core/ports.ts'
import { deleteOld } from './delete-old.ts'
import { purgeClients } from './purge-clients.ts'
import type { Database } from './schema.ts'

/** Of each kind at most `limit` rows. What goes with another row is not counted. */
export async function purge(database: Database, now: number, limit: number, keep?: Keep): Promise<number> {
  const run = async (statement: RawBuilder<unknown>): Promise<number> =>
    Number((await statement.execute(database.db)).numAffectedRows ?? 0n)
  // To see that there is nothing takes no turn among those who write.
  const isThere = async (question: RawBuilder<unknown>): Promise<boolean> =>
    (await question.execute(database.db)).rows.length > 0
  const counts: number[] = []
  if (await isThere(findUnredeemed(now, 1))) counts.push(await run(deleteUnredeemed(now, limit)))
  for (const { table, key, end } of EXPIRING) {
    if (await isThere(findExpired(table, key, end, now, 1))) {
      counts.push(await run(deleteExpired(table, key, end, now, limit)))
    }
  }
  counts.push(await purgeClients(database, now, limit))
  if (keep?.flows != null)
    counts.push(await deleteOld(database, 'flow_steps', { before: now - keep.flows, most: MOST_STEPS }, limit))
  if (keep?.audit != null) counts.push(await deleteOld(database, 'audit', { before: now - keep.audit }, limit))
  return counts.reduce((sum, count) => sum + count, 0)
}

/** Steps of the flow trace that are kept, however young they are: floods make some 30 MB. */
const MOST_STEPS = 200_000

/** Tables whose rows expire by themselves. */
const EXPIRING = [
  { table: 'grants', key: ['id'], end: 'expires_at' },
  { table: 'refresh_tokens', key: ['hash'], end: 'expires_at' },
  { table: 'registration_tokens', key: ['name'], end: 'expires_at' },
  { table: 'revoked_tokens', key: ['jti'], end: 'expires_at' },
  { table: 'replays', key: ['key_hash'], end: 'expires_at' },
  { table: 'proofs', key: ['expires_at', 'key_hash'], end: 'expires_at' },
  { table: 'client_documents', key: ['client_id'], end: 'kept_until' },
  { table: 'published_keys', key: ['jwks_uri'], end: 'kept_until' },
  { table: 'sessions', key: ['hash'], end: 'expires_at' },
  { table: 'pending_sign_ins', key: ['hash'], end: 'expires_at' },
  { table: 'sign_in_attempts', key: ['key_hash'], end: 'ends_at' },
  { table: 'shared_limits', key: ['key'], end: 'ends_at' },
] as const

/** The code was never redeemed: nothing was issued, and nothing can be. */
export const deleteUnredeemed = (now: number, limit: number) => sql`
  delete from grants where id in (${findUnredeemed(now, limit)})`

const findUnredeemed = (now: number, limit: number) => sql`
  select grant_id from codes where consumed_at is null and expires_at <= ${now} order by expires_at limit ${limit}`

export const deleteExpired = (table: string, key: readonly string[], end: string, now: number, limit: number) => sql`
  delete from ${sql.table(table)} where (${columnsOf(key)}) in (${findExpired(table, key, end, now, limit)})`

const findExpired = (table: string, key: readonly string[], end: string, now: number, limit: number) => sql`
  select ${columnsOf(key)} from ${sql.table(table)}
  where ${sql.ref(end)} <= ${now} order by ${sql.ref(end)} limit ${limit}`

const columnsOf = (key: readonly string[]) => sql.join(key.map((column) => sql.ref(column)))
