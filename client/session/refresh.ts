/**
 * The refresh transaction: one refresh per credential per machine, and no credential lost to trouble that passes.
 *
 * @see OAuth 2.1 section 4.3 (draft-ietf-oauth-v2-1-16): a rotated token that is used twice looks stolen
 * @see docs/adr/0052-what-ends-a-credential.md
 * @module
 */
import { oncePer } from '../../shared/once-per.ts'
import type { ClientContext } from '../context.ts'
import { AuthorizationRequiredError, hasCode, SallyportError } from '../errors.ts'
import { fingerprint } from '../events.ts'
import { findIdentity, forgetIdentity } from '../registration/choose.ts'
import { discoveryKey } from '../stores/keys.ts'
import type { Store } from '../stores/store.ts'
import { type Credential, isAcceptable, isDue, isSuccessor, readCredential } from '../token/credential.ts'
import { afterPause, beginPause, endPause } from './back-off.ts'
import { requestRefresh } from './refresh-request.ts'
import { createSingleFlight } from './single-flight.ts'
import { keyOf, traceable } from './state.ts'

const flightsOf = oncePer((_store: Store) => createSingleFlight<Credential>())

/**
 * Renews `used`, or finds that somebody else has. The caller's signal ends the caller's waiting only: a request that rotates a token
 * is never broken off.
 *
 * @throws {AuthorizationRequiredError} when the server says that the grant or the client is dead
 * @throws {SallyportError} `refresh_unavailable` (everything is kept; `retryAfter` says when to try again), `store_failed`,
 *   `store_busy`, `invalid_client` (a configured client), `dpop_downgrade`
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
  try {
    return await context.store.lock(key, async (lost) => {
      const present = await held(context, key, used)
      if (isSuccessor(present, used) && !isDue(present, context.now())) return adopted(context, present)
      return renew(context, key, present, lost)
    })
  } catch (cause) {
    throw cause instanceof SallyportError ? cause : new SallyportError('store_failed', { cause })
  }
}

async function renew(context: ClientContext, key: string, present: Credential, lost: AbortSignal): Promise<Credential> {
  const pause = await afterPause(context, key)
  try {
    const next = await askTwice(context, key, present, lost)
    await endPause(context, key, pause)
    return next
  } catch (cause) {
    if (!(cause instanceof SallyportError)) throw cause
    const ended = await ending(context, key, present, cause)
    context.emit({ type: 'refresh_failed', code: cause.code, kept: ended === undefined })
    if (ended !== undefined) throw ended
    if (!isTransient(cause)) throw cause
    const retryAfter = await beginPause(context, key, pause, cause.retryAfter)
    throw new SallyportError('refresh_unavailable', { cause, retryAfter, status: cause.status })
  }
}

/** A lost answer may hide a rotation: look whether someone stored it, else ask once more with the same token. */
async function askTwice(
  context: ClientContext,
  key: string,
  present: Credential,
  lost: AbortSignal,
): Promise<Credential> {
  const ask = async () => persist(context, key, present, await requestRefresh(context, key, present))
  try {
    return await ask()
  } catch (problem) {
    if (!isAmbiguous(problem)) throw problem
    const stored = await held(context, key, present)
    if (isSuccessor(stored, present)) return adopted(context, stored)
    // Whoever took the lock over asks by now; twice at the same time looks stolen.
    if (lost.aborted) throw problem
    return ask()
  }
}

/**
 * Sent, and what became of it is unknown. An answer that is of no use is known: asking again gets no other. Some runtimes send a request again
 * by themselves where a connection that was kept breaks: then the proof is refused, because the first sending has used it up.
 */
const isAmbiguous = (problem: unknown): boolean =>
  hasCode(problem, 'network_error', 'timeout') ||
  (hasCode(problem, 'token_request_failed') && problem.oauthError === 'invalid_dpop_proof')

/**
 * Before anybody sees it. Two successors cannot both be the truth: where another generation is stored by now (the lock was taken over from a
 * process that had stopped, or somebody signed in), that one counts.
 */
async function persist(
  context: ClientContext,
  key: string,
  present: Credential,
  next: Credential,
): Promise<Credential> {
  if (!(await context.store.set(key, next, present.generation))) {
    return adopted(context, await held(context, key, present))
  }
  context.emit({ type: 'refreshed', ...(await traceable(next)) })
  return next
}

/** What is stored now, as far as this session may use it. */
async function held(context: ClientContext, key: string, used: Credential): Promise<Credential> {
  const present = await readCredential(context.store, key)
  if (present !== undefined && isAcceptable(context, present)) return present
  throw new AuthorizationRequiredError('signed_out', context.resource, used.requestedScope)
}

async function adopted({ emit }: ClientContext, credential: Credential): Promise<Credential> {
  emit({ type: 'refresh_adopted', accessToken: await fingerprint(credential.accessToken) })
  return credential
}

/**
 * Only the server's own word ends a credential. What it ends is deleted, unless a newer generation has taken its place. `undefined`: it goes
 * on.
 */
async function ending(
  context: ClientContext,
  key: string,
  present: Credential,
  cause: SallyportError,
): Promise<AuthorizationRequiredError | undefined> {
  const { store, client, resource } = context
  const isClient = cause.code === 'invalid_client'
  // A wrong secret in the configuration says nothing about the grant.
  if (isClient ? client.id !== undefined : cause.code !== 'invalid_grant') return undefined
  await store.delete(key, present.generation)
  if (isClient) {
    const identity = await findIdentity(context, present.issuer, present.clientId)
    if (identity !== undefined) await forgetIdentity(context, identity)
    await store.delete(discoveryKey(context))
  }
  const { oauthError, errorDescription, status } = cause
  const details = { cause, oauthError, errorDescription, status }
  return new AuthorizationRequiredError('refresh_rejected', resource, present.requestedScope, details)
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
