/**
 * What a provider's answer comes to: the browser that began, once; the provider that it began with; a code; an ID token; a person who may come.
 *
 * @see OpenID Connect Core 1.0 section 3.1.2.5 to section 3.1.3.7
 * @see RFC 9207 section 2.4: the `iss` of the answer
 * @module
 */
import type { FormRecord } from '../../../shared/form.ts'
import { err, ok, type Result } from '../../../shared/result.ts'
import type { Origin } from '../../core/dependencies.ts'
import type { PendingSignIn } from '../../core/records.ts'
import type { UpstreamArrival, UpstreamFailure, UpstreamProblem } from '../../core/upstream.ts'
import { findOrCreateAccount } from './account.ts'
import { ATTEMPT_LIFETIME, callbackOf, wantsAnew } from './begin.ts'
import { checkIdToken, type IdTokenClaims } from './check-id-token.ts'
import type { OidcContext } from './context.ts'
import type { Discover, ProviderMetadata } from './discover.ts'
import { readProfile } from './profile.ts'
import type { OidcProvider } from './provider.ts'
import { nonceOf, verifierOf } from './secrets-of-attempt.ts'
import { requestTokens, type UpstreamTokens } from './token-request.ts'
import { readUserinfo } from './userinfo.ts'

export interface Answered {
  readonly provider: string
  readonly query: FormRecord
  readonly cookie: string | null
}

export async function finish(
  { provider: id, query, cookie }: Answered,
  discover: Discover,
  ctx: OidcContext & Origin,
): Promise<Result<UpstreamArrival, UpstreamFailure>> {
  const { store, hash, now } = ctx
  const state = textOf(query['state'])
  const hashed = await hash(state)
  // The one line that lets an answer through: once, and in the browser that began.
  const pending = cookie === null ? null : await store.pendingSignIns.take(hashed, await hash(cookie), now())
  if (pending === null || cookie === null) {
    const elsewhere = await store.pendingSignIns.find(hashed, now())
    return err({ problem: 'unknown_sign_in', request: elsewhere?.request ?? null })
  }
  const fail = (problem: UpstreamProblem, more: { userId?: string } = {}) =>
    err({ problem, request: pending.request, ...more })
  const provider = ctx.providers.find((one) => one.id === pending.provider)
  if (provider === undefined) return fail('unknown_provider')
  if (provider.id !== id) return fail('wrong_provider')
  const metadata = await discover(provider.issuer)
  if (!metadata.ok) return fail(metadata.error)
  const code = readAnswer(query, metadata.value)
  if (!code.ok) return fail(code.error)

  const attempt = { provider, metadata: metadata.value, pending, state, cookie, code: code.value }
  const signed = await redeem(attempt, ctx)
  if (!signed.ok) return fail(signed.error)
  const { claims, tokens, idToken } = signed.value
  const profile = await profileOf(attempt, signed.value, ctx)
  if (!profile.ok) return fail(profile.error)

  const seen = { issuer: provider.issuer, subject: claims.sub, ...(await toBeChecked(tokens, ctx)) }
  const account = await findOrCreateAccount(seen, { provider, profile: profile.value }, ctx)
  if (!account.ok) return fail(account.error.problem, account.error)
  const session = { issuer: provider.issuer, subject: claims.sub, sid: claims.sid ?? null, idToken }
  return ok({ user: account.value, request: pending.request, session })
}

/** Pure. The code of an answer of this very provider. */
export function readAnswer(
  query: FormRecord,
  { issuer, authorization_response_iss_parameter_supported: promised }: ProviderMetadata,
): Result<string, 'wrong_provider' | 'provider_refused'> {
  const { iss, error, code } = query
  // Judged before anything else in it, an error included.
  if (iss === undefined ? promised : iss !== issuer) return err('wrong_provider')
  if (error !== undefined || typeof code !== 'string') return err('provider_refused')
  return ok(code)
}

const TOKEN_PROBLEMS = {
  refused: 'code_refused',
  misconfigured: 'provider_misconfigured',
  unavailable: 'provider_unavailable',
} as const

interface Attempt {
  readonly provider: OidcProvider
  readonly metadata: ProviderMetadata
  readonly pending: PendingSignIn
  readonly state: string
  readonly cookie: string
  readonly code: string
}

interface SignedIn {
  readonly claims: IdTokenClaims
  readonly idToken: string
  readonly tokens: UpstreamTokens
}

async function redeem(
  { provider, metadata, pending, state, cookie, code }: Attempt,
  ctx: OidcContext,
): Promise<Result<SignedIn, UpstreamProblem>> {
  const { issuer, hash } = ctx
  const grant = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: callbackOf(issuer, provider),
    code_verifier: await verifierOf(state, cookie, hash),
  }
  const tokens = await requestTokens(provider, metadata.token_endpoint, grant, ctx)
  if (!tokens.ok) return err(TOKEN_PROBLEMS[tokens.error])
  const { id_token: idToken, access_token: accessToken } = tokens.value
  if (idToken === undefined) return err('malformed_id_token')
  const expected = {
    provider,
    nonce: await nonceOf(state, cookie, hash),
    accessToken,
    ...(wantsAnew(pending.request) ? { authenticatedSince: pending.expiresAt - ATTEMPT_LIFETIME } : {}),
  }
  const claims = await checkIdToken(idToken, expected, ctx)
  return claims.ok ? ok({ claims: claims.value, idToken, tokens: tokens.value }) : claims
}

async function profileOf(
  { provider, metadata }: Pick<Attempt, 'provider' | 'metadata'>,
  { claims, tokens }: Pick<SignedIn, 'claims' | 'tokens'>,
  ctx: OidcContext,
) {
  const { userinfo_endpoint: endpoint } = metadata
  if (!provider.userinfo || endpoint === undefined || tokens.access_token === undefined)
    return readProfile(claims, {}, provider)
  const wanted = { accessToken: tokens.access_token, subject: claims.sub }
  const userinfo = await readUserinfo(endpoint, wanted, ctx)
  return userinfo.ok ? readProfile(claims, userinfo.value, provider) : userinfo
}

/** What is stored for asking the provider again, with what it has just given. */
export async function toBeChecked({ refresh_token: token }: UpstreamTokens, ctx: OidcContext) {
  const lastSeenAt = ctx.now()
  return {
    lastSeenAt,
    sealedRefreshToken: token === undefined ? null : await ctx.vault.seal(token),
    checkAt: token === undefined ? nextCheck(lastSeenAt, ctx) : lastSeenAt + ctx.revalidation.every,
  }
}

/** When somebody is looked at again whose provider cannot be asked. */
export function nextCheck(lastSeenAt: number, { now, revalidation: { every, unseen } }: OidcContext): number {
  const next = now() + every
  return unseen === null ? next : Math.min(next, lastSeenAt + unseen)
}

const textOf = (value: FormRecord[string] | undefined): string => (typeof value === 'string' ? value : '')
