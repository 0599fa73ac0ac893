/**
 * `GET /oauth/authorize`: where a person arrives from an application. What is asked is judged before they have to do anything.
 *
 * @see OAuth 2.1 section 3.1 and section 4.1.1 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { readForm } from '../../shared/form.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import { auditEntry } from '../core/audit.ts'
import type { ValidRequest } from '../core/authorize/request.ts'
import { excessOf, MOST_URL } from '../core/bounds.ts'
import { claimsOf } from '../core/claimed.ts'
import { askForConsent } from './ask-for-consent.ts'
import { inAttempt, type PagesContext } from './context.ts'
import { authorizeLink, signInLink } from './links.ts'
import { problemPage, rejectionPage, tooManyRequests } from './problem-page.ts'
import { noteRefusal } from './refusal.ts'
import { seeOther } from './respond.ts'
import { strangerPage } from './stranger-page.ts'
import { isSignedIn, readVisitor, type Visitor } from './visitor.ts'

export async function authorize(request: Request, given: PagesContext): Promise<Response> {
  // A HEAD, sent by something that only looks at links, must not issue a code.
  if (request.method !== 'GET') return problemPage('method_not_allowed', given)
  const query = new URL(request.url).search.slice(1)
  const ctx = inAttempt(query, given)
  const visitor = await readVisitor(request, ctx)
  const judged = await judge(query, visitor, ctx)
  if (!judged.ok) return judged.error
  if (judged.value === null) return toSignIn(query, ctx)
  const { client, resource } = judged.value
  ctx.trace(auditEntry({ type: 'authorization_accepted', clientId: client.id, resource: resource.identifier }, ctx))
  if (ctx.devLogin !== undefined) return approveAs(ctx.devLogin, judged.value, ctx)
  const tooMany = isSignedIn(visitor) ? await countForClient(judged.value, query, ctx) : null
  if (tooMany !== null) return tooMany

  const step = await ctx.as.next(judged.value, visitor.user?.id ?? null, ctx, visitor.session)
  if (step.kind === 'redirect') return seeOther(step.location)
  if (step.kind === 'page_before_redirect') return strangerPage(step, ctx)
  if (step.kind === 'sign_in' || !isSignedIn(visitor)) return toSignIn(query, ctx)
  return askForConsent({ request: judged.value, query, visitor }, ctx)
}

/**
 * The authorization request that `query` makes. It is judged anew at every step, so that nothing has to be remembered between the
 * steps and nothing in a form has to be trusted. A failure is the answer to give: a page, or a redirect that the core allowed. Null: it can
 * only be judged for somebody who is signed in. `answers`: whether this is the answer to a page that was made of it.
 */
export async function judge(
  query: string,
  { user }: Visitor,
  ctx: PagesContext,
  answers = false,
): Promise<Result<ValidRequest | null, Response>> {
  const parameters = new URLSearchParams(query)
  const excess = excessOf(parameters, query.length)
  if (excess !== null) {
    noteRefusal(excess, query, ctx)
    return err(rejectionPage({ reason: excess }, ctx))
  }
  const presence = { signedIn: user !== null || ctx.devLogin !== undefined, userId: user?.id, answers }
  const outcome = await ctx.as.authorize(readForm(parameters), presence, ctx)
  if (outcome.kind === 'valid') return ok(outcome.request)
  if (outcome.kind === 'sign_in_first') return ok(null)
  if (outcome.kind === 'page_before_redirect') return err(strangerPage(outcome, ctx))
  return err(outcome.kind === 'redirect' ? seeOther(outcome.location) : rejectionPage(outcome.rejection, ctx))
}

/** To the sign-in page, which carries the request, encoded once more, in its URL. */
function toSignIn(query: string, ctx: PagesContext): Response {
  const claimed = claimsOf(readForm(new URLSearchParams(query)), null)
  ctx.trace({ ...auditEntry({ type: 'sign_in_asked' }, ctx), claimed })
  const link = signInLink(query, ctx)
  if (ctx.origin.length + link.length <= MOST_URL) return seeOther(link)
  noteRefusal('url_too_long', query, ctx)
  return problemPage('too_long', ctx)
}

/** Counts what people who are signed in do for a client. A page when that was too much. */
export async function countForClient(
  { client }: ValidRequest,
  query: string,
  ctx: PagesContext,
): Promise<Response | null> {
  const { authorize: limiter } = ctx.limits
  const seconds = await limiter.waitFor(client.id, null, ctx.requestId)
  if (seconds > 0) {
    noteRefusal('rate_limited', query, ctx)
    return tooManyRequests(seconds, ctx)
  }
  limiter.succeeded(client.id)
  return null
}

/** `query` once the person has signed in for it: `prompt=login` was obeyed and must not be asked again. */
export function afterSignIn(query: string, ctx: PagesContext): string {
  const params = new URLSearchParams(query)
  const prompts = (params.get('prompt') ?? '').split(' ').filter((prompt) => prompt !== '' && prompt !== 'login')
  params.delete('prompt')
  if (prompts.length > 0) params.set('prompt', prompts.join(' '))
  return authorizeLink(params, ctx)
}

async function approveAs(username: string, request: ValidRequest, ctx: PagesContext): Promise<Response> {
  const user = await ctx.store.users.findByUsername(username)
  if (user === null) throw new Error('The user of the development login does not exist.')
  return seeOther(await ctx.as.approve(request, user.id, ctx))
}
