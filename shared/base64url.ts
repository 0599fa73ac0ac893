/**
 * The parts of a JWT, read in the one way that they can be written. What can be read in two ways is not read at all.
 *
 * @see RFC 7515 section 2: base64url, unpadded
 * @module
 */
import { decode, encode } from 'jose/base64url'

/** Null unless this is the one way to write those bytes: no padding, no other characters, no bits left over. */
export function decodeBase64url(text: string): Uint8Array | null {
  try {
    const bytes = decode(text)
    return encode(bytes) === text ? bytes : null
  } catch {
    return null
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The JSON object that a part says; null: none. */
export function decodeJsonObject(part: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(utf8.decode(decodeBase64url(part) ?? undefined))
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
