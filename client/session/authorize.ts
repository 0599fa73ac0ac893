/**
 * Obtaining consent: discovery, a listener, a client identity, a browser, tokens. In that order, once for everybody who asks.
 *
 * @see MCP 2026-07-28, authorization, "Authorization Flow Steps"
 * @module
 */
import { includesScopes, unionScopes } from '../../shared/scope.ts'
import { beginFlow } from '../authorization/begin.ts'
import { verifyCallback } from '../authorization/callback.ts'
import { completeFlow } from '../authorization/complete.ts'
import { FLOW_LIFETIME, type FlowRecord } from '../authorization/flow.ts'
import { selectScope } from '../authorization/scope-selection.ts'
import { probe } from '../discovery/challenge.ts'
import { discover } from '../discovery/discover.ts'
import type { Discovery } from '../discovery/discovery.ts'
import { chooseBinding } from '../dpop/binding.ts'
import { AuthorizationRequiredError, hasCode, SallyportError } from '../errors.ts'
import { fingerprint } from '../events.ts'
import type { PreparedInteraction, Verdict } from '../interactions/interaction.ts'
import { prepareInteractions } from '../interactions/run.ts'
import { type ChosenIdentity, chooseIdentity } from '../registration/choose.ts'
import { flowKey } from '../stores/keys.ts'
import { createMutex, orAborted } from '../stores/mutex.ts'
import { type Credential, isAlive } from '../token/credential.ts'
import { currentCredential } from './current.ts'
import { createSingleFlight, perStore } from './single-flight.ts'
import { adopt, epochNow, readStored, type SessionState } from './state.ts'

/** How to authorize. */
export interface AuthorizeOptions {
  /** Scopes that are needed, beside those that are held or challenged. */
  readonly scope?: string | readonly string[]
  /** Sign in although there is a credential, and although the brake is on: a person pressed the button. */
  readonly force?: boolean
  readonly signal?: AbortSignal
}

const sharedOf = perStore(() => ({ flight: createSingleFlight<Credential>(), mutex: createMutex() }))

/** A credential with `wanted`: the present one if it will do, else a new one from a person. Callers at the same time share one window. */
export async function authorize(
  state: SessionState,
  wanted: readonly string[],
  options: { readonly force: boolean; readonly signal: AbortSignal | undefined },
): Promise<Credential> {
  const { context } = state
  const { flight, mutex } = sharedOf(context.store)
  const lane = JSON.stringify([context.resource, context.profile, context.client.id ?? ''])
  const key = JSON.stringify([lane, [...wanted].sort(), options.force])
  const run = (abandoned: AbortSignal): Promise<Credential> =>
    mutex(
      lane,
      async () =>
        (options.force ? undefined : await usable(state, wanted)) ?? ask(state, wanted, options.force, abandoned),
    )
  const epoch = epochNow(state)
  const credential = await flight(key, run, options.signal)
  // Unless this very session obtained it: then the cache is newer than `epoch`, and has it already.
  if (epoch === epochNow(state)) state.cached = { credential, epoch }
  return credential
}

/** The present credential, refreshed if need be. Trouble on the way is thrown: a browser does not mend a server. */
async function usable(state: SessionState, wanted: readonly string[]): Promise<Credential | undefined> {
  const stored = await readStored(state)
  if (stored === undefined || stored.generation === state.rejected) return undefined
  try {
    const credential = await currentCredential(state)
    const good = credential !== undefined && isAlive(credential, state.context.now())
    // A server need not repeat `offline_access`; whether it was heard shows in the refresh token.
    const needed = wanted.filter((scope) => scope !== 'offline_access')
    return good && includesScopes(credential.scope, needed) ? credential : undefined
  } catch (error) {
    if (error instanceof AuthorizationRequiredError) return undefined
    throw error
  }
}

