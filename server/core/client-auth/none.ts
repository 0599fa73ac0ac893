/**
 * `none`: a public client names itself and proves nothing. A client that has a secret must use it.
 *
 * @see RFC 6749 section 2.1, section 3.2.1
 * @module
 */
import { ok } from '../../../shared/result.ts'
import { reject } from '../rejection.ts'
import type { ClientAuthMethod } from './client-auth-method.ts'

export const none: ClientAuthMethod = {
  name: 'none',
  present({ authorization, client_id, client_secret }) {
    if (authorization !== null || client_secret !== undefined || client_id === undefined) return null
    return ok({
      clientId: client_id,
      verify: async (client) =>
        client.authMethods.includes('none') ? ok(client) : reject('missing_client_authentication'),
    })
  },
}
