/**
 * The refresh transaction: one refresh per credential per machine, and no credential lost to trouble that passes.
 *
 * @see OAuth 2.1 section 4.3 (draft-ietf-oauth-v2-1-16): a rotated token that is used twice looks stolen
 * @module
 */
import type { ClientContext } from '../context.ts'
import { discover, knownDiscovery } from '../discovery/discover.ts'
import type { Discovery } from '../discovery/discovery.ts'
import { AuthorizationRequiredError, hasCode, SallyportError } from '../errors.ts'
import { fingerprint } from '../events.ts'
import { findIdentity, forgetIdentity } from '../registration/choose.ts'
import { discoveryKey } from '../stores/keys.ts'
import { type Credential, mustBeBound, readCredential, toCredential } from '../token/credential.ts'
import { requestToken } from '../token/token-request.ts'
import { createSingleFlight, perStore } from './single-flight.ts'
import { keyOf, traceable } from './state.ts'

/** Seconds to leave a server alone after the first failure; doubles with each further one. */
const FIRST_PAUSE = 1
const LONGEST_PAUSE = 60

interface Backoff {
  readonly until: number
  readonly failures: number
}

const flightsOf = perStore(() => createSingleFlight<Credential>())
const backoffsOf = perStore(() => new Map<string, Backoff>())

/**
 * Renews `used`, or finds that somebody else has. The caller's signal ends the caller's waiting only: a request that rotates a token
 * is never broken off.
 *
 * @throws {AuthorizationRequiredError} when the server says that the grant or the client is dead
 * @throws {SallyportError} `refresh_unavailable` (everything is kept; `retryAfter` says when to try again), `store_failed`,
 *   `store_busy`, `invalid_client` (a configured client), `token_request_failed`
 */
export function refresh(
  context: ClientContext,
  used: Credential,
  signal?: AbortSignal | undefined,
): Promise<Credential> {
  const key = keyOf(context, used)
  return flightsOf(context.store)(key, () => transaction(context, key, used), signal)
}

async function transaction(context: ClientContext, key: string, used: Credential): Promise<Credential> {
  const { store } = context
  try {
    return await store.lock(key, async (lost) => {
      const present = await readCredential(store, key)
      if (present === undefined)
        throw new AuthorizationRequiredError('signed_out', context.resource, used.requestedScope)
      if (present.generation !== used.generation) return adopted(context, present)
      respectBackoff(context, key)
      const next = await renew(context, key, present)
      // Whoever took the lock over may have stored a successor; two of them cannot both be the truth.
      const other = lost.aborted ? await readCredential(store, key) : undefined
      if (other !== undefined && other.generation !== used.generation) return adopted(context, other)
      if (next !== present) await persist(context, key, next)
      backoffsOf(store).delete(key)
      return next
    })
  } catch (cause) {
    throw cause instanceof SallyportError ? cause : new SallyportError('store_failed', { cause })
  }
}

async function renew(context: ClientContext, key: string, present: Credential): Promise<Credential> {
  try {
    return await askTwice(context, key, present)
  } catch (cause) {
    if (!(cause instanceof SallyportError)) throw cause
    throw await failure(context, key, present, cause)
  }
}

/** A lost answer may hide a rotation: look whether someone stored it, else ask once more with the same token. */
async function askTwice(context: ClientContext, key: string, present: Credential): Promise<Credential> {
  try {
    return await ask(context, key, present)
  } catch (problem) {
    if (!hasCode(problem, 'network_error', 'timeout', 'invalid_response', 'response_too_large')) throw problem
    const stored = await readCredential(context.store, key)
    if (stored !== undefined && stored.generation !== present.generation) return stored
    return ask(context, key, present)
  }
}

