/**
 * Clients that publish their description at the URL that is their id. It is asked for when somebody who is signed in wants to authorize
 * the client, and is only looked up at every later step, so that what was begun goes on while the client's site is down.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02
 * @see docs/adr/0119-when-client-documents-are-read.md
 * @module
 */
import { looksLikeUrl } from '../../../shared/client-id-url.ts'
import { err, ok, type Result } from '../../../shared/result.ts'
import { auditEntry } from '../audit.ts'
import { clientDigest } from '../client-digest.ts'
import type { Dependencies } from '../dependencies.ts'
import type { Outbound } from '../outbound.ts'
import type { Clients, Clock, Hash } from '../ports.ts'
import { createCounter } from '../rate-limits/counter.ts'
import type { Client } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'
import { type ClientDocument, KEPT_THROUGH_OUTAGE, KEPT_UNUSED, type StoredClientDocuments } from './client-document.ts'
import { type DocumentFailure, fetchDocument } from './fetch-document.ts'
import { fetchLogo } from './fetch-logo.ts'
import { type ClientDocumentSettings, checkClientId } from './policy.ts'
import { recentFailures } from './recent-failures.ts'
import { toClient } from './to-client.ts'

export interface ClientDocuments {
  /** Whether documents are asked for at all: that is told to everybody. */
  readonly areRead: boolean
  /** What is known of the client, without asking anybody; null: it has to be read. */
  lookUp(clientId: string): Promise<Result<Client | null, Rejection>>
  /** The client as it describes itself now. Asks, unless the copy at hand is fresh. */
  read(clientId: string, origin: AuditOrigin): Promise<Result<Client, Rejection>>
  /** Keeps what is known of the client, if it is one of these, at least until then: something is issued to it. */
  keep(clientId: string, until: number): Promise<void>
}

export interface ClientDocumentPorts {
  readonly settings: ClientDocumentSettings
  readonly documents: StoredClientDocuments
  readonly outbound: Outbound
  readonly hash: Hash
  readonly now: Clock
}

/** The request for which something is read, and who is told of it. */
export type AuditOrigin = Pick<Dependencies, 'requestId' | 'audit' | 'now'>

const FAILURES = { lifetime: 30, limit: 1000 }

/** Seconds. */
const ENOUGH_TO_AGREE = KEPT_UNUSED / 3

/** Copies that stay although nobody has agreed yet, because they are still good and asked for: so many in each time that one stays. */
const STAYING = { limit: 1000, window: KEPT_UNUSED }

/** Nobody said anything about the document: these may pass. The other failures are answers. */
export const OUTAGES: readonly DocumentFailure[] = [
  'unresolvable',
  'unreachable',
  'timeout',
  'aborted',
  'busy',
  'bad_tls',
  'not_now',
  'server_error',
  'broken_answer',
]

export function createClientDocuments(ports: ClientDocumentPorts): ClientDocuments {
  const { settings, documents, now } = ports
  const ask = createAsking(ports)
  const staying = createCounter(STAYING)

  /** Whether a copy is good for as long as somebody needs to read the consent page. */
  async function stays({ clientId, freshUntil, keptUntil }: ClientDocument): Promise<boolean> {
    const at = now()
    if (freshUntil <= at) return false
    if (keptUntil > at + ENOUGH_TO_AGREE) return true
    if (staying.wait('', at) > 0) return false
    staying.add('', at)
    return documents.keep(clientId, at + KEPT_UNUSED)
  }

  return {
    areRead: !settings.pinnedOnly,

    async lookUp(clientId) {
      const allowed = checkClientId(clientId, settings)
      if (!allowed.ok) return allowed
      const known = await documents.find(clientId)
      if (settings.pinnedOnly && known?.pinned !== true) return reject('unknown_client')
      return ok(known === null ? null : toClient(known))
    },

    async read(clientId, origin) {
      const allowed = checkClientId(clientId, settings)
      if (!allowed.ok) return allowed
      const known = await documents.find(clientId)
      if (known?.pinned === true) return ok(toClient(known))
      if (settings.pinnedOnly) return reject('unknown_client')
      if (known !== null && (await stays(known))) return ok(toClient(known))
      const asked = await ask(clientId, known, origin)
      if (asked.ok) return ok(toClient(asked.value))
      origin.audit(auditEntry({ type: 'client_document_rejected', reason: asked.error, clientId }, origin))
      const mayStand = known !== null && OUTAGES.includes(asked.error) && now() < known.freshUntil + KEPT_THROUGH_OUTAGE
      if (!mayStand || !(await documents.keep(clientId, now() + KEPT_UNUSED)))
        return reject('unreadable_client_document')
      return ok(toClient(known))
    },

    async keep(clientId, until) {
      if (looksLikeUrl(clientId)) await documents.keep(clientId, until)
    },
  }
}

type Asked = Result<ClientDocument, DocumentFailure>

/** Asks for a document once at a time, and not again for a while where that failed. */
function createAsking(ports: ClientDocumentPorts) {
  const { now } = ports
  const failures = recentFailures<DocumentFailure>(FAILURES.lifetime, FAILURES.limit)
  const underWay = new Map<string, Promise<Asked>>()
  return async (clientId: string, known: ClientDocument | null, origin: AuditOrigin): Promise<Asked> => {
    const recent = failures.find(clientId, now())
    if (recent !== null) return err(recent)
    const running = underWay.get(clientId)
    if (running !== undefined) return running
    const asked = fetchAndStore(clientId, known, ports, origin).finally(() => underWay.delete(clientId))
    underWay.set(clientId, asked)
    const outcome = await asked
    // That too much is asked for here says nothing about this document.
    if (!outcome.ok && outcome.error !== 'busy') failures.add(clientId, outcome.error, now())
    return outcome
  }
}

/** `clients`, and beside them those that publish a document: `find` knows both. */
export const withDocuments = (clients: Clients, documents: ClientDocuments): Clients => ({
  ...clients,
  async find(id) {
    if (!looksLikeUrl(id)) return clients.find(id)
    const known = await documents.lookUp(id)
    return known.ok ? known.value : null
  },
})

async function fetchAndStore(
  clientId: string,
  known: ClientDocument | null,
  ports: ClientDocumentPorts,
  origin: AuditOrigin,
): Promise<Asked> {
  const { documents, outbound, now } = ports
  const fetchedAt = now()
  const fetched = await fetchDocument(clientId, known, { outbound, now: fetchedAt })
  if (!fetched.ok) return fetched
  const { document, etag, freshUntil } = fetched.value
  const times = { clientId, fetchedAt, freshUntil, keptUntil: Math.max(fetchedAt + KEPT_UNUSED, known?.keptUntil ?? 0) }
  if (document === null && known !== null) {
    await documents.confirm(times)
    return ok({ ...known, ...times })
  }
  if (document === null) return err('unexpected_status')
  const logo = document.logo_uri === undefined ? null : await fetchLogo(document.logo_uri, ports)
  const read = { ...times, document, etag, pinned: false, logo: logo?.hash ?? null }
  if (known !== null && (await isChanged(known, read, ports))) {
    const entry = auditEntry({ type: 'client_changed', clientId }, origin)
    await documents.put(read, logo, entry)
    origin.audit(entry)
  } else await documents.put(read, logo)
  return ok(read)
}

const isChanged = async (
  before: ClientDocument,
  now: ClientDocument,
  { hash }: ClientDocumentPorts,
): Promise<boolean> => (await clientDigest(toClient(before), hash)) !== (await clientDigest(toClient(now), hash))
