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
import { equalInConstantTime } from './equal-in-constant-time.ts'

export function presentSecret(clientId: string, secret: string): PresentedClient {
  return {
    clientId,
    verify: async (client, { hash, now }) => checkSecret(client, await hash(secret), now),
  }
}

/** Pure. One of two that are both right for a while, or one that was right before and is told so. */
function checkSecret(client: Client, presentedHash: string, now: number): Result<Client, Rejection> {
  const known = client.secrets.filter(({ hash }) => equalInConstantTime(hash, presentedHash))
  if (known.length === 0) return reject('wrong_client_secret')
  const live = known.some(({ expiresAt }) => expiresAt === 0 || expiresAt > now)
  return live ? ok(client) : reject('expired_client_secret')
}
