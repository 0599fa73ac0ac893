/**
 * Entries as they may be written down: what is only claimed in a form that is no secret, and who was refused by where they are.
 *
 * @see docs/adr/0123-what-a-refused-request-says.md
 * @module
 */
import type { AuditEntry } from '../core/audit.ts'
import { type Digest, recordedClaims } from '../core/claimed.ts'
import type { Noted } from '../core/flow.ts'

/** Costs nothing where nothing is claimed: only refusals and people who are sent to sign in have claims. */
export function asRecorded<Entry extends Noted>(entry: Entry, digest: Digest): Entry {
  const { claimed } = entry
  return claimed === undefined ? entry : { ...entry, claimed: recordedClaims(claimed, digest) }
}

/** The same, of a refusal: whoever it was has not proven who they are. */
export function refusalAsRecorded(entry: AuditEntry, digest: Digest): AuditEntry {
  const address = entry.from?.() ?? 'unknown'
  const recorded = asRecorded(entry, digest)
  return address === 'unknown' || entry.actor !== undefined ? recorded : { ...recorded, actor: `address:${address}` }
}
