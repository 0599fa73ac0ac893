/**
 * The token of another session, for a grant that begins with it. It never waits for a person.
 *
 * @see RFC 9449 section 5: what is bound to a key is exchanged by whoever holds the key
 * @module
 */
import type { StoredKey } from '../dpop/stored-key.ts'
import { AuthorizationRequiredError } from '../errors.ts'
import { authorize, isUnattended } from '../session/authorize.ts'
import { currentCredential } from '../session/current.ts'
import { afterUnauthorized } from '../session/fetch.ts'
import type { Session } from '../session/session.ts'
import { stateOf } from '../session/state-of.ts'
import { type Credential, isAlive, isBound } from '../token/credential.ts'

/**
 * What the session would show its resource now: renewed, or obtained where nobody has to be waited for.
 *
 * @throws {AuthorizationRequiredError} of that session's resource, where a person has to sign in there first
 */
export async function tokenOf(session: Session): Promise<Credential> {
  const state = stateOf(session)
  const { context } = state
  const credential = await currentCredential(state)
  if (credential !== undefined && isAlive(credential, context.now())) return credential
  if (!isUnattended(state)) throw new AuthorizationRequiredError('signed_out', context.resource)
  return authorize(state, state.wanted, { force: false, signal: undefined })
}

/**
 * Another one, in place of one that a server has refused before its time.
 *
 * @throws {AuthorizationRequiredError} where a person has to sign in there first
 */
export const replaceToken = (session: Session, used: Credential): Promise<Credential> =>
  afterUnauthorized(stateOf(session), { signal: undefined }, used, new Headers())

/** The key that the first of these sessions' tokens is bound to which is bound to any. */
export async function keyOfSessions(...sources: readonly unknown[]): Promise<StoredKey | undefined> {
  for (const source of sources) {
    if (!isSession(source)) continue
    const credential = await tokenOf(source)
    if (isBound(credential)) return credential.dpop?.key
  }
  return undefined
}

export const isSession = (source: unknown): source is Session => typeof source === 'object' && source !== null
