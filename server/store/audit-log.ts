/**
 * The audit log, where entries come without an act. Those of acts are stored by the ports that act.
 *
 * @see docs/adr/0115-observations-are-batched.md
 * @module
 */
import type { AuditLog } from '../core/ports.ts'
import { insertEntry } from './audit-entries.ts'
import type { Database } from './schema.ts'

export function createAuditLog(database: Database): AuditLog {
  const note = insertEntry(database)
  return {
    async append(entries) {
      const [first, ...others] = entries.flatMap((entry) => note(entry, entry.count))
      if (first !== undefined) await database.runGuarded(first, others)
    },
  }
}
