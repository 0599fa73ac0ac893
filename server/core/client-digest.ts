/**
 * What a person sees when they agree to a client: what it is called, where its answers may go, how it proves who it is.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 8.4: changes in client metadata
 * @see docs/adr/0119-when-client-documents-are-read.md
 * @module
 */
import { keyThumbprints } from './client-auth/key-thumbprints.ts'
import type { Hash } from './ports.ts'
import type { Client } from './records.ts'

/** The same for as long as none of it changes. Keys at a `jwks_uri` are seen by nobody; `consentDigest` counts them in. */
export async function clientDigest(
  { name, metadata, redirectUris, authMethods, jwks, jwksUri }: Client,
  hash: Hash,
): Promise<string> {
  const keys = jwks === null ? null : await keyThumbprints(jwks)
  return hash(JSON.stringify([name, metadata.logo_uri ?? null, [...redirectUris].sort(), authMethods, keys, jwksUri]))
}
