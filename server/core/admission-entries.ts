/**
 * What the audit log says of an account that is made for somebody whom an identity provider vouches for: the account, and whose it is.
 *
 * @see docs/adr/0114-acts-carry-their-entry.md
 * @module
 */
import { type Act, type AuditEntry, auditEntry } from './audit.ts'
import type { Dependencies } from './dependencies.ts'
import type { Identity } from './records.ts'

export const admissionEntries = (
  { userId, issuer }: Pick<Identity, 'userId' | 'issuer'>,
  circumstances: Pick<Dependencies, 'now' | 'requestId' | 'attempt' | 'from'>,
): readonly AuditEntry<Act>[] => [
  auditEntry({ type: 'user_added', userId }, circumstances),
  auditEntry({ type: 'identity_linked', userId, name: issuer }, circumstances),
]
