/**
 * `none`: a public client names itself and proves nothing.
 *
 * @see RFC 6749 section 2.1, section 3.2.1
 * @module
 */
import { ok } from '../../../shared/result.ts'
import type { ClientAuthMethod } from './client-auth-method.ts'

export const none: ClientAuthMethod = {
  name: 'none',
  present({ authorization, client_id, client_secret, client_assertion, client_assertion_type }) {
    const proof = [client_secret, client_assertion, client_assertion_type]
    if (authorization !== null || client_id === undefined || proof.some((part) => part !== undefined)) return null
    return ok({ clientId: client_id, verify: async (client) => ok(client) })
  },
}
