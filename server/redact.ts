/**
 * Takes secrets out of what is about to be logged: by the name of a member, and by the look of a value.
 *
 * @module
 */
import type { LogRecord } from '@logtape/logtape'

const REDACTED = '[redacted]'

/**
 * Names under which secrets travel, in any notation: `client_secret`, `clientSecret`, `X-Api-Key`. `clientId`, `reason`, `error_code` and the like are
 * none of them. What merely contains one of these words, such as `token_endpoint`, is redacted as a member: better a word too many.
 */
const WORDS =
  'secret|passw(?:or)?d|passphrase|pwd|token|cookie|authorization|verifier|assertion|credential|sealed|private|csrf|xsrf|api[-_]?key|signature|dpop'

/** Names that are secrets only as a whole. `state` and `session` are what keeps others out of somebody's attempt. */
const WHOLE =
  '(?:authorization|auth|device|user)?[-_]?code|state|jwk|jwt|jws|pass|otp|pin|bearer|session(?:[-_]?(?:id|key|hash))?|sid'

const SECRET_NAME = new RegExp(`${WORDS}|^(?:${WHOLE})$`, 'i')

/** The same in text, where it ends with the word: `token_type=bearer` is no secret. */
const IN_TEXT = `(?:[\\w.-]*(?:${WORDS})s?(?:[_-](?:hint|proof|jwk|key))?|${WHOLE})`

/** JSON Web Tokens, credentials in headers, in URLs, in queries and in JSON. */
const SECRET_VALUES: readonly (readonly [RegExp, string])[] = [
  // A header of credentials to the end of its line: nothing else is in it.
  [/\b((?:proxy-)?authorization|(?:set-)?cookie|dpop|x-api-key)("?\s*:\s*)(?!\s*")[^\r\n"]+/gi, `$1$2${REDACTED}`],
  [/\beyJ[\w-]*\.[\w-]*(?:\.[\w-]*)*/g, REDACTED],
  [/\b(Bearer|DPoP|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/:\/\/[^/\s:@]*:[^/\s@]*@/g, `://${REDACTED}@`],
  [new RegExp(`((?:^|[?&#\\s"'{,;(])${IN_TEXT}=)[^&\\s"']*`, 'gi'), `$1${REDACTED}`],
  [
    new RegExp(`(["']${IN_TEXT}["']\\s*:\\s*)(?:"(?:[^"\\\\]|\\\\.)*"?|'(?:[^'\\\\]|\\\\.)*'?)`, 'gi'),
    `$1"${REDACTED}"`,
  ],
]

/** What each of them needs. Most of what is logged has none of it, and is told so at a fifth of the price. */
const SUSPICIOUS = /eyJ|Bearer|DPoP|Basic|:\/\/|=|["'\w]\s*:/i

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

/** `[...headers]`, `Object.entries(form)`: a name and its value. */
const isNamed = (list: readonly unknown[]): boolean =>
  list.length === 2 && typeof list[0] === 'string' && SECRET_NAME.test(list[0])

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH) return '[…]'
  if (value instanceof Error) return redactError(value, depth + 1)
  if (Array.isArray(value))
    return isNamed(value) ? [value[0], REDACTED] : value.map((item) => redactValue(item, depth + 1))
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
