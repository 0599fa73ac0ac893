/**
 * Whether a failed request can have reached anybody.
 *
 * @module
 */

/** As the runtimes say that nobody listens: Node by codes, Bun by its own, Deno in words. */
const NOT_SENT =
  /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ConnectionRefused|FailedToOpenSocket|tcp connect error|dns error/

/** Certain: there was no connection. Anything else may have been carried out. */
export function wasNotSent(problem: unknown): boolean {
  for (let at = problem, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    const code = 'code' in at ? String(at.code) : ''
    if (NOT_SENT.test(code) || NOT_SENT.test(at.message)) return true
  }
  return false
}
