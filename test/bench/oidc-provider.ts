/**
 * node-oidc-provider in memory, set up to do what the scenarios do: JWT access tokens with ES256, rotation, consent given before.
 *
 * @module
 */
import { Provider } from 'oidc-provider'
import { CLIENT, REDIRECT_URI, RESOURCE } from './world.ts'

const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign'])
const jwk = { ...(await crypto.subtle.exportKey('jwk', privateKey)), alg: 'ES256', use: 'sig' }

const provider = new Provider(`http://127.0.0.1:${Bun.env['PORT']}`, {
  clients: [
    {
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      redirect_uris: [REDIRECT_URI],
      id_token_signed_response_alg: 'ES256',
    },
  ],
  jwks: { keys: [jwk] },
  scopes: ['openid', 'offline_access', 'notes:read'],
  rotateRefreshToken: true,
  issueRefreshToken: async () => true,
  findAccount: async (_: unknown, id: string) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'notes:read',
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
        accessTokenTTL: 900,
      }),
    },
  },
})
provider.listen(Number(Bun.env['PORT']), '127.0.0.1')
