/**
 * Signing out at the provider, too.
 *
 * @see OpenID Connect RP-Initiated Logout 1.0 section 2 and section 3
 * @module
 */
import type { UpstreamSession } from '../../core/records.ts'
import type { OidcContext } from './context.ts'
import type { Discover } from './discover.ts'

/** Characters. An ID token of somebody in many groups makes an address that servers refuse (414, 502), and nobody is signed out there. */
const LONGEST_HINT = 4096

export async function signOutUrl(
  { issuer, sealedIdToken }: UpstreamSession,
  cookie: string,
  discover: Discover,
  ctx: OidcContext,
): Promise<string | null> {
  const provider = ctx.providers.find((one) => one.issuer === issuer)
  if (provider === undefined || !provider.signOut) return null
  // Whoever signs out is signed out here already: a provider that is down must not hold them up.
  const metadata = await discover(issuer)
  if (!metadata.ok || metadata.value.end_session_endpoint === undefined) return null
  const url = new URL(metadata.value.end_session_endpoint)
  const idToken = await ctx.sealer.open(sealedIdToken, cookie)
  // Section 2: recommended, not required. Without it the provider may ask the person.
  if (idToken !== null && idToken.length <= LONGEST_HINT) url.searchParams.set('id_token_hint', idToken)
  url.searchParams.set('client_id', provider.clientId)
  url.searchParams.set('post_logout_redirect_uri', `${ctx.issuer.replace(/\/$/, '')}/sign-in`)
  return url.href
}
