/**
 * node-oidc-provider in memory, set up to do what the scenarios do: JWT access tokens with ES256, rotation, consent given before.
 *
 * @module
 */
import { Provider } from 'oidc-provider'
import { oidcProviderOptions } from '../support/oidc-provider-options.ts'
import { CLIENT, REDIRECT_URI, RESOURCE } from './world.ts'

const options = await oidcProviderOptions(
  { resource: RESOURCE, features: { clientCredentials: true, introspection: true, devInteractions: true } },
  {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
        redirect_uris: [REDIRECT_URI],
      },
    ],
    scopes: ['openid', 'offline_access', 'notes:read'],
  },
)
const provider = new Provider(`http://127.0.0.1:${Bun.env['PORT']}`, options)
provider.listen(Number(Bun.env['PORT']), '127.0.0.1')
