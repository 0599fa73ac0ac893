/**
 * Whether a token was made for this resource.
 *
 * @see RFC 8707 section 2: the audience is the resource identifier
 * @see docs/adr/0013-audience-byte-for-byte.md
 * @module
 */

/** Whether one of `audiences` is one of `identifiers`, byte for byte. Never by prefix: a token for `https://h` is none for `https://h/mcp`. */
export function includesAudience(audiences: string | readonly string[], identifiers: readonly string[]): boolean {
  return [audiences].flat().some((audience) => identifiers.includes(audience))
}
