/**
 * Choosing the client's identity: pre-registered, then its own document, then registered before, then registered now.
 *
 * @see MCP 2026-07-28, client registration: the order of priority
 * @module
 */
import type { ClientContext } from '../context.ts'
import type { ValidatedServerMetadata } from '../discovery/discovery.ts'
import { SallyportError } from '../errors.ts'
import { registrationKey } from '../stores/keys.ts'
import type { ClientIdentity } from './client-identity.ts'
import { documentIdentity, ofDocument, readsDocument } from './document.ts'
import { fits, isRegistration, type Registration, register, toIdentity } from './dynamic.ts'
import { preRegistered } from './pre-registered.ts'

/** An identity, and whether it was registered at an earlier time and so may be stale. */
export interface ChosenIdentity {
  readonly identity: ClientIdentity
  readonly reused: boolean
}

/** The redirect URIs that the client is known by at `server`; `undefined`: any will do, because it registers itself there. */
export function redirectUrisAt(
  { client }: ClientContext,
  server: ValidatedServerMetadata,
): readonly string[] | undefined {
  if (client.id !== undefined) return client.redirectUris
  return readsDocument(client, server) ? (client.redirectUris ?? [USUAL_LOOPBACK]) : undefined
}

/** What a document lists for programs on a person's machine, where the host does not say. */
const USUAL_LOOPBACK = 'http://127.0.0.1/callback'

/**
 * The identity for an authorization, registered if need be.
 *
 * @param redirectUri `undefined` for a grant that has none. Where no person is behind it either, the client must be known already
 * @throws {SallyportError} `client_issuer_mismatch`, and as `register` does
 */
export async function chooseIdentity(
  context: ClientContext,
  server: ValidatedServerMetadata,
  redirectUri: string | undefined,
  signal?: AbortSignal,
): Promise<ChosenIdentity> {
  const configured = preRegistered(context.client, server.issuer)
  const known = configured ?? ofDocument(context.client, server, redirectUri)
  if (known !== undefined) return { identity: known, reused: false }
  if (context.grant?.unattended === true) throw new SallyportError('registration_unavailable')
  const { store } = context
  const key = registrationKey(server.issuer, context)
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
  if (context.client.metadataUrl === clientId) return documentIdentity(context.client, clientId, issuer)
  const stored = await readRegistration(context, issuer)
  if (stored !== undefined && stored.clientId === clientId) return toIdentity(stored)
  // A public client needs nothing but its id, even if a newer registration took the place of its own.
  return { source: 'dynamic', issuer, clientId, authMethod: 'none' }
}

/** Forgets a dynamic registration that the server does not know any more. */
export async function forgetIdentity(context: ClientContext, identity: ClientIdentity): Promise<void> {
  const stored = await readRegistration(context, identity.issuer)
  if (identity.source !== 'dynamic' || stored?.clientId !== identity.clientId) return
  await context.store.delete(registrationKey(identity.issuer, context), stored.generation)
}

async function readRegistration(context: ClientContext, issuer: string): Promise<Registration | undefined> {
  const stored = await context.store.get(registrationKey(issuer, context))
  return isRegistration(stored) ? stored : undefined
}
