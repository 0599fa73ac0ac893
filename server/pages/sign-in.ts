/**
 * `GET` and `POST /sign-in`, and `POST /sign-out`. From here a person goes on to the authorization request that brought them, or to
 * the account page: no other place can be asked for.
 *
 * @see OAuth 2.1 section 7.13 (draft-ietf-oauth-v2-1-16): open redirectors
 * @module
 */
import { readForm } from '../../shared/form.ts'
import type { Result } from '../../shared/result.ts'
import { ok } from '../../shared/result.ts'
import { auditEntry } from '../core/audit.ts'
import { claimsOf } from '../core/claimed.ts'
import type { SignInProblem } from '../core/ports.ts'
import type { Client } from '../core/records.ts'
import { afterSignIn, judge } from './authorize.ts'
import { inAttempt, type PagesContext } from './context.ts'
import { displayText } from './display-text.ts'
import { authorizeLink, linkTo, signInLink } from './links.ts'
import { readPost } from './post.ts'
import { tooManyRequests } from './problem-page.ts'
import { describePublisher } from './publisher.ts'
import { describeRedirectTarget } from './redirect-target.ts'
import { noteRefusal } from './refusal.ts'
import { pageResponse, seeOther } from './respond.ts'
import { type SignInView, signInPage } from './sign-in-page.ts'
import { endSession, formToken, readVisitor, signOutElsewhere, startSession, type Visitor } from './visitor.ts'

/** How long the brake on guessing stays on, at most. Seconds. */
const BRAKE = 15 * 60

export async function showSignIn(request: Request, given: PagesContext): Promise<Response> {
  const query = new URL(request.url).searchParams.get('request') ?? undefined
  const ctx = inAttempt(query ?? '', given)
  const visitor = await readVisitor(request, ctx)
  const purpose = await readPurpose(query, visitor, ctx)
  if (!purpose.ok) return purpose.error
  if (visitor.user !== null && !purpose.value.again) {
    return seeOther(query === undefined ? linkTo('account', ctx) : authorizeLink(new URLSearchParams(query), ctx))
  }
  return answer(visitor, purpose.value.view, {}, ctx)
}

export async function signIn(request: Request, given: PagesContext): Promise<Response> {
  const posted = await readPost(request, given)
  if (!posted.ok) return posted.error
  const { form, visitor } = posted.value
  const ctx = inAttempt(form.request ?? '', given)
  const purpose = await readPurpose(form.request, visitor, ctx)
  if (!purpose.ok) return purpose.error
  if (ctx.upstream?.passwords === false) {
    const known = purpose.value.client === null ? {} : { clientId: purpose.value.client.id }
    ctx.audit(
      auditEntry({ type: 'sign_in_failed', reason: 'passwords_off', ...known }, { ...ctx, from: ctx.visitorAddress }),
    )
    return answer(visitor, purpose.value.view, {}, ctx)
  }
  const party = partyOf(form.request, purpose.value)
  const wait = party === null ? 0 : await ctx.limits.sign_in.waitFor(party, null, ctx.requestId)
  if (wait > 0) {
    ctx.limits.sign_in.takeBack()
    noteRefusal('rate_limited', form.request ?? '', ctx)
    return tooManyRequests(wait, ctx)
  }
  const { username, password } = form
  const verified = await ctx.login.verify(username, password, ctx.clientAddress(request))
  const refuse = async (problem: SignInProblem): Promise<Response> => {
    await noteFailure(problem, username, { query: form.request, client: purpose.value.client }, ctx)
    return answer(visitor, purpose.value.view, { username: displayText(username) ?? '', problem }, ctx)
  }
  if (!verified.ok) return refuse(verified.error)
  // Only now: strangers who name a client must not keep its users out.
  if (party !== null) ctx.limits.sign_in.succeeded(party, verified.value.id)
  const headers = await startSession(verified.value, visitor, ctx)
  if (headers === null) return refuse('bad_credentials')
  return seeOther(form.request === undefined ? linkTo('account', ctx) : afterSignIn(form.request, ctx), headers)
}

export async function signOut(request: Request, ctx: PagesContext): Promise<Response> {
  const posted = await readPost(request, ctx)
  if (!posted.ok) return posted.error
  const { form, visitor } = posted.value
  // On the way to an application somebody else wants to sign in: they stay here.
  const elsewhere = form.request === undefined ? await signOutElsewhere(visitor, ctx) : null
  return seeOther(elsewhere ?? signInLink(form.request, ctx), await endSession(visitor, ctx))
}

/** What the sign-in is for. `again`: the request asks for a fresh one, whoever is signed in. */
interface Purpose {
  readonly view: SignInView['request']
  readonly again: boolean
  /** Whom it is for, where that is known. */
  readonly client: Client | null
}

async function readPurpose(
  query: string | undefined,
  visitor: Visitor,
  ctx: PagesContext,
): Promise<Result<Purpose, Response>> {
  if (query === undefined) return ok({ view: undefined, again: false, client: null })
  const judged = await judge(query, visitor, ctx)
  if (!judged.ok) return judged
  if (judged.value === null) {
    const publisher = describePublisher(new URLSearchParams(query).get('client_id') ?? '')
    return ok({ view: { query, publisher }, again: false, client: null })
  }
  const { client, prompts, redirectUri } = judged.value
  const application = { name: displayText(client.name), target: describeRedirectTarget(redirectUri) }
  return ok({ view: { query, application }, again: prompts.includes('login'), client })
}

/** The client that somebody is on the way to, as limits know it. One that is read after the sign-in is known by what it is called. Null: none. */
const partyOf = (query: string | undefined, { client }: Purpose): string | null =>
  client?.id ?? (query === undefined ? null : new URLSearchParams(query).get('client_id'))

/** Whose account it was for, if there is one. What was typed is not kept: people type passwords into the wrong field. */
async function noteFailure(
  reason: SignInProblem,
  username: string,
  { query = '', client }: { query: string | undefined; client: Client | null },
  ctx: PagesContext,
): Promise<void> {
  const user = await ctx.store.users.findByUsername(username)
  const known = { ...(user === null ? {} : { userId: user.id }), ...(client === null ? {} : { clientId: client.id }) }
  const origin = { ...ctx, from: ctx.visitorAddress }
  const claimed = claimsOf(readForm(new URLSearchParams(query)), null)
  ctx.audit({ ...auditEntry({ type: 'sign_in_failed', reason, ...known }, origin), claimed })
}

const STATUS = { bad_credentials: 403, too_many_attempts: 429, account_disabled: 403 } as const

async function answer(
  visitor: Visitor,
  request: SignInView['request'],
  failure: Pick<SignInView, 'username' | 'problem'>,
  ctx: PagesContext,
): Promise<Response> {
  const { csrf, headers } = await formToken(visitor, ctx)
  const { problem } = failure
  return pageResponse(signInPage({ csrf, request, ...failure }, ctx), {
    status: problem === undefined ? 200 : STATUS[problem],
    headers: problem === 'too_many_attempts' ? { ...headers, 'retry-after': String(BRAKE) } : headers,
    leadsElsewhere: request !== undefined || ctx.upstream !== undefined,
  })
}
