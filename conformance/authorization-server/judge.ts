/**
 * What checks of authorization servers ask of an answer again and again.
 *
 * @module
 */
import { type Check, pass, problem, skip, type Verdict } from '../core/check.ts'
import type { Answer } from '../core/http.ts'
import type { Landing } from '../core/visit.ts'
import { type AsContext, type Changes, VERIFIER, whyNoCode } from './context.ts'

export type AsCheck = Check<AsContext>

export const errorOf = ({ json }: Answer): string | undefined =>
  typeof json['error'] === 'string' ? json['error'] : undefined

/** Where a good request leads: back with a code. Skips where it does not. */
export async function codeLanding(ctx: AsContext, changes: Changes = {}): Promise<Landing & { kind: 'callback' }> {
  const landing = await ctx.authorize(changes)
  return landing.kind === 'callback' && landing.url.searchParams.has('code') ? landing : skip(whyNoCode(landing))
}

/** Whether a token came. A status alone is none. */
export const givesToken = ({ status, json }: Answer): boolean =>
  status === 200 && typeof json['access_token'] === 'string'

/** What fails for nothing but its code, if the client is accepted. Every server knows this grant. */
export const UNKNOWN_CODE: Readonly<Record<string, string>> = {
  grant_type: 'authorization_code',
  code: 'conformance-made-this-up',
  redirect_uri: 'http://127.0.0.1:49152/callback',
  code_verifier: VERIFIER,
}

/** A direct refusal: 400 or 401, with one of these errors. */
export function refused(answer: Answer, ...errors: readonly string[]): Verdict {
  const ok = (answer.status === 400 || answer.status === 401) && errors.includes(errorOf(answer) ?? '')
  return ok ? pass() : problem(`status 400 or 401 with the error ${quoted(errors)}`, answer)
}

/** A refusal that the client is told of, at its redirect URI. */
export function redirectedWith(landing: Landing, ...errors: readonly string[]): Verdict {
  const expected = `a redirect to the client with the error ${quoted(errors)}`
  if (landing.kind === 'callback') {
    // Errors of the implicit grant come in the fragment.
    const error = landing.url.searchParams.get('error') ?? new URLSearchParams(landing.url.hash.slice(1)).get('error')
    if (error !== null && errors.includes(error)) return pass()
    return problem(
      expected,
      landing.answer ?? 'a redirect',
      error === null ? 'a redirect with a code' : `a redirect with the error "${error}"`,
    )
  }
  // Whoever refuses without telling the client is safe, if less helpful.
  return isRefusal(landing)
    ? pass('refused on a page; the client is not told')
    : problem(`${expected}, or an error page with a status from 400 to 499`, landing.answer ?? 'no answer')
}

/** Refused without leading anywhere: on a page. */
export function refusedOnPage(landing: Landing, what: string): Verdict {
  const expected = `an error page with a status from 400 to 499, for ${what}`
  if (isRefusal(landing)) return pass()
  if (landing.kind === 'callback') return problem(expected, landing.answer ?? 'a redirect to it', 'a redirect to it')
  return problem(expected, landing.answer ?? 'no answer')
}

/** A server that breaks, or sends people elsewhere, has not refused. Of a visit with a browser nothing but its end is known. */
function isRefusal(landing: Landing): boolean {
  if (landing.kind !== 'refused') return false
  const status = landing.answer?.status ?? 400
  return status >= 400 && status < 500
}

const quoted = (words: readonly string[]): string => words.map((word) => `"${word}"`).join(' or ')

export const noStore = (answer: Answer): boolean =>
  (answer.headers.get('cache-control') ?? '').toLowerCase().includes('no-store')

export const isJson = (answer: Answer): boolean =>
  /^application\/json\s*(?:;|$)/i.test(answer.headers.get('content-type') ?? '')
