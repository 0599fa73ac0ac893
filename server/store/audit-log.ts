/**
 * The audit log: where entries come without an act, and where it is read. Those of acts are stored by the ports that act.
 *
 * There is no index but the order of time. Whoever searches walks through it, a bounded number of rows at a time.
 *
 * @see docs/adr/0114-acts-carry-their-entry.md
 * @see docs/adr/0115-observations-are-batched.md
 * @module
 */
import { type Selectable, sql } from 'kysely'
import type { AuditFilter, AuditRecord } from '../core/audit.ts'
import { CLAIMED } from '../core/claimed.ts'
import type { AuditLog } from '../core/ports.ts'
import { insertEntries, insertEntry } from './audit-entries.ts'
import type { AuditRow, Database } from './schema.ts'

/** Rows that one step looks at. */
const STEP = 10_000

export function createAuditLog(database: Database): AuditLog {
  const { db } = database
  const note = insertEntry(database)
  const noteAll = insertEntries(database)

  const matching = (wanted: AuditFilter) =>
    db
      .selectFrom('audit')
      .selectAll()
      .$if(wanted.clientId !== undefined, (query) => query.where('client_id', 'in', idsOf(wanted)))
      .$if(wanted.userId !== undefined, (query) => query.where('user_id', '=', wanted.userId ?? ''))
      .$if(wanted.grantId !== undefined, (query) => query.where('grant_id', '=', wanted.grantId ?? ''))
      .$if(wanted.requestId !== undefined, (query) => query.where('request_id', '=', wanted.requestId ?? ''))
      .$if(wanted.type !== undefined, (query) => query.where(sql<string>`type`, '=', wanted.type ?? ''))
      .$if(wanted.since !== undefined, (query) => query.where('at', '>=', wanted.since ?? 0))

  /** The newest entry that is not after `id`. */
  const newest = (id: number) =>
    db.selectFrom('audit').select(['id', 'at']).where('id', '<=', id).orderBy('id', 'desc').limit(1).executeTakeFirst()

  return {
    async append(entries) {
      const [guard] = note(entries[0])
      if (guard !== undefined) await database.runGuarded(guard, noteAll(entries.slice(1)))
    },

    async readBack(to, wanted) {
      const last = await newest(to ?? Number.MAX_SAFE_INTEGER)
      if (last === undefined) return { records: [], next: null }
      const before = last.id - STEP
      const rows = await matching(wanted)
        .where('id', '<=', last.id)
        .where('id', '>', before)
        .orderBy('id', 'desc')
        .execute()
      const older = await newest(before)
      // Entries of the same moment are stored in any order: a minute more is enough.
      const done = older === undefined || (wanted.since !== undefined && older.at < wanted.since - 60)
      return { records: rows.map(toRecord), next: done ? null : before }
    },

    async readOn(id, wanted) {
      const newestId = (await newest(Number.MAX_SAFE_INTEGER))?.id ?? id
      const last = Math.min(id + STEP, Math.max(id, newestId))
      const rows = await matching(wanted).where('id', '>', id).where('id', '<=', last).orderBy('id').execute()
      return { records: rows.map(toRecord), last }
    },
  }
}

const idsOf = ({ clientId = '', claimedId }: AuditFilter): readonly string[] => [
  clientId,
  ...(claimedId === undefined ? [] : [`${CLAIMED}${claimedId}`]),
]

const toRecord = (row: Selectable<AuditRow>): AuditRecord => ({
  id: row.id,
  at: row.at,
  type: row.type,
  reason: row.reason,
  ...(row.actor === null ? {} : { actor: row.actor }),
  userId: row.user_id,
  clientId: row.client_id,
  resource: row.resource,
  grantId: row.grant_id,
  scopes: row.scopes?.split(' ').filter((scope) => scope !== '') ?? null,
  agents: row.agents?.split(' ') ?? null,
  requestId: row.request_id,
  count: row.count,
})