async function ask(context: ClientContext, key: string, present: Credential): Promise<Credential> {
  const { refreshToken, issuer, clientId, resource, scope, requestedScope } = present
  if (refreshToken === undefined) {
    throw new AuthorizationRequiredError('token_rejected', context.resource, requestedScope)
  }
  const { serverMetadata, resourceMetadata } = await discoveryOf(context, issuer)
  // Told at the sign-in, or since.
  const required = mustBeBound(context, present) || resourceMetadata.dpop_bound_access_tokens_required === true
  // Nothing that comes of it will do: only a new sign-in has a key.
  if (required && present.dpop === undefined) {
    throw new AuthorizationRequiredError('token_rejected', context.resource, requestedScope)
  }
  const dpop = present.dpop && { key: present.dpop.key, required }
  const identity = await findIdentity(context, issuer, clientId)
  if (identity === undefined) throw new AuthorizationRequiredError('refresh_rejected', context.resource, requestedScope)
  const params = { grant_type: 'refresh_token', refresh_token: refreshToken, resource }
  // Detached: breaking it off could lose a token that has already been rotated.
  const answer = await requestToken(context, serverMetadata, identity, params, { key: dpop?.key, detached: true })
  try {
    return toCredential(
      answer,
      { resource, issuer, clientId, scope, requestedScope, refreshToken, dpop },
      context.now(),
    )
  } catch (unusable) {
    await keepRotated(context, key, present, answer.refresh_token)
    throw unusable
  }
}

/** The access token is of no use, but the refresh token has been rotated all the same: without the new one the grant is lost. */
async function keepRotated(
  { store }: ClientContext,
  key: string,
  present: Credential,
  refreshToken: string | undefined,
): Promise<void> {
  const stored = await readCredential(store, key)
  if (refreshToken === undefined || stored?.generation !== present.generation) return
  await store.set(key, { ...present, refreshToken })
}

/** The metadata of the issuer that the credential comes from: however old it is, it was checked, and no other server will do. */
async function discoveryOf(context: ClientContext, issuer: string): Promise<Discovery> {
  const known = await knownDiscovery(context)
  if (known?.issuer === issuer) return known
  const found = await discover(context)
  if (found.issuer === issuer) return found
  throw new AuthorizationRequiredError('authorization_server_changed', context.resource)
}

/** Only the server's own word ends a credential. What it ends is deleted, unless a newer generation has taken its place. */
async function failure(
  context: ClientContext,
  key: string,
  present: Credential,
  cause: SallyportError,
): Promise<SallyportError> {
  const { store, client, resource, profile } = context
  const report = (kept: boolean): void => context.emit({ type: 'refresh_failed', code: cause.code, kept })
  if (cause.code === 'invalid_client' && client.id !== undefined) {
    // A wrong secret in the configuration says nothing about the grant.
    report(true)
    return cause
  }
  if (cause.code === 'invalid_grant' || cause.code === 'invalid_client') {
    await store.delete(key, present.generation)
    if (cause.code === 'invalid_client') {
      const identity = await findIdentity(context, present.issuer, present.clientId)
      if (identity !== undefined) await forgetIdentity(context, identity)
      await store.delete(discoveryKey(resource, profile, client.id))
    }
    report(false)
    const { oauthError, errorDescription, status } = cause
    const details = { cause, oauthError, errorDescription, status }
    return new AuthorizationRequiredError('refresh_rejected', resource, present.requestedScope, details)
  }
  report(true)
  if (!isTransient(cause)) return cause
  const retryAfter = pause(context, key, cause.retryAfter)
  return new SallyportError('refresh_unavailable', { cause, retryAfter, status: cause.status })
}

const isTransient = (error: SallyportError): boolean =>
  error.retryable ||
  hasCode(
    error,
    'invalid_response',
    'response_too_large',
    'redirect_refused',
    'token_request_failed',
    'token_type_unsupported',
  )

function pause({ store, now }: ClientContext, key: string, asked: number | undefined): number {
  const failures = (backoffsOf(store).get(key)?.failures ?? 0) + 1
  const seconds = Math.max(asked ?? 0, Math.min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE))
  backoffsOf(store).set(key, { until: now() + seconds, failures })
  return seconds
}

function respectBackoff({ store, now }: ClientContext, key: string): void {
  const until = backoffsOf(store).get(key)?.until ?? 0
  if (now() < until) throw new SallyportError('refresh_unavailable', { retryAfter: until - now() })
}

async function persist({ store, emit }: ClientContext, key: string, next: Credential): Promise<void> {
  try {
    await store.set(key, next)
  } catch (cause) {
    throw new SallyportError('store_failed', { cause })
  }
  emit({ type: 'refreshed', ...(await traceable(next)) })
}

async function adopted({ emit }: ClientContext, credential: Credential): Promise<Credential> {
  emit({ type: 'refresh_adopted', accessToken: await fingerprint(credential.accessToken) })
  return credential
}
