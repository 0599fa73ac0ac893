/**
 * How long it is remembered what happened.
 *
 * @see docs/adr/0114-acts-carry-their-entry.md
 * @see docs/adr/0117-the-flow-trace.md
 * @module
 */
import * as v from 'valibot'
import { DAY } from './limits.ts'
import { seconds } from './setting.ts'

export const AuditConfig = v.strictObject({
  retention: v.optional(
    seconds(0, 3650 * DAY, 'How long the audit log keeps an entry; 0: for ever. Nothing deletes one before.'),
    90 * DAY,
  ),
})

export const FlowsConfig = v.strictObject({
  retention: v.optional(
    seconds(60, 90 * DAY, 'How long the flow trace keeps the steps of attempts to connect.'),
    3 * DAY,
  ),
})
