/**
 * Entries as they may be written down: what is only claimed in a form that is no secret, and who was refused by where they are.
 *
 * @see docs/adr/0123-what-a-refused-request-says.md
 * @module
 */
import type { AuditEntry } from '../core/audit.ts'
import { CLAIMED, recordedClaims } from '../core/claimed.ts'
import type { Noted } from '../core/flow.ts'
import type { Voucher } from '../core/rejection.ts'

export type Recording = Parameters<typeof recordedClaims>[1]

/** Costs nothing where nothing is claimed: only refusals and people who are sent to sign in have claims. */
export function asRecorded<Entry extends Noted>(entry: Entry, recording: Recording): Entry {
  const { claimed } = entry
  return claimed === undefined ? entry : { ...entry, claimed: recordedClaims(claimed, recording) }
}

/** The same, of a refusal: whoever it was has not proven who they are. */
export function refusalAsRecorded(entry: AuditEntry, recording: Recording): AuditEntry {
  const address = entry.from?.() ?? 'unknown'
  const { assertion }: { readonly type: string; readonly assertion?: Voucher } = entry.event
  const who = [
    ...(address === 'unknown' ? [] : [`address:${address}`]),
    ...(assertion === undefined ? [] : [nameOfVoucher(assertion)]),
  ]
  const recorded = asRecorded(entry, recording)
  return who.length === 0 || entry.actor !== undefined ? recorded : { ...recorded, actor: who.join(' ') }
}

/** `ISSUER SUBJECT`, as of a token that was issued; only claimed, where nobody verified that the issuer said it. */
export const nameOfVoucher = ({ issuer, subject }: Voucher): string =>
  subject === undefined ? `${CLAIMED}${issuer}` : `${issuer} ${subject}`
