/**
 * The URL of a request, taken apart. Several ask, and requests that follow each other often have the same: it is done once.
 *
 * @module
 */

let last: { readonly text: string; readonly url: URL | null } | null = null

/** Null: its Host is none. Only to be read: others see the same object. */
export function urlOf({ url: text }: Request): URL | null {
  if (last?.text !== text) last = { text, url: URL.parse(text) }
  return last.url
}
