/**
 * The path of a request, read the way the router reads it: from the text, without taking the whole URL apart.
 *
 * @module
 */

/** `/a` of `http://h/a?b`. */
export function pathOf({ url }: Request): string {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const end = url.slice(start).search(/[?#]/)
  return start < 0 ? '/' : url.slice(start, end < 0 ? undefined : start + end)
}
