/**
 * Whom a request says that it is from, before anything is verified.
 *
 * @see RFC 6749 section 2.3
 * @see docs/adr/0189-each-workload-for-itself.md
 * @module
 */
import * as v from 'valibot'
import { readClaims } from '../grants/jwt-bearer/read-assertion.ts'
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

/** What can say whom a request is to be counted for. */
export type PartyInput = ClientAuthInput & { readonly assertion?: string | undefined }

/** The client, or where the request names none: issuer and subject of the assertion that stands for one. Empty: the request does not say. */
export function claimedParty(input: PartyInput): string {
  const client = claimedClient(input)
  if (client !== '' || input.assertion === undefined) return client
  const claims = readClaims(input.assertion, v.looseObject({ iss: v.string(), sub: v.string() }))
  return claims === null ? '' : JSON.stringify([claims.iss, claims.sub])
}
