/**
 * Logs to stderr: lines for people, or JSON lines for machines. What looks or is named like a secret is redacted, whoever passes it.
 *
 * @module
 */
import process from 'node:process'
import { configureSync, getJsonLinesFormatter, getLogger, type LogRecord, type TextFormatter } from '@logtape/logtape'
import type { Config } from './config.ts'
import type { AuditEvent, Circumstances } from './core/audit.ts'
import { redact } from './redact.ts'

/** Sets up the loggers of this process. Programs call it once; libraries never. */
export function configureLogging({ level, format }: Config['log'], write = writeToStderr): void {
  const formatter = format === 'json' ? getJsonLinesFormatter({ properties: 'flatten' }) : textLine
  const sinks = { stderr: (record: LogRecord) => write(formatter(redact(record))) }
  configureSync({
    reset: true,
    sinks,
    loggers: [
      { category: 'sallyport', lowestLevel: level, sinks: ['stderr'] },
      { category: ['logtape', 'meta'], lowestLevel: 'warning', sinks: ['stderr'] },
    ],
  })
}

/** The program's own messages: `log.info('listening', { port })`. */
export const log = getLogger('sallyport')

/** An audit log that writes each event with its members. What looks like an attack is a warning. */
export function auditLog(): (event: AuditEvent, circumstances: Circumstances) => void {
  const audit = getLogger(['sallyport', 'audit'])
  return (event, { requestId, actor, claimed }) => {
    // Whom an assertion is of stands in `actor`; by its own name it would be taken for the assertion itself, and redacted.
    const { type, assertion: _, ...members }: Logged = event
    const properties = {
      ...members,
      ...(requestId === null ? {} : { requestId }),
      ...(actor === undefined ? {} : { actor }),
      ...(claimed?.clientId === undefined || 'clientId' in event ? {} : { claimedClient: claimed.clientId }),
      ...(claimed?.resource === undefined ? {} : { claimedResource: claimed.resource }),
    }
    if (isSuspicious(event)) audit.warning(type, properties)
    else if (isRoutine(event)) audit.debug(type, properties)
    else audit.info(type, properties)
  }
}

interface Logged {
  readonly type: string
  readonly assertion?: unknown
}

/**
 * What happens every quarter of an hour for everybody who is signed in, and what somebody sends who was told already to wait. The audit log has it; in the log it
 * would bury the rest.
 */
const isRoutine = (event: AuditEvent): boolean =>
  event.type === 'token_issued' ||
  event.type === 'token_refreshed' ||
  event.type === 'machine_token_issued' ||
  event.type === 'token_exchanged' ||
  event.type === 'id_jag_issued' ||
  event.type === 'workload_token_issued' ||
  ('reason' in event && event.reason === 'rate_limited')

function isSuspicious(event: AuditEvent): boolean {
  switch (event.type) {
    case 'grant_revoked':
      return event.reason === 'code_replayed' || event.reason === 'refresh_reused'
    case 'sign_in_failed':
      return event.reason === 'too_many_attempts'
    case 'refresh_replayed':
      return true
    default:
      return false
  }
}

/** `12:00:01 warning grant_revoked reason=refresh_reused`, and a stack below where there is one. */
const textLine: TextFormatter = ({ timestamp, level, message, properties }) => {
  const time = new Date(timestamp).toTimeString().slice(0, 8)
  const members = Object.entries(properties).map(([key, value]) => ` ${key}=${inLine(value)}`)
  const stacks = Object.values(properties).flatMap((value) => (value instanceof Error ? [`\n${value.stack}`] : []))
  return `${time} ${level} ${message.join('')}${members.join('')}${stacks.join('')}\n`
}

/** Quoted where it could be taken for something else, such as the next line. */
function inLine(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message)
  return typeof value === 'string' && /^[\w.:/@+-]+$/.test(value) ? value : (JSON.stringify(value) ?? 'undefined')
}

function writeToStderr(line: string): void {
  process.stderr.write(line)
}
