/**
 * `client_secret_post`: id and secret in the form.
 *
 * @see RFC 6749 section 2.3.1
 * @module
 */
import { ok } from '../../../shared/result.ts'
import { reject } from '../rejection.ts'
import type { ClientAuthMethod } from './client-auth-method.ts'
import { presentSecret } from './client-secret.ts'

export const clientSecretPost: ClientAuthMethod = {
  name: 'client_secret_post',
  present({ client_id, client_secret }) {
    if (client_secret === undefined) return null
    return client_id === undefined
      ? reject('malformed_client_authentication')
      : ok(presentSecret(client_id, client_secret))
  },
}
