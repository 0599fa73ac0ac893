/**
 * The authorization code by way of a person: a listener, a client identity, a browser, tokens. In that order.
 *
 * @see MCP 2026-07-28, authorization, "Authorization Flow Steps"
 * @module
 */
import { beginFlow, checkRedirectUri } from '../authorization/begin.ts'
import { verifyCallback } from '../authorization/callback.ts'
import { completeFlow } from '../authorization/complete.ts'
import { FLOW_LIFETIME, type FlowRecord } from '../authorization/flow.ts'
import { discover } from '../discovery/discover.ts'
import type { Discovery } from '../discovery/discovery.ts'
import { hasCode, SallyportError } from '../errors.ts'
import { fingerprint } from '../events.ts'
import type { PreparedInteraction, Verdict } from '../interactions/interaction.ts'
import { prepareInteractions } from '../interactions/run.ts'
import { type ChosenIdentity, chooseIdentity, redirectUrisAt } from '../registration/choose.ts'
import { flowKey } from '../stores/keys.ts'
import { orAborted } from '../stores/mutex.ts'
import type { Credential } from '../token/credential.ts'
import type { SessionState } from './state.ts'

/** Asks a person for `scope`, through the session's interactions. */
export async function signIn(
  state: SessionState,
  discovery: Discovery,
  scope: readonly string[],
  signal: AbortSignal,
): Promise<Credential> {
  const { context, interactions } = state
  const registered = redirectUrisAt(context, discovery.serverMetadata)
  const isFree = context.client.id === undefined && registered === undefined
  // The listener comes before the registration, so that the registered redirect URI is the one with the bound port.
  const prepared = await prepareInteractions(interactions, {
    resource: context.resource,
    issuer: discovery.issuer,
    registered,
    issuerSegment: isFree ? await fingerprint(discovery.issuer) : undefined,
    signal,
  })
  try {
    checkRedirectUri(prepared.redirectUri)
    return await withFreshIdentity(state, discovery, prepared, scope, signal)
  } finally {
    await prepared.close()
  }
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
