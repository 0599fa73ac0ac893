/**
 * How long a registration lives: a day when nobody uses it, and as long as it is used otherwise. What an administrator registered does not
 * end by itself.
 *
 * Its end is a column of the client, moved an hour at a time: a request that changes nothing about it writes nothing.
 *
 * @see docs/adr/0105-the-life-of-a-registration.md
 * @module
 */
import type { Dependencies, RegistrationSettings } from '../dependencies.ts'
import type { ClientUse } from '../ports.ts'
import type { Client } from '../records.ts'

/** How exact the time of the last use is, in seconds. An end is so much later than it would have to be. */
export const USE_PRECISION = 60 * 60

/**
 * How long a client is kept for a person who has come to sign in, from each of their steps on. Seconds; twice what one step may take, and
 * redeeming the code after the last one.
 */
const SIGN_IN = 60 * 60

/**
 * Pure. What is to be written of a use now; null: nothing. `grantEnd`: when the grant that it is about ends; infinite where there is none. No client
 * ends before its grants do.
 */
export function useOf(
  client: Pick<Client, 'id' | 'lastUsedAt' | 'expiresAt'>,
  grantEnd: number,
  { idleLifetime }: Pick<RegistrationSettings, 'idleLifetime'>,
  now: number,
): ClientUse | null {
  if (isDocument(client)) return null
  const end = Number.isFinite(grantEnd) ? grantEnd : now
  const recent = client.lastUsedAt !== null && now - client.lastUsedAt < USE_PRECISION
  const outlives = client.expiresAt === null || client.expiresAt >= end
  if (recent && outlives) return null
  return { at: now, expiresAt: Math.max(now + idleLifetime, end) + USE_PRECISION }
}

/** A client that is described by a document of its own has a URL for an id, and no row here. */
const isDocument = ({ id }: Pick<Client, 'id'>): boolean => id.includes(':')

/** The client was given tokens: it was used. */
export async function noteUse(
  client: Client,
  grantEnd: number,
  { store, settings, now }: Pick<Dependencies, 'store' | 'settings' | 'now'>,
): Promise<void> {
  const use = useOf(client, grantEnd, settings.registration, now())
  if (use !== null) await store.clients.recordUse(client.id, use)
}

/**
 * Someone has come with a good request of the client: it must not end while they sign in. That is no use yet, for anybody can send such a
 * request. False: it has just ended.
 */
export async function keepForSignIn(
  { id, expiresAt }: Pick<Client, 'id' | 'expiresAt'>,
  { store, now }: Pick<Dependencies, 'store' | 'now'>,
): Promise<boolean> {
  const at = now()
  if (expiresAt === null || expiresAt - at > SIGN_IN / 2) return true
  return store.clients.keep(id, at + SIGN_IN)
}
