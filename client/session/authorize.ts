/**
 * Obtaining tokens: discovery, the choice of scopes, a person or a grant. In that order, once for everybody who asks.
 *
 * @see MCP 2026-07-28, authorization, "Scope Selection"
 * @module
 */
import { oncePer } from '../../shared/once-per.ts'
import { includesScopes, unionScopes } from '../../shared/scope.ts'
import { selectScope } from '../authorization/scope-selection.ts'
import { configuredId } from '../context.ts'
import { probe } from '../discovery/challenge.ts'
import { discover } from '../discovery/discover.ts'
import type { Discovery } from '../discovery/discovery.ts'
import { chooseBinding } from '../dpop/binding.ts'
import { AuthorizationRequiredError, SallyportError } from '../errors.ts'
import { anyOf, createMutex } from '../stores/mutex.ts'
import type { Store } from '../stores/store.ts'
import { type Credential, isAlive } from '../token/credential.ts'
import { currentCredential } from './current.ts'
import { signIn } from './sign-in.ts'
import { createSingleFlight } from './single-flight.ts'
import { adopt, epochNow, readStored, type SessionState } from './state.ts'

/** How to authorize. */
export interface AuthorizeOptions {
  /** Scopes that are needed, beside those that are held or challenged. */
  readonly scope?: string | readonly string[]
  /** Sign in although there is a credential, and although the brake is on: a person pressed the button. */
  readonly force?: boolean
  readonly signal?: AbortSignal
}

const sharedOf = oncePer((_store: Store) => ({ flight: createSingleFlight<Credential>(), mutex: createMutex() }))

/** A credential with `wanted`: the present one if it will do, else a new one from a person. Callers at the same time share one window. */
export async function authorize(
  state: SessionState,
  wanted: readonly string[],
  options: { readonly force: boolean; readonly signal: AbortSignal | undefined },
): Promise<Credential> {
  const { context } = state
  const { flight, mutex } = sharedOf(context.store)
  const lane = JSON.stringify([context.resource, context.profile, configuredId(context.client) ?? ''])
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
  const { grant } = context
  if (grant === undefined && interactions.length === 0) throw new SallyportError('interaction_unavailable')
  const before = await readStored(state)
  if (force) attempts.reset()
  // A machine's token that has run its course is replaced as a matter of course: the brake is for persons, and for refusals.
  const routine = grant?.unattended === true && state.wanted.length === 0 && hasExpired(state, before)
  if (!routine) {
    if (!attempts.allows(state.wanted)) throw new SallyportError('too_many_attempts')
    attempts.count(state.wanted)
  }

  const signal = anyOf(abandoned, context.signal)
  const discovery = await discoverForAuthorization(state, before, signal)
  const scope = scopeFor(state, discovery, before, wanted)
  const credential =
    grant === undefined
      ? await signIn(state, discovery, scope, signal)
      : await grant.machinery.obtain(state, grant, discovery, scope, signal)
  await adopt(state, credential)
  attempts.obtained(credential.generation)
  return credential
}

const hasExpired = ({ context }: SessionState, credential: Credential | undefined): boolean =>
  credential !== undefined && !isAlive(credential, context.now())

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
    attended: state.context.grant?.unattended !== true,
  })
}

/** Whether an authorization waits for no person, so that it may happen inside a request. */
export const isUnattended = ({ context: { grant }, interactions }: SessionState): boolean =>
  grant === undefined
    ? interactions.length > 0 && interactions.every((one) => one.unattended === true)
    : grant.unattended === true
