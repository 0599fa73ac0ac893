/**
 * Choosing the client's identity: pre-registered, then registered before, then registered now.
 *
 * @see MCP 2026-07-28, client registration: the order of priority
 * @module
 */
import * as v from 'valibot'
import type { ClientContext } from '../context.ts'
import type { ValidatedServerMetadata } from '../discovery/discovery.ts'
import { registrationKey } from '../stores/keys.ts'
import type { ClientIdentity } from './client-identity.ts'
import { fits, Registration, register, toIdentity } from './dynamic.ts'
import { preRegistered } from './pre-registered.ts'

/** An identity, and whether it was registered at an earlier time and so may be stale. */
export interface ChosenIdentity {
  readonly identity: ClientIdentity
  readonly reused: boolean
}

/**
 * The identity for an authorization with `redirectUri`, registered if need be.
 *
 * @throws {SallyportError} `client_issuer_mismatch`, and as `register` does
 */
export async function chooseIdentity(
  context: ClientContext,
  server: ValidatedServerMetadata,
  redirectUri: string,
  signal?: AbortSignal,
): Promise<ChosenIdentity> {
  const configured = preRegistered(context.client, server.issuer)
  if (configured !== undefined) return { identity: configured, reused: false }
  const { store, profile } = context
  const key = registrationKey(server.issuer, profile)
  // Under the lock, so that two sessions that start together register one client.
  return store.lock(
    key,
    async () => {
      const stored = await readRegistration(context, server.issuer)
      if (stored !== undefined && fits(stored, redirectUri, context.now())) {
        return { identity: toIdentity(stored), reused: true }
      }
      const registration = await register(context, server, redirectUri, signal)
      await store.set(key, registration)
      context.emit({ type: 'registered', issuer: server.issuer, clientId: registration.clientId })
      return { identity: toIdentity(registration), reused: false }
    },
    { signal },
  )
}

/** The identity that a stored credential was issued to; `undefined` where it is gone or replaced. */
export async function findIdentity(
  context: ClientContext,
  issuer: string,
  clientId: string,
): Promise<ClientIdentity | undefined> {
  if (context.client.id !== undefined) {
    return context.client.id === clientId ? preRegistered(context.client, issuer) : undefined
  }
  const stored = await readRegistration(context, issuer)
  if (stored !== undefined && stored.clientId === clientId) return toIdentity(stored)
  // A public client needs nothing but its id, even if a newer registration took the place of its own.
  return { source: 'dynamic', issuer, clientId, clientSecret: undefined, authMethod: 'none' }
}

/** Forgets a dynamic registration that the server does not know any more. */
export async function forgetIdentity(context: ClientContext, identity: ClientIdentity): Promise<void> {
  const stored = await readRegistration(context, identity.issuer)
  if (identity.source !== 'dynamic' || stored?.clientId !== identity.clientId) return
  await context.store.delete(registrationKey(identity.issuer, context.profile), stored.generation)
}

async function readRegistration(context: ClientContext, issuer: string): Promise<Registration | undefined> {
  const parsed = v.safeParse(Registration, await context.store.get(registrationKey(issuer, context.profile)))
  return parsed.success ? parsed.output : undefined
}
