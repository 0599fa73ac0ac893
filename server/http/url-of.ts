/**
 * The URL of a request, taken apart. Several ask, and requests that follow each other often have the same: it is done once.
 *
 * @module
 */

/** Members as those of a `URL`. */
export type UrlParts = Readonly<Pick<URL, 'origin' | 'hostname' | 'pathname' | 'search'>>

let last: { readonly text: string; readonly parts: UrlParts | null } | null = null

/** Null: its Host is none. */
export function urlOf({ url: text }: Request): UrlParts | null {
  if (last?.text !== text) last = { text, parts: partsOf(URL.parse(text)) }
  return last.parts
}

/** Read once: each member of a `URL` is written anew whenever it is asked for. */
const partsOf = (url: URL | null): UrlParts | null =>
  url && { origin: url.origin, hostname: url.hostname, pathname: url.pathname, search: url.search }
