/**
 * Observations for the audit log: the first of a kind in a minute are kept, the others counted, so that nobody can fill the disk by being refused.
 *
 * @see docs/adr/0115-observations-are-batched.md
 * @module
 */
import { clearTimeout, setTimeout } from 'node:timers'
import type { AuditEntry, Observation, Tally } from '../core/audit.ts'
import type { Claimed } from '../core/claimed.ts'
import type { AuditLog } from '../core/ports.ts'
import type { Voucher } from '../core/rejection.ts'
import { nameOfVoucher } from './as-recorded.ts'
import { writeBehind } from './write-behind.ts'

export interface Observations {
  add(entry: AuditEntry<Observation>): void
  /** Writes what waits, and how many there were beside. */
  close(): Promise<void>
}

/** In a minute: of one kind (event, reason, and client or workload), and of all. */
const MOST = { ofKind: 10, ofAll: 100 }

/** Entries that wait while the database does not answer. */
const WAITING = 10 * MOST.ofAll

export function createObservations(log: Pick<AuditLog, 'append'>, onFailure: (error: unknown) => void): Observations {
  const behind = writeBehind({ write: log.append, most: WAITING, onFailure })
  let minute = 0
  let all = 0
  const kinds = new Map<string, number>()
  const surplus = new Map<string, Tally>()
  let timer: ReturnType<typeof setTimeout> | null = null

  function endMinute(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    for (const counted of surplus.values()) behind.add(counted)
    surplus.clear()
    kinds.clear()
    all = 0
  }

  return {
    add(entry) {
      const of = Math.floor(entry.at / 60)
      if (of !== minute) endMinute()
      minute = of
      const { event } = entry
      const kind = `${nameOf(event)} ${whoseOf(event)}`
      const seen = kinds.get(kind) ?? 0
      if (seen < MOST.ofKind && all < MOST.ofAll) {
        kinds.set(kind, seen + 1)
        all += 1
        behind.add(entry)
        return
      }
      const name = nameOf(event)
      surplus.set(name, counted(surplus.get(name), entry))
      timer ??= setTimeout(endMinute, 60_000).unref()
    },

    async close() {
      endMinute()
      await behind.flush()
    },
  }
}

/** Of different clients in different requests: only what they have in common. */
function counted(before: Tally | undefined, { event, at, claimed = {} }: AuditEntry<Observation>): Tally {
  const members: Tally['event'] = event
  const { type, reason } = members
  return {
    event: { type, ...(reason === undefined ? {} : { reason }), ...common(before?.event ?? members, members) },
    claimed: common(before?.claimed ?? claimed, claimed),
    at,
    requestId: null,
    count: (before?.count ?? 0) + 1,
  }
}

const common = (one: Claimed, other: Claimed): Claimed => ({
  ...(one.clientId !== undefined && one.clientId === other.clientId ? { clientId: one.clientId } : {}),
  ...(one.resource !== undefined && one.resource === other.resource ? { resource: one.resource } : {}),
})

/** A client, or somebody whom an issuer vouched for without naming one. */
function whoseOf(event: Observation): string {
  const { clientId, assertion }: Whose = event
  return clientId ?? (assertion?.subject === undefined ? '' : nameOfVoucher(assertion))
}

interface Whose {
  readonly type: string
  readonly clientId?: string
  readonly assertion?: Voucher
}

const nameOf = (event: Observation): string => `${event.type} ${'reason' in event ? event.reason : ''}`
