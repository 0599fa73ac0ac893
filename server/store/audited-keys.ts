/**
 * The signing keys in somebody's hands: what is made and what is deleted carries its entry of the audit log.
 *
 * @see docs/adr/0114-acts-carry-their-entry.md
 * @module
 */
import type { Act, Audit, AuditEntry } from '../core/audit.ts'
import type { Clock } from '../core/ports.ts'
import type { SigningKeys } from './signing-keys.ts'

export interface KeyKeeper {
  /** E.g. `cli:root`, or `SERVER`. */
  readonly actor: string
  readonly now: Clock
  /** Told what was done. Default: nobody is. */
  readonly audit?: Audit | undefined
}

export function auditedKeys(keys: SigningKeys, { actor, now, audit = () => {} }: KeyKeeper): SigningKeys {
  const written = async (event: Act, act: (entry: AuditEntry<Act>) => Promise<boolean>): Promise<boolean> => {
    const entry = { event, at: now(), requestId: null, actor }
    const done = await act(entry)
    if (done) audit(entry)
    return done
  }
  return {
    ...keys,
    add: (key) => written({ type: 'key_made', name: key.kid }, (entry) => keys.add(key, entry)),
    remove: (kid, at) => written({ type: 'key_deleted', name: kid }, (entry) => keys.remove(kid, at, entry)),
  }
}
