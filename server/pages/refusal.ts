/**
 * Writes down that a page stopped somebody on the way to an application, before the core or the sign-in had anything to judge.
 *
 * @see docs/adr/0124-refused-before-the-core.md
 * @module
 */
import { readForm } from '../../shared/form.ts'
import { auditEntry, type PageRefusal } from '../core/audit.ts'
import { claimsOf } from '../core/claimed.ts'
import { attemptOf } from '../core/flow.ts'
import type { PagesContext } from './context.ts'
import { path } from './links.ts'

/** `query`: of the authorization request that it was about, as far as that is known. Pages that lead to no application note nothing. */
export function noteRefusal(reason: PageRefusal['reason'], query: string, ctx: PagesContext): void {
  const { step } = ctx
  if (step === null) return
  const said = readForm(new URLSearchParams(query))
  const origin = {
    ...ctx,
    attempt: attemptOf(said),
    ...(step === 'sign_in_rejected' ? { from: ctx.visitorAddress } : {}),
  }
  ctx.audit({ ...auditEntry({ type: step, reason }, origin), claimed: claimsOf(said, null) })
}

/** The authorization request in the URL of a page; empty: it is in the form, or there is none. */
export function requestIn({ url }: Request): string {
  const { pathname, search, searchParams } = new URL(url)
  return pathname.endsWith(path.authorize) ? search.slice(1) : (searchParams.get('request') ?? '')
}
