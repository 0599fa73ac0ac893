/**
 * The browser at the other end: its cookie, its form token, and who is signed in with it.
 *
 * A browser without a session has a cookie too, once it has seen the sign-in page: the form token hangs on it. It is worth nothing
 * else, and signing in replaces it, so that nobody can plant a cookie and wait for it to become a session.
 *
 * @see OWASP Session Management Cheat Sheet: renew the session identifier after a change of privilege
 * @module
 */
import { auditEntry } from '../core/audit.ts'
import type { UpstreamSession, User } from '../core/records.ts'
import type { UpstreamArrival } from '../core/upstream.ts'
import type { PagesContext } from './context.ts'
import { csrfToken } from './csrf.ts'
import { readSessionCookie, writeSessionCookie } from './session-cookie.ts'

/** Someone who is signed in. */
export interface SignedIn {
  readonly cookie: string
  readonly csrf: string
  readonly user: User
  /** The hash that the session is stored under. */
  readonly session: string
}

/** Anyone. */
export type Visitor =
  | SignedIn
  | { readonly cookie: string | null; readonly csrf: string | null; readonly user: null; readonly session: null }

export const isSignedIn = (visitor: Visitor): visitor is SignedIn => visitor.user !== null

export async function readVisitor(request: Request, ctx: PagesContext): Promise<Visitor> {
  const cookie = readSessionCookie(request.headers.get('cookie'), ctx.secure)
  if (cookie === null) return { cookie, csrf: null, user: null, session: null }
  const csrf = await csrfToken(cookie, ctx.hash)
  const session = await ctx.hash(cookie)
  const found = await ctx.store.sessions.find(session, ctx.now())
  const user = found === null ? null : await ctx.store.users.find(found.userId)
  return user?.disabledAt === null ? { cookie, csrf, user, session } : { cookie, csrf, user: null, session: null }
}

/** The visitor's form token; a browser without a cookie gets one with it. */
export async function formToken(
  visitor: Visitor,
  ctx: PagesContext,
): Promise<{ readonly csrf: string; readonly headers: Readonly<Record<string, string>> }> {
  if (visitor.csrf !== null) return { csrf: visitor.csrf, headers: {} }
  const cookie = ctx.random()
  return {
    csrf: await csrfToken(cookie, ctx.hash),
    headers: { 'set-cookie': writeSessionCookie(cookie, ctx.secure, null) },
  }
}

/**
 * Signs `user` in: a new cookie, whatever the browser had before. The headers that set it; null: they were removed or disabled since they were looked up, or
 * have another password. `from`: where they have signed in, if not here.
 */
export async function startSession(
  user: User,
  before: Visitor,
  ctx: PagesContext,
  from?: UpstreamArrival['session'],
): Promise<Readonly<Record<string, string>> | null> {
  const cookie = ctx.random()
  const now = ctx.now()
  if (before.cookie !== null) await endOne(before.cookie, before, ctx)
  const session = {
    hash: await ctx.hash(cookie),
    userId: user.id,
    createdAt: now,
    expiresAt: now + ctx.sessionTtl,
    ...(from === undefined ? {} : { upstream: await sealedFor(cookie, from, ctx) }),
  }
  const entry = auditEntry({ type: 'sign_in', userId: user.id }, ctx)
  const passwordHash = from === undefined ? user.passwordHash : null
  if (!(await ctx.store.sessions.create(session, passwordHash, entry))) return null
  ctx.audit(entry)
  return { 'set-cookie': writeSessionCookie(cookie, ctx.secure, ctx.sessionTtl) }
}

/** Signs the visitor out. The headers that remove the cookie. */
export async function endSession(visitor: Visitor, ctx: PagesContext): Promise<Readonly<Record<string, string>>> {
  if (visitor.cookie !== null) await endOne(visitor.cookie, visitor, ctx)
  return { 'set-cookie': writeSessionCookie('', ctx.secure, 0) }
}

/** Where to send a browser that signs out here, so that it is signed out where it has signed in; null: nowhere. */
export async function signOutElsewhere({ cookie, user }: Visitor, ctx: PagesContext): Promise<string | null> {
  if (cookie === null || user === null || ctx.upstream === undefined) return null
  const session = await ctx.store.sessions.find(await ctx.hash(cookie), ctx.now())
  return session?.upstream === undefined ? null : ctx.upstream.signOut(session.upstream, cookie)
}

/** A cookie without a session has nobody who signs out. */
async function endOne(cookie: string, { user }: Visitor, ctx: PagesContext): Promise<void> {
  if (user === null) return
  const entry = auditEntry({ type: 'sign_out', userId: user.id }, ctx)
  await ctx.store.sessions.remove(await ctx.hash(cookie), entry)
  ctx.audit(entry)
}

/** The browser alone can open what the provider wants back. */
async function sealedFor(
  cookie: string,
  { idToken, ...session }: UpstreamArrival['session'],
  { sealer }: PagesContext,
): Promise<UpstreamSession> {
  return { ...session, sealedIdToken: await sealer.seal(idToken, cookie) }
}
