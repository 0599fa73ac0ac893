/**
 * Signing out: revoke at the server, then delete here, and tell which of both happened.
 *
 * @see RFC 7009 section 2
 * @module
 */
import type { ClientContext } from '../context.ts'
import { discoveryOf } from '../discovery/discover.ts'
import { findIdentity, forgetIdentity } from '../registration/choose.ts'
import { revoke } from '../revocation.ts'
import { selectionKey } from '../stores/keys.ts'
import { type Credential, readCredential } from '../token/credential.ts'
import { beginEpoch, keyOf, readHeld, type SessionState } from './state.ts'

/** How to sign out. */
export interface LogoutOptions {
  /** Also forget the dynamic registration, e.g. when the server does not know the client any more. */
  readonly forgetClient?: boolean
  readonly signal?: AbortSignal
}

/** `revoked` is `false` where the server did not confirm, or there was nothing to revoke. */
export interface LogoutResult {
  readonly revoked: boolean | 'unsupported'
  readonly deleted: boolean
}

/** Signs out. A server that cannot be reached does not keep the tokens here alive. */
export async function signOut(state: SessionState, options: LogoutOptions): Promise<LogoutResult> {
  const { context } = state
  const { store, emit } = context
  const stored = await readHeld(context)
  let result: LogoutResult = { revoked: false, deleted: false }
  if (stored !== undefined) {
    const key = keyOf(context, stored)
    // Under the lock, so that a refresh under way cannot put a fresh token in place of the deleted one.
    result = await store.lock(
      key,
      async () => {
        const present = await readCredential(store, key)
        const revoked = present === undefined ? false : await revokePresent(context, present, options)
        return { revoked, deleted: await store.delete(key) }
      },
      { signal: options.signal },
    )
    emit({ type: 'revoked', revoked: result.revoked })
  }
  await store.delete(selectionKey(context))
  beginEpoch(state)
  Object.assign(state, { cached: undefined, challenge: undefined, wanted: [], rejected: undefined, stale: true })
  state.attempts.reset()
  emit({ type: 'signed_out', deleted: result.deleted })
  return result
}

async function revokePresent(
  context: ClientContext,
  credential: Credential,
  { forgetClient = false, signal }: LogoutOptions,
): Promise<boolean | 'unsupported'> {
  const identity = await findIdentity(context, credential.issuer, credential.clientId)
  const discovery = await discoveryOf(context, credential.issuer, signal).catch(() => undefined)
  if (identity === undefined || discovery === undefined) return false
  const revoked = await revoke(context, discovery.serverMetadata, identity, credential, signal)
  if (forgetClient) await forgetIdentity(context, identity)
  return revoked
}
