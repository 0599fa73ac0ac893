/**
 * Everything that a person sees, as one Elysia plugin. Routes are declared without the issuer's path: whoever mounts the plugin
 * strips it.
 *
 * Every handler is a plain function of a `Request`, and nothing here depends on a hook: neither the check of a form nor the error
 * page can be lost by the order in which plugins are chained.
 *
 * @module
 */
import { Elysia } from 'elysia'
import { MOST_URL } from '../core/bounds.ts'
import { StoreUnavailable } from '../core/ports.ts'
import type { EndpointLimiter } from '../core/rate-limits/endpoint-limiter.ts'
import { account, revokeGrant } from './account.ts'
import { assetResponse, ICON, STYLESHEET } from './assets.ts'
import { authorize } from './authorize.ts'
import { clientLogo } from './client-logo.ts'
import { consent } from './consent.ts'
import { type PagesContext, type PagesOptions, pagesContext } from './context.ts'
import { path } from './links.ts'
import { problemPage, tooManyRequests } from './problem-page.ts'
import { noteRefusal, requestIn } from './refusal.ts'
import { showSignIn, signIn, signOut } from './sign-in.ts'
import { finishElsewhere, startElsewhere } from './sign-in-elsewhere.ts'

/**
 * The pages of an authorization server.
 *
 * @example new Elysia().use(pages({ as, store, login, now, random, hash, audit }))
 */
export function pages(options: PagesOptions) {
  const ctx = pagesContext(options)
  const { limits } = ctx
  const page =
    (limiter: EndpointLimiter, handler: Handler, step: PagesContext['step'] = null) =>
    ({ request }: { readonly request: Request }) => {
      const visit = { requestId: ctx.requestIdOf(request), step, visitorAddress: () => ctx.clientAddress(request) }
      return guard(within(limiter, handler), request, { ...ctx, ...visit })
    }
  // The handlers read the body themselves.
  const form = { parse: 'none', detail: { hide: true } } as const
  const view = { detail: { hide: true } } as const

  return new Elysia()
    .get(path.authorize, page(limits.authorize, authorize, 'authorization_rejected'), view)
    .all(path.authorize, page(limits.authorize, authorize, 'authorization_rejected'), form)
    .post(path.consent, page(limits.authorize, consent, 'consent_rejected'), form)
    .get(path.clientLogo, page(limits.authorize, clientLogo), view)
    .get(path.signIn, page(limits.sign_in, showSignIn, 'sign_in_rejected'), view)
    .post(path.signIn, page(limits.sign_in, signIn, 'sign_in_rejected'), form)
    .post(path.signOut, page(limits.sign_in, signOut), form)
    .post(path.startElsewhere, page(limits.sign_in, startElsewhere, 'sign_in_rejected'), form)
    .get(`${path.callback}/:provider`, page(limits.sign_in, finishElsewhere, 'sign_in_rejected'), view)
    .get(path.account, page(limits.authorize, account), view)
    .post(path.revoke, page(limits.authorize, revokeGrant), form)
    .get(STYLESHEET.path, () => assetResponse(STYLESHEET), view)
    .get(ICON.path, () => assetResponse(ICON), view)
}

type Handler = (request: Request, ctx: PagesContext) => Promise<Response>

/** Who comes too often, or asks for too much, is told so before anything is looked up. */
const within =
  (limiter: EndpointLimiter, handler: Handler): Handler =>
  async (request, ctx) => {
    const seconds = await limiter.arrive(ctx.clientNetwork(request), ctx.requestId)
    const reason = seconds > 0 ? 'rate_limited' : request.url.length > MOST_URL ? 'url_too_long' : null
    if (reason === null) return handler(request, ctx)
    noteRefusal(reason, requestIn(request), ctx)
    return reason === 'rate_limited' ? tooManyRequests(seconds, ctx) : problemPage('too_long', ctx)
  }

/** Trouble of our own as a page: no stack, no message, nothing that was sent. */
async function guard(handler: Handler, request: Request, ctx: PagesContext): Promise<Response> {
  try {
    return await handler(request, ctx)
  } catch (error) {
    ctx.onFailure(error, ctx.requestId)
    const isDown = error instanceof StoreUnavailable
    noteRefusal(isDown ? 'unavailable' : 'internal_error', requestIn(request), ctx)
    return problemPage(isDown ? 'unavailable' : 'failed', ctx)
  }
}
