/**
 * A compact JWS, taken apart and not believed yet. What can be read in two ways is not read at all.
 *
 * @see RFC 7515 section 7.1 (the form), section 2 (base64url, unpadded), section 5.2 (validation)
 * @see RFC 7515 section 4.1.11: `crit` names what must be understood, and no extension is understood here
 * @see RFC 8725 section 3.10: `jwk`, `jku`, `x5c` and `x5u` are not even taken over
 * @see docs/adr/0075-signatures-are-verified-on-this-thread.md
 * @module
 */
import * as v from 'valibot'

const JwsHeader = v.object({
  alg: v.pipe(v.string(), v.nonEmpty()),
  kid: v.exactOptional(v.string()),
  typ: v.exactOptional(v.string()),
  crit: v.exactOptional(v.never()),
})
export type JwsHeader = v.InferOutput<typeof JwsHeader>

export interface Jws {
  readonly header: JwsHeader
  readonly payload: Readonly<Record<string, unknown>>
  /** What was signed: the first two parts as they came. */
  readonly input: Uint8Array
  readonly signature: Uint8Array
}

/** Null: this is no compact JWS with JSON objects as header and payload. */
export function parseJws(token: string): Jws | null {
  const parts = token.split('.', 4)
  const [first = '', second = '', third = ''] = parts
  const header = parseHeader(first)
  const payload = parseObject(second)
  const signature = decode(third)
  if (parts.length !== 3 || header === null || payload === null || signature === null) return null
  const input = Buffer.from(token.slice(0, token.lastIndexOf('.')), 'latin1')
  return { header, payload, input, signature }
}

/** A server writes the same header over all of its tokens: what the last one said is not read again. */
let last: { readonly text: string; readonly header: JwsHeader | null } = { text: '', header: null }

function parseHeader(text: string): JwsHeader | null {
  if (text !== last.text) {
    const parsed = v.safeParse(JwsHeader, parseObject(text))
    last = { text, header: parsed.success ? parsed.output : null }
  }
  return last.header
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(utf8.decode(decode(text) ?? undefined))
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

/** Null unless this is the one way to write those bytes: no padding, no other characters, no bits left over. */
function decode(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : null
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
