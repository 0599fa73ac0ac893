/**
 * Writing entries of the audit log: as one more statement of the transaction that does what they say.
 *
 * @see docs/adr/0114-acts-carry-their-entry.md
 * @module
 */
import type { CompiledQuery } from 'kysely'
import type { AuditEntry, Tally } from '../core/audit.ts'
import { CLAIMED } from '../core/claimed.ts'
import type { AuditRow, Database, DatabaseTransaction } from './schema.ts'
import { type Parameter, statement } from './statement.ts'

/** Makes the statements that store an entry: one, or none without an entry. Spread them into the others of a transaction. */
export type InsertEntry = (entry: AuditEntry | Tally | undefined) => readonly CompiledQuery[]

export function insertEntry({ db }: Pick<Database | DatabaseTransaction, 'db'>): InsertEntry {
  // No id: the database counts, so that what comes later is stored behind.
  const insert = statement((value: Parameter<NewAuditRow>) =>
    db.insertInto('audit').values({
      at: value('at'),
      type: value('type'),
      reason: value('reason'),
      actor: value('actor'),
      user_id: value('user_id'),
      client_id: value('client_id'),
      resource: value('resource'),
      grant_id: value('grant_id'),
      scopes: value('scopes'),
      agents: value('agents'),
      request_id: value('request_id'),
      count: value('count'),
    }),
  )
  return (entry) => (entry === undefined ? [] : [insert(toRow(entry))])
}

/** In one statement: on PostgreSQL each takes a round trip. */
const ROWS = 50

/** Makes the statements that store many entries, in their order. */
export function insertEntries(database: Pick<Database, 'db'>) {
  const note = insertEntry(database)
  let compiled: CompiledQuery | undefined
  const insert = (rows: readonly NewAuditRow[]): CompiledQuery => {
    compiled ??= database.db.insertInto('audit').values(rows).compile()
    // All rows have the same members in the same order.
    return { ...compiled, parameters: rows.flatMap((row) => Object.values(row)) }
  }
  return (entries: readonly (AuditEntry | Tally)[]): readonly CompiledQuery[] => {
    const whole = entries.length - (entries.length % ROWS)
    const blocks = Array.from({ length: whole / ROWS }, (_, block) => entries.slice(block * ROWS, (block + 1) * ROWS))
    return [...blocks.map((block) => insert(block.map(toRow))), ...entries.slice(whole).flatMap(note)]
  }
}

type NewAuditRow = Omit<AuditRow, 'id'>

/** Every member that an event may have; those that it has not are null. */
interface Members {
  readonly reason?: string
  readonly userId?: string | null
  readonly clientId?: string
  readonly resource?: string
  /** Of what has no id. */
  readonly name?: string
  readonly grantId?: string | null
  readonly scopes?: readonly string[]
  readonly agents?: readonly string[]
}

function toRow(entry: AuditEntry | Tally): NewAuditRow {
  const { event, at, requestId, actor, claimed } = entry
  const members: Members = event
  return {
    at,
    type: event.type,
    reason: members.reason ?? members.name ?? null,
    actor: actor ?? null,
    user_id: members.userId ?? null,
    client_id: members.clientId ?? asClaimed(claimed?.clientId),
    resource: members.resource ?? asClaimed(claimed?.resource),
    grant_id: members.grantId ?? null,
    scopes: members.scopes?.join(' ') ?? null,
    agents: members.agents?.join(' ') ?? null,
    request_id: requestId,
    count: 'count' in entry ? entry.count : 1,
  }
}

const asClaimed = (name: string | undefined): string | null => (name === undefined ? null : `${CLAIMED}${name}`)
