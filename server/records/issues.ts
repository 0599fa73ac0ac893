/**
 * Tokens that were issued without anything else being stored, for the audit log: each gets its row, a tenth of a second later, many at once.
 *
 * @see docs/adr/0115-observations-are-batched.md
 * @module
 */
import type { AuditEntry, Issue } from '../core/audit.ts'
import { type AuditLog, StoreUnavailable } from '../core/ports.ts'
import { writeBehind } from './write-behind.ts'

export interface Issues {
  add(entry: AuditEntry<Issue>): void
  /** Writes what waits, now. Throws `StoreUnavailable` when the database has not taken it; it is tried again. */
  stored(): Promise<void>
  /** Writes what waits. */
  close(): Promise<void>
}

/** Milliseconds: a crash loses the tokens of as long. */
const DELAY = 100

/** Tokens that wait while the database does not answer: some 60 MB. */
const MOST = 200_000

export function createIssues(log: Pick<AuditLog, 'append'>, onFailure: (error: unknown) => void): Issues {
  const behind = writeBehind<AuditEntry<Issue>>({
    write: log.append,
    most: MOST,
    delay: DELAY,
    onFailure,
    onLost: (count) => onFailure(new Error(`${count} tokens were issued that the audit log could not be told of`)),
  })
  return {
    // Without what only the flow trace is told: it would keep the request.
    add: ({ event, at, requestId, actor }) =>
      behind.add({ event, at, requestId, ...(actor === undefined ? {} : { actor }) }),
    async stored() {
      if (!(await behind.push())) throw new StoreUnavailable('the audit log cannot be written')
    },
    close: behind.flush,
  }
}