async function ask(
  state: SessionState,
  wanted: readonly string[],
  force: boolean,
  abandoned: AbortSignal,
): Promise<Credential> {
  const { context, attempts, interactions } = state
  if (interactions.length === 0) throw new SallyportError('interaction_unavailable')
  if (force) attempts.reset()
  if (!attempts.allows(state.wanted)) throw new SallyportError('too_many_attempts')
  attempts.count(state.wanted)

  const signal = AbortSignal.any([abandoned, ...(context.signal === undefined ? [] : [context.signal])])
  const before = await readStored(state)
  const discovery = await discoverForAuthorization(state, before, signal)
  // The listener comes before the registration, so that the registered redirect URI is the one with the bound port.
  const prepared = await prepareInteractions(interactions, {
    resource: context.resource,
    issuer: discovery.issuer,
    issuerSegment: context.client.id === undefined ? await fingerprint(discovery.issuer) : undefined,
    signal,
  })
  try {
    const scope = scopeFor(state, discovery, before, wanted)
    const credential = await withFreshIdentity(state, discovery, prepared, scope, signal)
    await adopt(state, credential)
    attempts.obtained(credential.generation)
    return credential
  } finally {
    await prepared.close()
  }
}

/** Discovery for a new authorization. Without a challenge at hand the resource is asked for one: its scopes come first. */
export async function discoverForAuthorization(
  state: SessionState,
  credential: Credential | undefined,
  signal: AbortSignal | undefined,
): Promise<Discovery> {
  const { context } = state
  if (state.challenge === undefined && credential === undefined) state.challenge = await probe(context, signal)
  const discovery = await discover(context, { challenge: state.challenge, refresh: state.stale, signal })
  state.stale = false
  // Before anything is registered or shown to a person.
  chooseBinding(context.dpop, discovery)
  return discovery
}

/** What to ask for: by this call, by challenges, by what is held at the same server, by the options, by the metadata. */
export function scopeFor(
  state: SessionState,
  discovery: Discovery,
  credential: Credential | undefined,
  wanted: readonly string[],
): readonly string[] {
  return selectScope({
    wanted: unionScopes(state.wanted, wanted),
    challenged: state.challenge?.scope,
    configured: state.context.scope,
    discovery,
    credential: credential?.issuer === discovery.issuer ? credential : undefined,
  })
}

/** A registration from an earlier day may be gone at the server: then register once more and ask again. */
async function withFreshIdentity(
  state: SessionState,
  discovery: Discovery,
  prepared: PreparedInteraction,
  scope: readonly string[],
  signal: AbortSignal,
): Promise<Credential> {
  const { context } = state
  const choose = () => chooseIdentity(context, discovery.serverMetadata, prepared.redirectUri, signal)
  const chosen = await choose()
  try {
    return await oneFlow(state, discovery, chosen, prepared, scope, signal)
  } catch (error) {
    if (!hasCode(error, 'invalid_client')) throw error
    state.stale = true
    if (!chosen.reused) throw error
    return oneFlow(state, await discover(context, { refresh: true, signal }), await choose(), prepared, scope, signal)
  }
}

async function oneFlow(
  state: SessionState,
  discovery: Discovery,
  { identity }: ChosenIdentity,
  prepared: PreparedInteraction,
  scope: readonly string[],
  signal: AbortSignal,
): Promise<Credential> {
  const { context } = state
  const { flow, record } = await beginFlow(context, discovery, identity, prepared.redirectUri, scope)
  const expired = AbortSignal.timeout(FLOW_LIFETIME * 1000)
  const over = AbortSignal.any([signal, expired])
  try {
    const request = { url: flow.url, judge: judge(context.now, record), fetch: context.fetch, signal: over }
    const callback = await orAborted(prepared.open(request), over)
    return await completeFlow(context, flow.state, callback, signal)
  } catch (error) {
    if (expired.aborted) throw new SallyportError('flow_expired')
    throw error
  } finally {
    await context.store.delete(flowKey(flow.state))
  }
}

const judge =
  (now: () => number, record: FlowRecord) =>
  (params: URLSearchParams): Verdict => {
    if (params.getAll('state').join() !== record.state) return 'foreign'
    const verified = verifyCallback(params, record, now())
    if (verified.ok) return 'accepted'
    return verified.error.code === 'authorization_denied' ? 'denied' : 'refused'
  }
