/**
 * What a session remembers between calls, beside the store.
 *
 * @module
 */
import { oncePer } from '../../shared/once-per.ts'
import { type ClientContext, configuredIssuer } from '../context.ts'
import type { ReceivedChallenge } from '../discovery/discovery.ts'
import { SallyportError } from '../errors.ts'
import { fingerprint } from '../events.ts'
import type { Interaction } from '../interactions/interaction.ts'
import { credentialKey, selectionKey } from '../stores/keys.ts'
import type { Store } from '../stores/store.ts'
import { type Credential, isAcceptable, readCredential, readSelection, type Selection } from '../token/credential.ts'
import { type Attempts, createAttempts } from './attempts.ts'

/** The mutable part, in one place. */
export interface SessionState {
  readonly context: ClientContext
  readonly interactions: readonly Interaction[]
  readonly attempts: Attempts
  /** The last challenge, for the next authorization. */
  challenge: ReceivedChallenge | undefined
  /** Challenged by a 403, and not yet obtained. */
  wanted: readonly string[]
  /** The generation that the resource refused for good: signing in is the only way on. */
  rejected: string | undefined
  /** Read anew before the next authorization, because something about the present discovery looks wrong. */
  stale: boolean
  /** Saves a read of the store (a keychain may ask a person) per request, until somebody signs in or out. */
  cached: { readonly credential: Credential | undefined; readonly epoch: number } | undefined
}

/** Grows when a session of this process signs in or out: what was read from the store before says nothing any more. */
const epochOf = oncePer((_store: Store) => ({ value: 0 }))

export const createState = (context: ClientContext, interactions: readonly Interaction[]): SessionState => ({
  context,
  interactions,
  attempts: createAttempts(context.now),
  challenge: undefined,
  wanted: [],
  rejected: undefined,
  stale: false,
  cached: undefined,
})

/** The key of the credential of a selection. */
export const keyOf = (
  { resource, profile }: ClientContext,
  { issuer, clientId }: Pick<Selection, 'issuer' | 'clientId'>,
) => credentialKey({ resource, issuer, clientId, profile })

/** What the store holds for this session now, of what it may use. */
export async function readStored(state: SessionState): Promise<Credential | undefined> {
  const { context } = state
  const epoch = epochNow(state)
  const held = await readHeld(context)
  const credential = held !== undefined && isAcceptable(context, held) ? held : undefined
  state.cached = { credential, epoch }
  return credential
}

/** What the store holds for this session's resource and client, usable or not. */
export async function readHeld(context: ClientContext): Promise<Credential | undefined> {
  const selection = await readSelection(context)
  const fits = selection !== undefined && belongs(context, selection)
  return fits ? readCredential(context.store, keyOf(context, selection)) : undefined
}

/** To be read before whatever leads to the credential that is cached with it. */
export const epochNow = ({ context }: SessionState): number => epochOf(context.store).value

/** What this session read or obtained last, if nobody has signed in or out since. */
export const cachedCredential = (state: SessionState): Credential | undefined =>
  state.cached?.epoch === epochNow(state) ? state.cached.credential : undefined

/** After a sign-in or sign-out has reached the store: every session that shares it reads it anew. */
export function beginEpoch({ context }: SessionState): number {
  const epoch = epochOf(context.store)
  epoch.value += 1
  return epoch.value
}

/** A credential of a client that is configured differently today is another client's. */
const belongs = (context: ClientContext, { clientId, issuer }: Selection): boolean =>
  clientId === (context.client.id ?? clientId) && issuer === (configuredIssuer(context) ?? issuer)

/**
 * Stores a new credential and makes it this session's own. Not before it is stored is it shown to anybody.
 *
 * @throws {SallyportError} `store_failed`
 */
export async function adopt(state: SessionState, credential: Credential): Promise<void> {
  const { context } = state
  const { store } = context
  const key = keyOf(context, credential)
  const { generation, issuer, clientId } = credential
  try {
    const before = await readSelection(context)
    await store.lock(key, () => store.set(key, credential))
    await store.set(selectionKey(context), { generation, issuer, clientId })
    const moved = before !== undefined && keyOf(context, before) !== key
    if (moved) await store.delete(keyOf(context, before))
  } catch (cause) {
    throw cause instanceof SallyportError ? cause : new SallyportError('store_failed', { cause })
  }
  state.cached = { credential, epoch: beginEpoch(state) }
  state.challenge = undefined
  state.wanted = []
  state.rejected = undefined
  context.emit({ type: 'authorized', issuer, scope: credential.scope, ...(await traceable(credential)) })
}

/** A credential as an event may show it. */
export async function traceable({ accessToken, refreshToken, expiresAt, obtainedAt }: Credential) {
  return {
    accessToken: await fingerprint(accessToken),
    ...(refreshToken !== undefined && { refreshToken: await fingerprint(refreshToken) }),
    ...(expiresAt !== undefined && { expiresIn: expiresAt - obtainedAt }),
  }
}

/** Keeps a challenge, and what is wanted because of it, until the next authorization. */
export function remember(state: SessionState, challenge: ReceivedChallenge, wanted = state.wanted): void {
  state.challenge = challenge
  state.wanted = wanted
}
