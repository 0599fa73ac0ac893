/**
 * Whom a request says that it is from, before anything is verified.
 *
 * @see RFC 6749 section 2.3
 * @module
 */
import { readAssertion } from './client-assertion.ts'
import type { ClientAuthInput } from './client-auth-method.ts'
import { clientSecretBasic } from './client-secret-basic.ts'

/** The id in the form, the name in HTTP Basic, or the subject of an assertion. Empty: the request does not say. */
export function claimedClient(input: ClientAuthInput): string {
  if (input.client_id !== undefined) return input.client_id
  const basic = clientSecretBasic.present(input)
  if (basic?.ok) return basic.value.clientId
  const { client_assertion } = input
  return client_assertion === undefined ? '' : (readAssertion(client_assertion)?.claims.sub ?? '')
}
