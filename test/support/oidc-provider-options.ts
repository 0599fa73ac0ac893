/**
 * What node-oidc-provider is set up with wherever it stands in: JWT access tokens for one resource, rotation, and a person who is who they say.
 *
 * @see https://github.com/panva/node-oidc-provider/blob/main/docs/README.md
 * @module
 */
import { exportJWK, generateKeyPair } from 'jose'

export interface ProviderOptions {
  readonly resource: string
  /** Of the resource. Default: notes:read. */
  readonly scope?: string
  /** What is on, by the package's names, with its own settings where it has any. */
  readonly features: Readonly<Record<string, true | object>>
}

/** `own`: what the package calls so, beside the features. */
export async function oidcProviderOptions(
  { resource, scope = 'notes:read', features }: ProviderOptions,
  own: Readonly<Record<string, unknown>> = {},
): Promise<object> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'one' }
  const enabled = Object.entries(features).map(([name, settings]) => [
    name,
    { enabled: true, ...(settings === true ? {} : settings) },
  ])
  return {
    jwks: { keys: [jwk] },
    cookies: { keys: ['a key of these tests only'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    scopes: ['openid', 'offline_access'],
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    findAccount: async (_: unknown, id: string) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    ...own,
    features: {
      devInteractions: { enabled: false },
      ...Object.fromEntries(enabled),
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo(_: unknown, indicator: string) {
          if (indicator !== resource) throw new UnknownResource()
          return { scope, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } }, accessTokenTTL: 900 }
        },
      },
    },
  }
}

/** What `errors.InvalidTarget` of the package is. */
class UnknownResource extends Error {
  readonly error = 'invalid_target'
  readonly status = 400
  readonly statusCode = 400
  readonly expose = true
  readonly error_description = 'resource indicator is missing, or unknown'
}
