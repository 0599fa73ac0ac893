/**
 * Check 1: the client exists. Its failure is shown to the person, never redirected.
 *
 * @see OAuth 2.1 section 4.1.2.1 (draft-ietf-oauth-v2-1-16)
 * @see docs/adr/0119-when-client-documents-are-read.md
 * @module
 */
import { looksLikeUrl } from '../../../shared/client-id-url.ts'
import type { FormRecord } from '../../../shared/form.ts'
import { ok, type Result } from '../../../shared/result.ts'
import type { Dependencies } from '../dependencies.ts'
import type { Client } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'

/** `client_id` of the raw query: exactly one value. */
export function readClientId(query: FormRecord): Result<string, Rejection> {
  const id = query['client_id']
  return typeof id === 'string' ? ok(id) : reject('missing_client_id')
}

/** Who is there when an authorization request is judged. */
export interface Presence {
  readonly signedIn: boolean
  /** Who. Left out: not known yet. */
  readonly userId?: string | undefined
  /** Whether they answer a page of ours. Default: they have just come. */
  readonly answers?: boolean
}

/**
 * The client of that id, if there is one. What a client publishes is read for people who are signed in only: nobody else can make this
 * server ask strangers. Nor is it read for an answer: that is about what the page showed, whatever became of the client's site since.
 */
export async function findClient(
  id: string,
  { signedIn, answers = false }: Presence,
  deps: Dependencies,
): Promise<Result<Client | null, Rejection> | 'sign_in_first'> {
  const { clientDocuments, store } = deps
  if (clientDocuments === undefined || !looksLikeUrl(id)) return ok(await store.clients.find(id))
  if (signedIn && !answers) return clientDocuments.read(id, deps)
  const known = await clientDocuments.lookUp(id)
  return known.ok && known.value === null ? 'sign_in_first' : known
}

export const checkClientKnown = (client: Client | null): Result<Client, Rejection> =>
  client === null ? reject('unknown_client') : ok(client)
