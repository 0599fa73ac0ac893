/**
 * What clients publish about themselves, in an administrator's hands: `sallyport clients pin`, `unpin` and `documents`.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 7.2: pre-registered documents
 * @see docs/adr/0119-when-client-documents-are-read.md
 * @module
 */
import { checkClientDocument } from '../../shared/client-id-metadata-document.ts'
import { checkClientIdUrl } from '../../shared/client-id-url.ts'
import { ok } from '../../shared/result.ts'
import type { Clock, Store } from '../core/ports.ts'
import { type Outcome, refuse } from './context.ts'
import { date, table } from './table.ts'

export interface DocumentAdministration {
  readonly store: Pick<Store, 'clientDocuments'>
  readonly now: Clock
}

/** From now on the client is what `document` says, and nobody is asked. */
export async function pinDocument(
  { store, now }: DocumentAdministration,
  clientId: string,
  document: unknown,
): Outcome {
  const url = checkClientIdUrl(clientId)
  if (!url.ok) return refuse(`That URL cannot be a client id: ${url.error.replaceAll('_', ' ')}.`)
  const checked = checkClientDocument(document, clientId)
  if (!checked.ok) return refuse(`The document does not describe this client: look at ${checked.error}.`)
  const at = now()
  const times = { fetchedAt: at, freshUntil: at, keptUntil: at }
  await store.clientDocuments.put({ clientId, document: checked.value, pinned: true, etag: null, ...times }, null)
  return ok(`Pinned ${clientId}. What stands there is not looked at any more.`)
}

export async function unpinDocument({ store, now }: DocumentAdministration, clientId: string): Outcome {
  return (await store.clientDocuments.unpin(clientId, now()))
    ? ok(`Unpinned ${clientId}. What it was granted goes on.`)
    : refuse('No document is pinned for that client id. Look with: sallyport clients documents')
}

export async function listDocuments({ store }: DocumentAdministration): Outcome {
  const rows = (await store.clientDocuments.list()).map(({ clientId, document, pinned, fetchedAt }) => [
    clientId,
    document.client_name,
    pinned ? 'pinned' : 'read',
    document.agent === true ? 'agent' : '',
    date(fetchedAt),
    document.redirect_uris.join(' '),
  ])
  return ok(table(['CLIENT ID', 'NAME', 'HOW', 'KIND', 'AT (UTC)', 'REDIRECT URIS'], rows, 'No documents yet.'))
}
