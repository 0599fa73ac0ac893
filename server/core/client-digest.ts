/**
 * What a person sees when they agree to a client: what it is called, where its answers may go, how it proves who it is, whether it is an agent.
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
  { name, metadata, redirectUris, authMethods, jwks, jwksUri, agent }: Client,
  hash: Hash,
): Promise<string> {
  const keys = jwks === null ? null : await keyThumbprints(jwks)
  const shown = [name, metadata.logo_uri ?? null, [...redirectUris].sort(), authMethods, keys, jwksUri]
  // Of others nothing is added: what people agreed to before there were agents stands.
  return hash(JSON.stringify(agent ? [...shown, 'agent'] : shown))
}
