/**
 * Whether a token was made for this resource.
 *
 * @see RFC 8707 section 2: the audience is the resource identifier
 * @see RFC 3986 section 6.2.2.1 and section 6.2.3: scheme and host have no case, an empty path is `/`; nothing else is equal
 * @module
 */

/** Whether one of `audiences` is one of `identifiers`. Never by prefix: a token for `https://h` is none for `https://h/mcp`. */
export function includesAudience(audiences: string | readonly string[], identifiers: readonly string[]): boolean {
  const accepted = identifiers.map(comparable)
  return [audiences].flat().some((audience) => accepted.includes(comparable(audience)))
}

/** Scheme and host in lower case, a path of `/` alone dropped, all else byte for byte. */
function comparable(identifier: string): string {
  const [, origin, rest] = /^([^:/?#]+:\/\/[^/?#]*)(.*)$/s.exec(identifier) ?? []
  if (origin === undefined || rest === undefined) return identifier
  return origin.toLowerCase() + (rest === '/' ? '' : rest)
}
