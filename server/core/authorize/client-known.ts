/**
 * Check 1: the client exists. Its failure is shown to the person, never redirected.
 *
 * @see OAuth 2.1 section 4.1.2.1 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import type { FormRecord } from '../../../shared/form.ts'
import { ok, type Result } from '../../../shared/result.ts'
import type { Client } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'

/** `client_id` of the raw query: exactly one value. */
export function readClientId(query: FormRecord): Result<string, Rejection> {
  const id = query['client_id']
  return typeof id === 'string' ? ok(id) : reject('missing_client_id')
}

export const checkClientKnown = (client: Client | null): Result<Client, Rejection> =>
  client === null ? reject('unknown_client') : ok(client)
