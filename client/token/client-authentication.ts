/**
 * How a client proves itself at the token and revocation endpoints: one way per request.
 *
 * @see RFC 6749 section 2.3.1: id and secret are form-encoded before they become Basic credentials
 * @see RFC 7523 section 2.2: a signed assertion in place of a secret
 * @see RFC 8414 section 2: an absent `token_endpoint_auth_methods_supported` means `client_secret_basic`
 * @module
 */
import { JWT_BEARER } from '../../shared/client-assertion-type.ts'
import type { ClientContext } from '../context.ts'
import type { ValidatedServerMetadata } from '../discovery/discovery.ts'
import { SallyportError } from '../errors.ts'
import type { ClientIdentity } from '../registration/client-identity.ts'
import type { ClientKey } from './private-key-jwt.ts'

/** What to add to a request. */
export interface ClientAuthentication {
  readonly headers: Readonly<Record<string, string>>
  readonly params: Readonly<Record<string, string>>
}

/** What needs no key, in the order of preference. */
const KNOWN = ['client_secret_basic', 'client_secret_post', 'none'] as const
/** How a secret is sent; `none`: not at all. */
export type KnownAuthMethod = (typeof KNOWN)[number]

/** The methods of the server that this client knows, in its own order of preference: basic, post, none. */
export function authMethods(server: ValidatedServerMetadata): readonly KnownAuthMethod[] {
  const declared = declaredMethods(server)
  return KNOWN.filter((method) => declared.includes(method))
}

export function isKnownAuthMethod(method: string | undefined): method is KnownAuthMethod {
  return KNOWN.some((known) => known === method)
}

/** Whether a client without a secret can prove itself there: with its key, else by its id alone. */
export function acceptsSecretless(server: ValidatedServerMetadata, key: ClientKey | undefined): boolean {
  return key === undefined ? declaredMethods(server).includes('none') : acceptsKey(server, key)
}

/**
 * Authenticates `identity`, for one request: with its key, else as registered, else as the server's metadata allows; without a secret
 * as `none`.
 *
 * @throws {SallyportError} `client_authentication_unsupported` for a key that the server does not take
 */
export async function authenticateClient(
  context: Pick<ClientContext, 'now' | 'peers'>,
  identity: ClientIdentity,
  server: ValidatedServerMetadata,
): Promise<ClientAuthentication> {
  const { clientId, clientSecret, key } = identity
  if (key !== undefined) return withKey(context, identity, server, key)
  const method = clientSecret === undefined ? 'none' : (identity.authMethod ?? methodForSecret(server))
  if (clientSecret === undefined || method === 'none') return { headers: {}, params: { client_id: clientId } }
  if (method === 'client_secret_post') {
    return { headers: {}, params: { client_id: clientId, client_secret: clientSecret } }
  }
  const credentials = btoa(`${formEncode(clientId)}:${formEncode(clientSecret)}`)
  return { headers: { authorization: `Basic ${credentials}` }, params: {} }
}

async function withKey(
  { now, peers }: Pick<ClientContext, 'now' | 'peers'>,
  { clientId, issuer }: ClientIdentity,
  server: ValidatedServerMetadata,
  key: ClientKey,
): Promise<ClientAuthentication> {
  if (!acceptsKey(server, key)) throw new SallyportError('client_authentication_unsupported')
  // A proof may have told how far the server's clock is from ours.
  const at = now() + peers(server.token_endpoint).skew
  const assertion = await key.assertion({ clientId, issuer, now: at })
  const params = { client_id: clientId, client_assertion_type: JWT_BEARER, client_assertion: assertion }
  return { headers: {}, params }
}

function acceptsKey(server: ValidatedServerMetadata, key: ClientKey): boolean {
  const algorithms = server.token_endpoint_auth_signing_alg_values_supported
  return declaredMethods(server).includes(key.method) && (algorithms?.includes(key.alg) ?? true)
}

const declaredMethods = ({ token_endpoint_auth_methods_supported: declared }: ValidatedServerMetadata) =>
  declared ?? ['client_secret_basic']

function methodForSecret(server: ValidatedServerMetadata): KnownAuthMethod {
  return authMethods(server).find((method) => method !== 'none') ?? 'client_secret_basic'
}

/** One value as `application/x-www-form-urlencoded`; the result is ASCII, as `btoa` needs it. */
const formEncode = (value: string): string => new URLSearchParams({ v: value }).toString().slice(2)
