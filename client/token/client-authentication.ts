/**
 * How a client proves itself at the token and revocation endpoints: one way per request.
 *
 * @see RFC 6749 section 2.3.1: id and secret are form-encoded before they become Basic credentials
 * @see RFC 8414 section 2: an absent `token_endpoint_auth_methods_supported` means `client_secret_basic`
 * @module
 */
import type { ClientAuthMethod } from '../../shared/client-metadata.ts'
import type { ValidatedServerMetadata } from '../discovery/discovery.ts'
import type { ClientIdentity } from '../registration/client-identity.ts'

/** What to add to a request. */
export interface ClientAuthentication {
  readonly headers: Readonly<Record<string, string>>
  readonly params: Readonly<Record<string, string>>
}

/** In the order of preference. Keys are not among them. */
const KNOWN = ['client_secret_basic', 'client_secret_post', 'none'] as const
export type KnownAuthMethod = (typeof KNOWN)[number] & ClientAuthMethod

/** The methods of the server that this client knows, in its own order of preference: basic, post, none. */
export function authMethods(server: ValidatedServerMetadata): readonly KnownAuthMethod[] {
  const declared = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  return KNOWN.filter((method) => declared.includes(method))
}

export function isKnownAuthMethod(method: string | undefined): method is KnownAuthMethod {
  return KNOWN.some((known) => known === method)
}

/** Authenticates `identity`: as registered, else as the server's metadata allows; without a secret as `none`. */
export function authenticateClient(identity: ClientIdentity, server: ValidatedServerMetadata): ClientAuthentication {
  const { clientId, clientSecret } = identity
  const method = clientSecret === undefined ? 'none' : (identity.authMethod ?? methodForSecret(server))
  if (clientSecret === undefined || method === 'none') return { headers: {}, params: { client_id: clientId } }
  if (method === 'client_secret_post') {
    return { headers: {}, params: { client_id: clientId, client_secret: clientSecret } }
  }
  const credentials = btoa(`${formEncode(clientId)}:${formEncode(clientSecret)}`)
  return { headers: { authorization: `Basic ${credentials}` }, params: {} }
}

function methodForSecret(server: ValidatedServerMetadata): KnownAuthMethod {
  return authMethods(server).find((method) => method !== 'none') ?? 'client_secret_basic'
}

/** One value as `application/x-www-form-urlencoded`; the result is ASCII, as `btoa` needs it. */
const formEncode = (value: string): string => new URLSearchParams({ v: value }).toString().slice(2)
