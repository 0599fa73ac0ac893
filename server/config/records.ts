/**
 * How long it is remembered what happened.
 *
 * @see docs/adr/0114-acts-carry-their-entry.md
 * @see docs/adr/0115-observations-are-batched.md
 * @see docs/adr/0117-the-flow-trace.md
 * @module
 */
import * as v from 'valibot'
import { DAY } from './limits.ts'
import { seconds, yesOrNo } from './setting.ts'

export const AuditConfig = v.strictObject({
  retention: v.optional(
    seconds(0, 3650 * DAY, 'How long the audit log keeps an entry; 0: for ever. Nothing deletes one before.'),
    90 * DAY,
  ),
  before_answer: v.optional(
    yesOrNo(
      'Whether a token that is issued without anything else being stored (client credentials, a refresh that is told again) is handed out only once its entry is: then a crash loses none, and such an answer waits for the disk.',
    ),
    false,
  ),
})

export const FlowsConfig = v.strictObject({
  retention: v.optional(
    seconds(60, 90 * DAY, 'How long the flow trace keeps the steps of attempts to connect.'),
    3 * DAY,
  ),
})
