/**
 * The way to a provider: an authorization request of our own.
 *
 * @see OpenID Connect Core 1.0 section 3.1.2.1
 * @see RFC 9700 section 2.1.1 (PKCE) and section 4.4.2.2: a callback for each provider against mix-up
 * @module
 */
import { s256 } from '../../../shared/pkce.ts'
import { err, ok, type Result } from '../../../shared/result.ts'
import type { UpstreamFailure, UpstreamStart } from '../../core/upstream.ts'
import type { OidcContext } from './context.ts'
import type { Discover } from './discover.ts'
import type { OidcProvider } from './provider.ts'
import { nonceOf, verifierOf } from './secrets-of-attempt.ts'

/** Seconds that a person has for signing in there. */
export const ATTEMPT_LIFETIME = 600

export const callbackOf = (issuer: string, { id }: OidcProvider): string =>
  `${issuer.replace(/\/$/, '')}/oidc/callback/${id}`

export async function begin(
  { provider: id, cookie, request }: UpstreamStart,
  discover: Discover,
  { issuer, providers, store, random, hash, now }: OidcContext,
): Promise<Result<string, UpstreamFailure>> {
  const provider = providers.find((one) => one.id === id)
  if (provider === undefined) return err({ problem: 'unknown_provider', request })
  const metadata = await discover(provider.issuer)
  if (!metadata.ok) return err({ problem: metadata.error, request })
  const state = random()
  await store.pendingSignIns.create({
    hash: await hash(state),
    browser: await hash(cookie),
    provider: id,
    request,
    expiresAt: now() + ATTEMPT_LIFETIME,
  })
  const anew = wantsAnew(request)
  const prompt = anew ? 'login' : provider.prompt
  const url = new URL(metadata.value.authorization_endpoint)
  const parameters = {
    ...provider.parameters,
    response_type: 'code',
    client_id: provider.clientId,
    redirect_uri: callbackOf(issuer, provider),
    scope: ['openid', ...provider.scopes].join(' '),
    state,
    nonce: await nonceOf(state, cookie, hash),
    code_challenge: await s256(await verifierOf(state, cookie, hash)),
    code_challenge_method: 'S256',
    ...(prompt === null ? {} : { prompt }),
    ...(anew ? { max_age: '0' } : {}),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return ok(url.href)
}

/** Whether the application wants the person to sign in once more, whoever they are: then the provider has to ask, too. */
export const wantsAnew = (request: string | null): boolean =>
  (new URLSearchParams(request ?? '').get('prompt') ?? '').split(' ').includes('login')
