/**
 * Asking a provider again whether somebody is still one of its people: with the refresh token that it gave. What it refuses ends everything that
 * was granted; that it cannot be asked does not, unless the settings say for how long that may be.
 *
 * @see OpenID Connect Core 1.0 section 12.2: an ID token of a refresh is for the same person
 * @see docs/adr/0193-who-has-left.md
 * @module
 */
import { auditEntry, SERVER } from '../../core/audit.ts'
import type { Identity } from '../../core/records.ts'
import { checkIdToken } from './check-id-token.ts'
import type { OidcContext } from './context.ts'
import type { Discover, ProviderMetadata } from './discover.ts'
import { nextCheck, toBeChecked } from './finish.ts'
import { readProfile } from './profile.ts'
import type { OidcProvider } from './provider.ts'
import { requestTokens, type UpstreamTokens } from './token-request.ts'
import { readUserinfo } from './userinfo.ts'

/** Seconds until a provider that could not be asked is asked again. */
export const RETRY = 300

export type Verdict = 'still_there' | 'gone' | 'unknown'

/**
 * Of one person, whose turn it is. What is stored follows. `removed`: their provider is not in the settings any more. `unreadable`: what it is asked with
 * was sealed with a secret that is not known here.
 */
export async function revalidate(
  identity: Identity,
  discover: Discover,
  ctx: OidcContext,
): Promise<Verdict | 'removed' | 'unreadable'> {
  const { vault, now, revalidation } = ctx
  // The turn is over: somebody else may be asking, and one refresh token must not be used twice.
  if (identity.checkAt !== null && now() >= identity.checkAt) return 'unknown'
  const provider = ctx.providers.find(({ issuer }) => issuer === identity.issuer)
  if (provider === undefined) return (await end(identity, 'provider_removed', ctx)) ? 'removed' : 'gone'
  const token = identity.sealedRefreshToken === null ? null : await vault.open(identity.sealedRefreshToken)
  const asked = { identity, token: token ?? '' }
  const { verdict, next } = token === null ? UNKNOWN : await ask(provider, asked, discover, ctx)
  if (verdict === 'still_there') {
    await keep(asked, await toBeChecked({ refresh_token: next ?? token ?? '' }, ctx), ctx)
    return verdict
  }
  // The old refresh token may be worth nothing now: whatever follows, the new one is kept.
  const kept =
    next === undefined ? identity : { ...identity, sealedRefreshToken: await vault.seal(next), checkAt: now() + RETRY }
  if (next !== undefined) await keep(asked, kept, ctx)
  const { unseen } = revalidation
  const tooLong = unseen !== null && now() - identity.lastSeenAt >= unseen
  if (verdict === 'gone' || tooLong) {
    await end(kept, verdict === 'gone' ? 'refused_by_provider' : 'not_seen_by_provider', ctx)
    return 'gone'
  }
  // Nobody can be asked: what is looked at next time is whether the provider is still there, and for how long it has said nothing.
  if (token === null) await keep(asked, { ...identity, checkAt: nextCheck(identity.lastSeenAt, ctx) }, ctx)
  return token === null && identity.sealedRefreshToken !== null ? 'unreadable' : 'unknown'
}

/** Stores what came of it, unless something newer is there. What was merely sealed with another secret meanwhile is what it was. */
async function keep(
  { identity, token }: Asked,
  answer: Pick<Identity, 'lastSeenAt' | 'sealedRefreshToken' | 'checkAt'>,
  { store: { identities }, vault }: OidcContext,
): Promise<void> {
  if (await identities.answered(identity, answer)) return
  const sealed = (await identities.find(identity.issuer, identity.subject))?.sealedRefreshToken ?? null
  if (sealed !== null && (await vault.open(sealed)) === token)
    await identities.answered({ ...identity, sealedRefreshToken: sealed }, answer)
}

/** False: they have signed in anew meanwhile. */
async function end(
  identity: Identity,
  reason: 'refused_by_provider' | 'not_seen_by_provider' | 'provider_removed',
  { store, audit, now }: OidcContext,
): Promise<boolean> {
  const event = { type: 'access_ended', reason, userId: identity.userId } as const
  const entry = { ...auditEntry(event, { now, requestId: null }), actor: SERVER }
  const ended = await store.identities.lose(identity, now(), entry)
  if (ended) audit(entry)
  return ended
}

interface Asked {
  readonly identity: Identity
  readonly token: string
}

interface Answer {
  readonly verdict: Verdict
  /** The refresh token that takes the place of the old one. */
  readonly next?: string | undefined
}

const UNKNOWN: Answer = { verdict: 'unknown' }

async function ask(
  provider: OidcProvider,
  { identity, token }: Asked,
  discover: Discover,
  ctx: OidcContext,
): Promise<Answer> {
  const metadata = await discover(provider.issuer)
  if (!metadata.ok) return UNKNOWN
  const grant = { grant_type: 'refresh_token', refresh_token: token }
  const tokens = await requestTokens(provider, metadata.value.token_endpoint, grant, ctx)
  if (!tokens.ok) return tokens.error === 'refused' ? { verdict: 'gone' } : UNKNOWN
  const verdict = await judge(provider, metadata.value, { identity, tokens: tokens.value }, ctx)
  return { verdict, next: tokens.value.refresh_token }
}

/** Whether they may still come. What cannot be read or verified says neither that they may nor that they may not. */
async function judge(
  provider: OidcProvider,
  { userinfo_endpoint: endpoint }: ProviderMetadata,
  { identity, tokens }: { readonly identity: Identity; readonly tokens: UpstreamTokens },
  ctx: OidcContext,
): Promise<Verdict> {
  const { id_token: idToken, access_token: accessToken } = tokens
  const claims = idToken === undefined ? null : await checkIdToken(idToken, { provider, accessToken }, ctx)
  if (claims !== null && !claims.ok) return 'unknown'
  if (claims !== null && claims.value.sub !== identity.subject) return 'gone'
  const subject = identity.subject
  const userinfo =
    provider.userinfo && endpoint !== undefined && accessToken !== undefined
      ? await readUserinfo(endpoint, { accessToken, subject }, ctx)
      : null
  if (userinfo !== null && !userinfo.ok) return userinfo.error === 'wrong_userinfo_subject' ? 'gone' : 'unknown'
  if (claims === null && userinfo === null) return 'still_there'
  return readProfile(claims?.value ?? {}, userinfo?.value ?? {}, provider).ok ? 'still_there' : 'gone'
}
