/**
 * Forgetting, a little at a time. What can no longer change an answer is deleted; what can, stays: a redeemed code lives as long as its
 * grant and a consumed refresh token until it would have expired, because presenting one again revokes the grant.
 *
 * @see docs/adr/0023-what-purge-keeps.md
 * @see docs/adr/0027-a-little-at-a-time.md
 * @see docs/adr/0210-the-purge-waits-for-nobody.md
 * @module
 */
import { type RawBuilder, sql } from 'kysely'
import type { Keep } from '../core/ports.ts'
import { deleteOld } from './delete-old.ts'
import { purgeClients } from './purge-clients.ts'
import type { Database, Engine, Tables } from './schema.ts'

/** Of each kind at most `limit` rows. What goes with another row is not counted. */
export async function purge(database: Database, now: number, limit: number, keep?: Keep): Promise<number> {
  const run = async (statement: RawBuilder<unknown>): Promise<number> =>
    Number((await statement.execute(database.db)).numAffectedRows ?? 0n)
  // To see that there is nothing takes no turn among those who write.
  const isThere = async (question: RawBuilder<unknown>): Promise<boolean> =>
    (await question.execute(database.db)).rows.length > 0
  const counts: number[] = []
  if (await isThere(findUnredeemed(now, 1))) counts.push(await run(deleteUnredeemed(now, limit, database)))
  for (const kind of EXPIRING) {
    if (await isThere(findExpired(kind, now, 1))) {
      counts.push(await run(deleteExpired(kind, now, limit, database)))
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

/** A table whose rows expire by themselves: what tells one from another, and when its end comes. */
interface Expiring {
  readonly table: keyof Tables
  readonly key: readonly string[]
  readonly end: string
}

const EXPIRING: readonly Expiring[] = [
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
]

/** The code was never redeemed: nothing was issued, and nothing can be. */
const deleteUnredeemed = (now: number, limit: number, { engine }: Database) => sql`
  with old as (select id from grants where id in (${findUnredeemed(now, limit)}) ${LOCK[engine]})
  delete from grants where id in (select id from old)`

const findUnredeemed = (now: number, limit: number) => sql`
  select grant_id from codes where consumed_at is null and expires_at <= ${now} order by expires_at limit ${limit}`

const deleteExpired = ({ table, key, end }: Expiring, now: number, limit: number, { engine }: Database) => sql`
  with old as (${findExpired({ table, key, end }, now, limit)} ${LOCK[engine]})
  delete from ${sql.table(table)} where (${columnsOf(key)}) in (select ${columnsOf(key)} from old)`

const findExpired = ({ table, key, end }: Expiring, now: number, limit: number) => sql`
  select ${columnsOf(key)} from ${sql.table(table)}
  where ${sql.ref(end)} <= ${now} order by ${sql.ref(end)} limit ${limit}`

/**
 * What somebody else is changing right now waits for the next time: a row whose end was put off meanwhile stays, and nobody's deadlock is the purge's doing.
 * SQLite has one writer at a time.
 */
const LOCK = { postgres: sql`for update skip locked`, sqlite: sql`` } as const satisfies Record<Engine, unknown>

const columnsOf = (key: readonly string[]) => sql.join(key.map((column) => sql.ref(column)))
