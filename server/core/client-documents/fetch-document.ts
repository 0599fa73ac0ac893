/**
 * Reads a document where its client id says, and what belongs to it.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 4 (content type), section 5 (200 only), section 8.7 (size)
 * @module
 */
import {
  type ClientDocumentProblem,
  type ClientIdMetadataDocument,
  checkClientDocument,
  MAX_CLIENT_DOCUMENT,
} from '../../../shared/client-id-metadata-document.ts'
import { freshUntil } from '../../../shared/http-freshness.ts'
import { err, ok, type Result } from '../../../shared/result.ts'
import type { Outbound, OutboundAnswer, OutboundFailure } from '../outbound.ts'
import type { ClientDocument } from './client-document.ts'

/** Why a document cannot be used. Constants, for the log alone. */
export type DocumentFailure = OutboundFailure | ClientDocumentProblem | 'wrong_content_type' | 'not_json'

/** A document as it was read; null: the copy at hand is still the right one. */
export interface FetchedDocument {
  readonly document: ClientIdMetadataDocument | null
  readonly etag: string | null
  readonly freshUntil: number
}

/** Whatever an answer says, nobody is asked twice within so many seconds, and everybody again after a day. */
const MIN_LIFETIME = 30
const MAX_LIFETIME = 86_400

const ACCEPT = 'application/json, application/*+json;q=0.9'
const JSON_TYPE = /^application\/(?:[\w!#$&^.-]+\+)?json[ \t]*(?:;|$)/i

export async function fetchDocument(
  clientId: string,
  known: ClientDocument | null,
  { outbound, now }: { readonly outbound: Outbound; readonly now: number },
): Promise<Result<FetchedDocument, DocumentFailure>> {
  const etag = known?.etag ?? null
  const request = { accept: ACCEPT, maxBytes: MAX_CLIENT_DOCUMENT, ...(etag === null ? {} : { etag }) }
  const answer = await outbound.get(clientId, request)
  if (!answer.ok) return answer
  const { status, headers } = answer.value
  const until = Math.min(Math.max(freshUntil(headers, now), now + MIN_LIFETIME), now + MAX_LIFETIME)
  if (status === 304) return ok({ document: null, etag, freshUntil: until })
  const document = readDocument(answer.value, clientId)
  return document.ok ? ok({ document: document.value, etag: headers.get('etag'), freshUntil: until }) : document
}

function readDocument(
  { headers, body }: OutboundAnswer,
  clientId: string,
): Result<ClientIdMetadataDocument, DocumentFailure> {
  if (!JSON_TYPE.test(headers.get('content-type') ?? '')) return err('wrong_content_type')
  const json = parseJson(body)
  return json === undefined ? err('not_json') : checkClientDocument(json, clientId)
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return undefined
  }
}
