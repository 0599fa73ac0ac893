/**
 * Reading the audit log: `sallyport audit`.
 *
 * @see docs/adr/0114-acts-carry-their-entry.md
 * @module
 */
import { ok, type Result } from '../../shared/result.ts'
import type { Problem } from '../config/problem.ts'
import { type AuditFilter, type AuditRecord, outcomeOf } from '../core/audit.ts'
import { type Digest, recordedName } from '../core/claimed.ts'
import type { Clock, Store } from '../core/ports.ts'
import { type Outcome, refuse } from './context.ts'
import { parseSince, SINCE_WANTED } from './since.ts'
import { printable } from './table.ts'

export interface AuditWanted {
  readonly client?: string
  /** A name or an id. */
  readonly user?: string
  readonly grant?: string
  readonly request?: string
  readonly type?: string
  readonly since?: string
  /** The newest so many. */
  readonly limit: number
  readonly json: boolean
}

interface Tools {
  readonly store: Pick<Store, 'audit' | 'users'>
  readonly now: Clock
  readonly digest: Digest
}

/** The newest of those that match, oldest first. */
export async function showAudit(tools: Tools, wanted: AuditWanted): Outcome {
  const filter = await toFilter(tools, wanted)
  if (!filter.ok) return filter
  const found = await newest(tools.store, filter.value, wanted.limit)
  return ok(found.length === 0 && !wanted.json ? 'Nothing of that kind.' : found.map(inLine(wanted.json)).join('\n'))
}

/** The same, and then what is added, until `waiting` says false. `print` gets lines. */
export async function followAudit(
  tools: Tools,
  wanted: AuditWanted,
  { print, waiting }: { print(line: string): void; waiting(): Promise<boolean> },
): Outcome {
  const filter = await toFilter(tools, wanted)
  if (!filter.ok) return filter
  const { audit } = tools.store
  const [latest] = (await audit.readBack(null, {})).records
  for (const record of await newest(tools.store, filter.value, wanted.limit)) print(inLine(wanted.json)(record))
  const seen = new Set<number>()
  for (let after = latest?.id ?? 0; await waiting(); ) {
    // Transactions end in another order than they were counted in: the last ones are looked at again.
    const { records, last } = await audit.readOn(Math.max(0, after - OVERLAP), filter.value)
    for (const record of records.filter(({ id }) => id > (latest?.id ?? 0) && !seen.has(id))) {
      seen.add(record.id)
      print(inLine(wanted.json)(record))
    }
    for (const id of seen) if (id < last - 2 * OVERLAP) seen.delete(id)
    after = Math.max(after, last)
  }
  return ok('')
}

const OVERLAP = 100

async function toFilter({ store, now, digest }: Tools, wanted: AuditWanted): Promise<Result<AuditFilter, Problem>> {
  const since = wanted.since === undefined ? undefined : parseSince(wanted.since, now())
  if (since === null) return refuse(SINCE_WANTED)
  const user = wanted.user === undefined ? null : await store.users.findByUsername(wanted.user)
  // Whoever was removed is still found by their id.
  const userId = user?.id ?? wanted.user
  return ok({
    ...(wanted.client === undefined ? {} : { clientId: wanted.client, claimedId: recordedName(wanted.client, digest) }),
    ...(userId === undefined ? {} : { userId }),
    ...(wanted.grant === undefined ? {} : { grantId: wanted.grant }),
    ...(wanted.request === undefined ? {} : { requestId: wanted.request }),
    ...(wanted.type === undefined ? {} : { type: wanted.type }),
    ...(since === undefined ? {} : { since }),
  })
}

async function newest({ audit }: Tools['store'], wanted: AuditFilter, limit: number): Promise<readonly AuditRecord[]> {
  const found: AuditRecord[] = []
  for (let to: number | null = null; found.length < limit; ) {
    const { records, next } = await audit.readBack(to, wanted)
    found.push(...records)
    if (next === null) break
    to = next
  }
  return found.slice(0, limit).reverse()
}

const inLine =
  (json: boolean) =>
  (record: AuditRecord): string => {
    const time = new Date(record.at * 1000).toISOString().slice(0, 19)
    if (json) return JSON.stringify({ time: `${time}Z`, outcome: outcomeOf(record), ...record })
    const members = {
      reason: record.reason,
      actor: record.actor,
      user: record.userId,
      client: record.clientId,
      resource: record.resource,
      grant: record.grantId,
      scopes: record.scopes?.join(',') ?? null,
      agents: record.agents?.join(',') ?? null,
      request: record.requestId,
      times: record.count === 1 ? null : record.count,
    }
    const told = Object.entries(members).flatMap(([name, value]) => (value == null ? [] : [`${name}=${value}`]))
    return printable([time.replace('T', ' '), record.type, ...told].join('  '))
  }
