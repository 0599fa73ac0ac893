/**
 * `GET /oauth/authorize`: where a person arrives from an application. What is asked is judged first, then who is there.
 *
 * @see OAuth 2.1 section 3.1 and section 4.1.1 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { readForm } from '../../shared/form.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import type { ValidRequest } from '../core/authorize/request.ts'
import { consentPage } from './consent-page.ts'
import type { PagesContext } from './context.ts'
import { authorizeLink, signInLink } from './links.ts'
import { problemPage, rejectionPage } from './problem-page.ts'
import { pageResponse, seeOther } from './respond.ts'
import { isSignedIn, readVisitor } from './visitor.ts'

export async function authorize(request: Request, ctx: PagesContext): Promise<Response> {
  // A HEAD, sent by something that only looks at links, must not issue a code.
  if (request.method !== 'GET') return problemPage('method_not_allowed', ctx)
  const query = new URL(request.url).search.slice(1)
  const judged = await judge(query, ctx)
  if (!judged.ok) return judged.error
  if (ctx.devLogin !== undefined) return approveAs(ctx.devLogin, judged.value, ctx)

  const visitor = await readVisitor(request, ctx)
  const step = await ctx.as.next(judged.value, visitor.user?.id ?? null, ctx)
  if (step.kind === 'redirect') return seeOther(step.location)
  if (step.kind === 'sign_in' || !isSignedIn(visitor)) return seeOther(signInLink(query, ctx))
  const { csrf, user } = visitor
  return pageResponse(consentPage({ csrf, user, request: judged.value, query }, ctx), { leadsToClient: true })
}

/**
 * The authorization request that `query` makes. It is judged anew at every step, so that nothing has to be remembered between the
 * steps and nothing in a form has to be trusted. A failure is the answer to give: a page, or a redirect that the core allowed.
 */
export async function judge(query: string, ctx: PagesContext): Promise<Result<ValidRequest, Response>> {
  const outcome = await ctx.as.authorize(readForm(new URLSearchParams(query)), ctx)
  if (outcome.kind === 'valid') return ok(outcome.request)
  return err(outcome.kind === 'redirect' ? seeOther(outcome.location) : rejectionPage(outcome.rejection, ctx))
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
