/**
 * The client that a document describes.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 4
 * @see RFC 7591 section 2: what is left out
 * @module
 */
import { type ClientIdMetadataDocument, documentAuthMethod } from '../../../shared/client-id-metadata-document.ts'
import { JWT_BEARER_GRANT } from '../../../shared/token-request.ts'
import type { Client } from '../records.ts'
import { type ClientDocument, isUsed } from './client-document.ts'

/**
 * What a stranger can give themselves: grants in which a person agrees, or their identity provider for them. A document that an administrator
 * pinned may also name those in which nobody does.
 */
const FOR_STRANGERS: readonly string[] = ['authorization_code', 'refresh_token', JWT_BEARER_GRANT]

export function toClient(known: ClientDocument): Client {
  const { clientId, document, pinned, fetchedAt } = known
  const admitted = pinned ? [...FOR_STRANGERS, 'client_credentials'] : FOR_STRANGERS
  const named = (document.grant_types ?? []).filter((type) => admitted.includes(type))
  // RFC 7591 section 2: what a client leaves out means this one. Of a list in which nothing is known, nothing is left.
  const grantTypes = named.length === 0 ? ['authorization_code'] : named
  return {
    id: clientId,
    name: document.client_name,
    redirectUris: [...new Set(document.redirect_uris)],
    authMethods: [documentAuthMethod(document) ?? 'none'],
    secrets: [],
    jwks: document.jwks ?? null,
    jwksUri: document.jwks_uri ?? null,
    grantTypes: [...new Set(grantTypes)],
    responseTypes: grantTypes.includes('authorization_code') ? ['code'] : [],
    applicationType: document.redirect_uris.every((uri) => uri.startsWith('https:')) ? 'web' : 'native',
    scope: document.scope ?? null,
    scopeCeiling: null,
    resource: null,
    dpop: document.dpop_bound_access_tokens === true ? 'required' : 'optional',
    agent: document.agent === true,
    metadata: describe(document),
    origin: pinned ? 'administrator' : 'document',
    issuedAt: fetchedAt,
    // When is not known.
    lastUsedAt: isUsed(known) ? fetchedAt : null,
    expiresAt: null,
  }
}

function describe({
  client_uri,
  logo_uri,
  tos_uri,
  policy_uri,
  software_id,
  software_version,
}: ClientIdMetadataDocument) {
  const told = Object.entries({ client_uri, logo_uri, tos_uri, policy_uri, software_id, software_version })
  return Object.fromEntries(told.filter(([, value]) => value !== undefined))
}
