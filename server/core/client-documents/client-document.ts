/**
 * What is remembered of a client's document, and where. Times are seconds since the epoch.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 5.2: caching
 * @module
 */
import type { ClientIdMetadataDocument } from '../../../shared/client-id-metadata-document.ts'
import type { Act, AuditEntry } from '../audit.ts'

/** A document that was good when it was last read. */
export interface ClientDocument {
  /** The URL, as it was sent and as it stands in the document. */
  readonly clientId: string
  readonly document: ClientIdMetadataDocument
  /** Whether an administrator stored it: then nobody is asked for it. */
  readonly pinned: boolean
  /** What the next question can refer to. */
  readonly etag: string | null
  readonly fetchedAt: number
  /** Until then nobody is asked again. */
  readonly freshUntil: number
  /** Until then it is certainly kept. */
  readonly keptUntil: number
  /** The hash of its logo; null: there is none to show. */
  readonly logo: string | null
}

/** How long a copy stays that nothing was issued to, since somebody last came for it: as long as they need to agree. Seconds. */
export const KEPT_UNUSED = 900

/** How long the last good copy lets people in after its time, while the client's site is down. Seconds. */
export const KEPT_THROUGH_OUTAGE = 86_400

/** Whether something was issued to the client: nothing else keeps a copy for so long. Not known of the last days of the last grant. */
export const isUsed = ({ freshUntil, keptUntil }: Pick<ClientDocument, 'freshUntil' | 'keptUntil'>): boolean =>
  keptUntil > freshUntil + KEPT_THROUGH_OUTAGE + KEPT_UNUSED

/** A picture that may be shown. `hash`: base64url(SHA-256) of its bytes. */
export interface ClientLogo {
  readonly hash: string
  readonly type: RasterType
  readonly bytes: Uint8Array<ArrayBuffer>
}

export type RasterType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp'

/** The documents that are remembered, by their client id, byte for byte. */
export interface StoredClientDocuments {
  find(clientId: string): Promise<ClientDocument | null>
  logo(clientId: string): Promise<ClientLogo | null>
  /**
   * Adds a document with its logo, or replaces the one of this client id; `keptUntil` never moves back. One that is pinned stays for good, and
   * is replaced by one that is pinned only.
   */
  put(document: Omit<ClientDocument, 'logo'>, logo: ClientLogo | null, entry?: AuditEntry<Act>): Promise<void>
  /** The document has not changed: moves its times. */
  confirm(times: Pick<ClientDocument, 'clientId' | 'fetchedAt' | 'freshUntil' | 'keptUntil'>): Promise<void>
  /** Keeps it at least until then. False: there is none. */
  keep(clientId: string, until: number): Promise<boolean>
  /** Those that are pinned first. */
  list(): Promise<readonly ClientDocument[]>
  /** From now on it is asked for again. False: it was not pinned. */
  unpin(clientId: string, now: number, entry?: AuditEntry<Act>): Promise<boolean>
  /** False: there is none. The client's grants are revoked with it, in one transaction. */
  remove(clientId: string, now: number, entry?: AuditEntry<Act>): Promise<boolean>
}
