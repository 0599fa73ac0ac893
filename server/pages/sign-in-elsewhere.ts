/**
 * `POST /oidc/start` and `GET /oidc/callback/PROVIDER`: signing in at a company's own identity provider, and coming back. Where a person goes on to
 * was stored when they left: nothing in the answer can name another place.
 *
 * @see OpenID Connect Core 1.0 section 3.1
 * @see MCP 2026-07-28, security best practices, "Confused Deputy": nothing is sent on before the person has acted on a page that names the application
 * @module
 */
import { readForm } from '../../shared/form.ts'
import { auditEntry } from '../core/audit.ts'
import { claimsOf } from '../core/claimed.ts'
import type { UpstreamFailure } from '../core/upstream.ts'
import { afterSignIn, judge } from './authorize.ts'
import { inAttempt, type PagesContext } from './context.ts'
import { authorizeLink, linkTo } from './links.ts'
import { readPost } from './post.ts'
import { problemPage, tooManyRequests } from './problem-page.ts'
import { noteRefusal } from './refusal.ts'
import { seeOther } from './respond.ts'
import { upstreamProblemPage } from './upstream-problem-page.ts'
import { readVisitor, startSession } from './visitor.ts'

export async function startElsewhere(request: Request, given: PagesContext): Promise<Response> {
  const posted = await readPost(request, given)
  if (!posted.ok) return posted.error
  const { form, visitor } = posted.value
  const ctx = inAttempt(form.request ?? '', given)
  const { cookie } = visitor
  if (ctx.upstream === undefined || cookie === null)
    return failed({ problem: 'unknown_provider', request: form.request ?? null }, ctx)
  // What could not be granted anyway is not worth the way: the person is told here.
  const judged = form.request === undefined ? null : await judge(form.request, visitor, ctx)
  if (judged !== null && !judged.ok) return judged.error
  const begun = await ctx.upstream.begin({ provider: form.provider, cookie, request: form.request ?? null })
  return begun.ok ? seeOther(begun.value) : failed(begun.error, ctx)
}

export async function finishElsewhere(request: Request, given: PagesContext): Promise<Response> {
  // As at the authorization endpoint: what only looks at a link uses nothing up, and signs nobody in.
  if (request.method !== 'GET') return problemPage('method_not_allowed', given)
  const url = new URL(request.url)
  if (given.upstream === undefined) return failed({ problem: 'unknown_provider', request: null }, given)
  const visitor = await readVisitor(request, given)
  const answer = {
    provider: url.pathname.slice(url.pathname.lastIndexOf('/') + 1),
    query: readForm(url.searchParams),
    cookie: visitor.cookie,
  }
  const finished = await given.upstream.finish(answer, given)
  const query = (finished.ok ? finished.value.request : finished.error.request) ?? undefined
  const ctx = inAttempt(query ?? '', given)
  if (!finished.ok) {
    // Another tab was faster, and its sign-in gave the browser a new cookie: whoever is signed in goes on as they are.
    const isLate = finished.error.problem === 'unknown_sign_in' && visitor.user !== null && query !== undefined
    return isLate ? seeOther(authorizeLink(new URLSearchParams(query), ctx)) : failed(finished.error, ctx)
  }
  const { user, session } = finished.value
  const client = query === undefined ? null : new URLSearchParams(query).get('client_id')
  const wait = client === null ? 0 : await ctx.limits.sign_in.waitFor(client, null, ctx.requestId)
  if (wait > 0) {
    noteRefusal('rate_limited', query ?? '', ctx)
    return tooManyRequests(wait, ctx)
  }
  if (client !== null) ctx.limits.sign_in.succeeded(client, user.id)
  const headers = await startSession(user, visitor, ctx, session)
  if (headers === null) return failed({ problem: 'no_account', request: query ?? null }, ctx)
  return seeOther(query === undefined ? linkTo('account', ctx) : afterSignIn(query, ctx), headers)
}

/** Written down with the reason; told without it where that is none of a stranger's business. */
function failed(failure: UpstreamFailure, ctx: PagesContext): Response {
  const { problem, request, userId } = failure
  const event = { type: 'sign_in_failed', reason: problem, ...(userId === undefined ? {} : { userId }) } as const
  const claimed = claimsOf(readForm(new URLSearchParams(request ?? '')), null)
  ctx.audit({ ...auditEntry(event, { ...ctx, from: ctx.visitorAddress }), claimed })
  return upstreamProblemPage(failure, ctx)
}
