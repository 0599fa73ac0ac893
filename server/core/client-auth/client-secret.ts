/**
 * Verifying a client secret, shared by the methods that carry one. A client with a secret may send it either way, whatever it registered:
 * hosts do.
 *
 * @see RFC 6749 section 2.3.1
 * @module
 */
import { ok, type Result } from '../../../shared/result.ts'
import type { Client } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'
import type { PresentedClient } from './client-auth-method.ts'

export function presentSecret(clientId: string, secret: string): PresentedClient {
  return {
    clientId,
    verify: async (client, { hash, now }) => checkSecret(client, await hash(secret), now),
  }
}

/** Pure. The hashes of two 256-bit secrets say nothing about each other, so comparing them leaks nothing. */
function checkSecret(client: Client, presentedHash: string, now: number): Result<Client, Rejection> {
  if (client.secretHash === null || client.secretHash !== presentedHash) return reject('wrong_client_secret')
  if (client.secretExpiresAt !== 0 && client.secretExpiresAt <= now) return reject('expired_client_secret')
  return ok(client)
}
