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
import { decodeBase64url, decodeJsonObject } from '../../shared/base64url.ts'

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
  const payload = decodeJsonObject(second)
  const signature = decodeBase64url(third)
  if (parts.length !== 3 || header === null || payload === null || signature === null) return null
  const input = Buffer.from(token.slice(0, token.lastIndexOf('.')), 'latin1')
  return { header, payload, input, signature }
}

/** A server writes the same header over all of its tokens: what the last one said is not read again. */
let last: { readonly text: string; readonly header: JwsHeader | null } = { text: '', header: null }

function parseHeader(text: string): JwsHeader | null {
  if (text !== last.text) {
    const parsed = v.safeParse(JwsHeader, decodeJsonObject(text))
    last = { text, header: parsed.success ? parsed.output : null }
  }
  return last.header
}
