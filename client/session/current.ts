/**
 * The credential to use now, renewed before it dies, and what to do when the resource refuses it.
 *
 * @see OAuth 2.1 section 3.2.3 (draft-ietf-oauth-v2-1-16): `expires_in` is a hint, a token may die earlier
 * @see MCP 2026-07-28, authorization server binding: a 401 may mean that the server has changed
 * @module
 */
import { oncePer } from '../../shared/once-per.ts'
import { discover, knownDiscovery } from '../discovery/discover.ts'
import type { Discovery } from '../discovery/discovery.ts'
import { AuthorizationRequiredError, SallyportError } from '../errors.ts'
import type { Store } from '../stores/store.ts'
import { type Credential, isAlive, isDue, isSuccessor } from '../token/credential.ts'
import { refresh } from './refresh.ts'
import { createSingleFlight } from './single-flight.ts'
import { cachedCredential, epochNow, keyOf, readStored, type SessionState } from './state.ts'

/**
 * The credential for a request, if there is one. Refreshes shortly before expiry; while the present token is still good, a refresh
 * that fails for the moment does not matter.
 */
export async function currentCredential(state: SessionState, signal?: AbortSignal): Promise<Credential | undefined> {
  const { context } = state
  const epoch = epochNow(state)
  const credential = cachedCredential(state) ?? (await readStored(state))
  if (credential?.refreshToken === undefined || !isDue(credential, context.now())) return credential
  try {
    const refreshed = await refresh(context, credential, signal)
    state.cached = { credential: refreshed, epoch }
    return refreshed
  } catch (error) {
    if (error instanceof SallyportError && error.retryable && isAlive(credential, context.now())) return credential
    state.cached = undefined
    throw error
  }
}

const renewalsOf = oncePer((_store: Store) => createSingleFlight<Credential>())

/**
 * Another credential in place of one that the resource answered with 401: a newer one from the store, else a refreshed one.
 *
 * @throws {AuthorizationRequiredError} where only a person can help
 * @throws {SallyportError} as `refresh` and `discover`
 */
export async function replaceRejected(
  state: SessionState,
  used: Credential,
  signal?: AbortSignal,
): Promise<Credential> {
  const { context } = state
  const key = `${keyOf(context, used)} ${used.generation}`
  const epoch = epochNow(state)
  try {
    const credential = await renewalsOf(context.store)(key, () => renew(state, used), signal)
    state.cached = { credential, epoch }
    state.challenge = undefined
    return credential
  } catch (error) {
    state.cached = undefined
    throw error
  }
}

async function renew(state: SessionState, used: Credential): Promise<Credential> {
  const { context } = state
  const { resource, store } = context
  const stored = await readStored(state)
  if (stored === undefined) throw new AuthorizationRequiredError('signed_out', resource, used.requestedScope)
  if (isSuccessor(stored, used)) return stored

  const { issuer } = await rediscover(state)
  if (issuer !== used.issuer) {
    await store.delete(keyOf(context, stored), stored.generation)
    throw new AuthorizationRequiredError('authorization_server_changed', resource)
  }
  if (used.refreshToken === undefined) {
    state.rejected = used.generation
    throw new AuthorizationRequiredError('token_rejected', resource, used.requestedScope)
  }
  return refresh(context, used)
}

/** Reads the metadata anew. Servers in trouble do not make what was checked before wrong; anything else wrong with them does. */
async function rediscover(state: SessionState): Promise<Discovery> {
  const { context, challenge } = state
  state.stale = true
  try {
    const found = await discover(context, { challenge, refresh: true })
    state.stale = false
    return found
  } catch (error) {
    const known = await knownDiscovery(context)
    if (known === undefined || !(error instanceof SallyportError) || !error.retryable) throw error
    return known
  }
}
