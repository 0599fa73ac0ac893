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
import { toBeChecked } from './finish.ts'
import { readProfile } from './profile.ts'
import type { OidcProvider } from './provider.ts'
import { requestTokens, type UpstreamTokens } from './token-request.ts'
import { readUserinfo } from './userinfo.ts'

/** Seconds until a provider that could not be asked is asked again. */
export const RETRY = 300

export type Verdict = 'still_there' | 'gone' | 'unknown'

/** Of one person. What is stored follows. */
export async function revalidate(identity: Identity, discover: Discover, ctx: OidcContext): Promise<Verdict> {
  const { store, vault, now, revalidation } = ctx
  const provider = ctx.providers.find(({ issuer }) => issuer === identity.issuer)
  const token = identity.sealedRefreshToken === null ? null : await vault.open(identity.sealedRefreshToken)
  const asked =
    provider === undefined || token === null ? 'unknown' : await ask(provider, { identity, token }, discover, ctx)
  if (typeof asked === 'object') {
    const kept = { refresh_token: asked.refresh_token ?? token ?? undefined }
    await store.identities.seen({ ...identity, ...(await toBeChecked(kept, ctx)) })
    return 'still_there'
  }
  const { unseen } = revalidation
  const tooLong = unseen !== null && now() - identity.lastSeenAt >= unseen
  if (asked === 'gone' || tooLong)
    return end(identity, asked === 'gone' ? 'refused_by_provider' : 'not_seen_by_provider', ctx)
  return 'unknown'
}

async function end(
  identity: Identity,
  reason: 'refused_by_provider' | 'not_seen_by_provider',
  { store, audit, now }: OidcContext,
): Promise<'gone'> {
  const event = { type: 'access_ended', reason, userId: identity.userId } as const
  const entry = { ...auditEntry(event, { now, requestId: null }), actor: SERVER }
  if (await store.identities.lose(identity, now(), entry)) audit(entry)
  return 'gone'
}

interface Asked {
  readonly identity: Identity
  readonly token: string
}

async function ask(
  provider: OidcProvider,
  { identity, token }: Asked,
  discover: Discover,
  ctx: OidcContext,
): Promise<UpstreamTokens | 'gone' | 'unknown'> {
  const metadata = await discover(provider.issuer)
  if (!metadata.ok) return 'unknown'
  const grant = { grant_type: 'refresh_token', refresh_token: token }
  const tokens = await requestTokens(provider, metadata.value.token_endpoint, grant, ctx)
  if (!tokens.ok) return tokens.error === 'refused' ? 'gone' : 'unknown'
  // The old refresh token may be worth nothing now: whatever follows, the new one is kept.
  const admitted = await isAdmitted(provider, metadata.value, { identity, tokens: tokens.value }, ctx)
  return admitted ? tokens.value : 'gone'
}

/** Whether they may still come, as far as the answer says. */
async function isAdmitted(
  provider: OidcProvider,
  { userinfo_endpoint: endpoint }: ProviderMetadata,
  { identity, tokens }: { readonly identity: Identity; readonly tokens: UpstreamTokens },
  ctx: OidcContext,
): Promise<boolean> {
  const { id_token: idToken, access_token: accessToken } = tokens
  const claims = idToken === undefined ? null : await checkIdToken(idToken, { provider, accessToken }, ctx)
  // A provider that signs for somebody else, or not at all, has not said that this one is there.
  if (claims !== null && !claims.ok) return claims.error === 'provider_unavailable'
  if (claims !== null && claims.value.sub !== identity.subject) return false
  const subject = identity.subject
  const userinfo =
    provider.userinfo && endpoint !== undefined && accessToken !== undefined
      ? await readUserinfo(endpoint, { accessToken, subject }, ctx)
      : null
  if (userinfo !== null && !userinfo.ok) return userinfo.error === 'provider_unavailable'
  if (claims === null && userinfo === null) return true
  return readProfile(claims?.value ?? {}, userinfo?.value ?? {}, provider).ok
}
