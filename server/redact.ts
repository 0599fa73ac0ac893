/**
 * Takes secrets out of what is about to be logged: by the name of a member, and by the look of a value.
 *
 * @module
 */
import type { LogRecord } from '@logtape/logtape'

const REDACTED = '[redacted]'

/** Members whose values are secrets; `clientId`, `reason` and the like are not. */
const SECRET_NAME =
  /secret|password|passwd|token|cookie|authorization|verifier|assertion|credential|sealed|private|^code$|^jwk$/i

/** JSON Web Tokens, credentials in headers, in URLs and in queries. */
const SECRET_VALUES: readonly (readonly [RegExp, string])[] = [
  [/\beyJ[\w-]*\.[\w-]*\.[\w-]*/g, REDACTED],
  [/\b(Bearer|DPoP|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/:\/\/[^/\s:@]*:[^/\s@]*@/g, `://${REDACTED}@`],
  [
    /((?:^|[?&\s"'{,;])(?:code|state|token|access_token|refresh_token|client_secret|code_verifier|password)=)[^&\s"']*/g,
    `$1${REDACTED}`,
  ],
  [
    /("(?:code|state|token|access_token|refresh_token|client_secret|code_verifier|password)"\s*:\s*")[^"]*/g,
    `$1${REDACTED}`,
  ],
]

/** What each of them needs. Most of what is logged has none of it, and is told so at a fifth of the price. */
const SUSPICIOUS = /eyJ|Bearer|DPoP|Basic|:\/\/|=|"\s*:/i

const MAX_DEPTH = 5

/** The record without what must not be written down. */
export const redact = (record: LogRecord): LogRecord => ({
  ...record,
  message: record.message.map((part) => redactValue(part, 0)),
  properties: redactMembers(record.properties, 0),
})

function redactMembers(members: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [
      name,
      SECRET_NAME.test(name) && value !== null && value !== undefined ? REDACTED : redactValue(value, depth),
    ]),
  )
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH) return '[…]'
  if (value instanceof Error) return redactError(value, depth + 1)
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1))
  if (value instanceof Date) return value
  return redactMembers(value, depth + 1)
}

/** Still an error, so that formatters print it as one. Other members (a driver's query and its parameters) stay out. */
function redactError(error: Error, depth: number): Error {
  const clean = new Error(redactText(error.message))
  clean.name = error.name
  clean.stack = redactText(error.stack ?? '')
  if (error.cause !== undefined) clean.cause = redactValue(error.cause, depth)
  return clean
}

function redactText(text: string): string {
  if (!SUSPICIOUS.test(text)) return text
  return SECRET_VALUES.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text)
}
