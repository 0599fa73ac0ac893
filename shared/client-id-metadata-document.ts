/**
 * The document that a client publishes at its client id: who it is, where its answers go, how it proves itself. Anybody can write one,
 * so it can hold no shared secret, and what is unknown in it is ignored.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 4, section 4.1
 * @see MCP 2026-07-28, client registration: the required members
 * @see OpenID Connect Relying Party Metadata Choices 1.0: `token_endpoint_auth_methods_supported`
 * @module
 */
import * as v from 'valibot'
import { ClientJwks } from './client-jwks.ts'
import { classifyRedirectUri } from './redirect-uri.ts'
import { err, ok, type Result } from './result.ts'
import { checkUrl } from './url-policy.ts'
import { withoutNulls } from './without-nulls.ts'

/** The longest that a document may be, in bytes. */
export const MAX_CLIENT_DOCUMENT = 5 * 1024

const text = v.pipe(v.string(), v.maxLength(200))
const uri = v.pipe(v.string(), v.maxLength(2048))

/** `client_secret_basic`, `client_secret_post`, `client_secret_jwt`, and whatever else is built on a shared secret. */
const authMethod = v.pipe(text, v.regex(/^(?!client_secret)/, 'needs a shared secret'))

/** What only describes must not make a document useless: of the wrong shape, it counts as left out. */
const lenient = <Schema extends v.GenericSchema>(schema: Schema) => v.fallback(v.optional(schema), undefined)

export const ClientIdMetadataDocument = v.object({
  client_id: uri,
  client_name: v.pipe(text, v.regex(/\S/, 'empty')),
  redirect_uris: v.pipe(
    v.array(
      v.pipe(
        uri,
        v.check((redirectUri) => classifyRedirectUri(redirectUri).ok, 'not a redirect URI'),
      ),
    ),
    v.minLength(1),
  ),
  token_endpoint_auth_method: v.optional(authMethod),
  token_endpoint_auth_methods_supported: v.optional(v.pipe(v.array(authMethod), v.minLength(1))),
  jwks: v.optional(ClientJwks),
  jwks_uri: v.optional(uri),
  grant_types: v.optional(v.array(text)),
  dpop_bound_access_tokens: v.optional(v.boolean()),
  /** ADR 0203. Anything but a boolean is not this member. */
  agent: lenient(v.boolean()),
  scope: lenient(uri),
  client_uri: lenient(uri),
  logo_uri: lenient(uri),
  tos_uri: lenient(uri),
  policy_uri: lenient(uri),
  software_id: lenient(text),
  software_version: lenient(text),
})
export type ClientIdMetadataDocument = v.InferOutput<typeof ClientIdMetadataDocument>

/** What must not be there, whatever it is. */
const SECRETS = ['client_secret', 'client_secret_expires_at'] as const

/** The member that is wrong; `document`: it is no JSON object. */
export type ClientDocumentProblem = keyof ClientIdMetadataDocument | (typeof SECRETS)[number] | 'document'

/** How a client of a document proves itself. */
export type DocumentAuthMethod = 'none' | 'private_key_jwt'

/**
 * Judges a document that was found at `clientId`. Members that are unknown or null are not in the result.
 *
 * @example
 * const document = checkClientDocument(JSON.parse(body), 'https://app.example/client.json')
 */
export function checkClientDocument(
  document: unknown,
  clientId: string,
): Result<ClientIdMetadataDocument, ClientDocumentProblem> {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return err('document')
  const secret = SECRETS.find((member) => Object.hasOwn(document, member))
  if (secret !== undefined) return err(secret)
  const parsed = v.safeParse(ClientIdMetadataDocument, withoutNulls(document))
  if (!parsed.success) return err(memberOf(parsed.issues[0].path?.[0]?.key))
  const { client_id, jwks, jwks_uri, logo_uri, ...rest } = parsed.output
  if (client_id !== clientId) return err('client_id')
  // RFC 7591 section 2: not both. What the document names is admitted on loopback only beside a document there.
  if (jwks_uri !== undefined && (jwks !== undefined || !checkUrl(jwks_uri, clientId).ok)) return err('jwks_uri')
  const method = documentAuthMethod(rest)
  if (method === null) return err('token_endpoint_auth_method')
  const hasKeys = jwks_uri !== undefined || (jwks !== undefined && jwks.keys.length > 0)
  if (method === 'private_key_jwt' && !hasKeys) return err('jwks')
  const isLogo = logo_uri !== undefined && checkUrl(logo_uri, clientId).ok
  return ok({
    ...rest,
    client_id,
    ...(jwks === undefined ? {} : { jwks }),
    ...(jwks_uri === undefined ? {} : { jwks_uri }),
    ...(isLogo ? { logo_uri } : {}),
  })
}

/** The strongest method of those that it offers; null: none of them is known. A document that says nothing is of a public client. */
export function documentAuthMethod({
  token_endpoint_auth_method: preferred,
  token_endpoint_auth_methods_supported: others = [],
}: Pick<
  ClientIdMetadataDocument,
  'token_endpoint_auth_method' | 'token_endpoint_auth_methods_supported'
>): DocumentAuthMethod | null {
  const offered = preferred === undefined && others.length === 0 ? ['none'] : [preferred, ...others]
  if (offered.includes('private_key_jwt')) return 'private_key_jwt'
  return offered.includes('none') ? 'none' : null
}

const memberOf = (key: unknown): ClientDocumentProblem => (isMember(key) ? key : 'document')

const isMember = (key: unknown): key is keyof ClientIdMetadataDocument =>
  typeof key === 'string' && Object.hasOwn(ClientIdMetadataDocument.entries, key)
