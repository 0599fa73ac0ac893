/**
 * Step 1 of every direct request: which client is it, by exactly one of the offered methods.
 *
 * @see RFC 6749 section 2.3: not more than one method per request
 * @see RFC 6749 section 5.2: `invalid_client`
 * @module
 */
import type { Result } from '../../../shared/result.ts'
import type { Clients, Hash } from '../ports.ts'
import type { Client } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'
import type { ClientAuthInput, ClientAuthMethod } from './client-auth-method.ts'

interface Tools {
  readonly methods: readonly ClientAuthMethod[]
  readonly clients: Clients
  readonly hash: Hash
  readonly now: number
}

export async function authenticateClient(input: ClientAuthInput, tools: Tools): Promise<Result<Client, Rejection>> {
  const used = tools.methods.map((method) => method.present(input)).filter((found) => found !== null)
  const [only, ...others] = used
  if (only === undefined) return reject('missing_client_authentication')
  if (others.length > 0) return reject('several_client_authentications')
  if (!only.ok) return only
  const client = await tools.clients.find(only.value.clientId)
  return client === null ? reject('unknown_client') : only.value.verify(client, tools)
}
