/**
 * What a remembered consent rests on: the client as the person saw it, and the keys that it proves itself with.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 8.4: changes in client metadata
 * @see docs/adr/0119-when-client-documents-are-read.md
 * @module
 */
import type { ClientKeys } from './client-auth/client-keys.ts'
import { clientDigest } from './client-digest.ts'
import type { Hash } from './ports.ts'
import type { Client } from './records.ts'

interface Tools {
  readonly hash: Hash
  readonly clientKeys: Pick<ClientKeys, 'thumbprints'>
}

/** The same for as long as none of it changes. Null: the keys cannot be had now, so nobody can say. */
export async function consentDigest(client: Client, { hash, clientKeys }: Tools): Promise<string | null> {
  const digest = await clientDigest(client, hash)
  if (client.jwksUri === null) return digest
  const keys = await clientKeys.thumbprints(client.jwksUri)
  return keys === null ? null : hash(JSON.stringify([digest, keys]))
}
