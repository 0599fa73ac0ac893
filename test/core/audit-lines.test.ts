/**
 * Which acts the log shows, and how loudly: the audit log has them all.
 *
 * @module
 */
import { afterEach, expect, test } from 'bun:test'
import { resetSync } from '@logtape/logtape'
import type { AuditEvent } from '../../server/core/audit.ts'
import { auditLog, configureLogging } from '../../server/logging.ts'

afterEach(() => resetSync())

const OF_GRANT = { grantId: 'grant', userId: 'user', clientId: 'client', resource: 'https://r/mcp' }

/** The level at which an event is logged; null: it is not, at this level of the log. */
function levelOf(event: AuditEvent, level: 'info' | 'debug'): string | null {
  const lines: string[] = []
  configureLogging({ level, format: 'json' }, (line) => void lines.push(line))
  auditLog()(event, { at: 0, requestId: null })
  return lines.length === 0 ? null : JSON.parse(lines[0] ?? '').level
}

const routine: readonly AuditEvent[] = [
  { type: 'token_issued', ...OF_GRANT },
  { type: 'token_refreshed', ...OF_GRANT },
  { type: 'machine_token_issued', clientId: 'client', resource: OF_GRANT.resource },
  { type: 'token_exchanged', ...OF_GRANT, scopes: [] },
  { type: 'id_jag_issued', ...OF_GRANT, scopes: [] },
  { type: 'workload_token_issued', clientId: 'workload:job', resource: OF_GRANT.resource, name: 'https://idp job' },
]
test.each(routine)('%o is routine: for those who debug', (event) => {
  expect([levelOf(event, 'info'), levelOf(event, 'debug')]).toEqual([null, 'DEBUG'])
})

test('what somebody does once is worth a line', () => {
  expect(levelOf({ type: 'authorization_granted', ...OF_GRANT, scopes: [] }, 'info')).toBe('INFO')
  expect(levelOf({ type: 'client_registered', clientId: 'client' }, 'info')).toBe('INFO')
})

const attacks: readonly AuditEvent[] = [
  { type: 'refresh_replayed', ...OF_GRANT },
  { type: 'grant_revoked', reason: 'refresh_reused', ...OF_GRANT },
  { type: 'grant_revoked', reason: 'code_replayed', ...OF_GRANT },
  { type: 'sign_in_failed', reason: 'too_many_attempts' },
]
test.each(attacks)('%o looks like an attack: a warning', (event) => {
  expect(levelOf(event, 'info')).toMatch(/^WARN/)
})

test('whom an assertion is of is told once, and looks like no secret', () => {
  const lines: string[] = []
  configureLogging({ level: 'info', format: 'text' }, (line) => void lines.push(line))
  const assertion = { issuer: 'https://idp.example', subject: 'job' }
  const event = { type: 'token_rejected', reason: 'unknown_workload', assertion } as const
  auditLog()(event, { at: 0, requestId: 'R', actor: 'address:192.0.2.7 https://idp.example job' })
  expect(lines.join('')).toEndWith(
    ' info token_rejected reason=unknown_workload requestId=R actor="address:192.0.2.7 https://idp.example job"\n',
  )
})
