/**
 * What an ID-JAG must say of itself, whoever issued it: nothing here tells a caller which issuers are trusted.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4.4.1: processing rules, section 9.9.1.2: `cnf`
 * @see RFC 7523 section 3
 * @module
 */
import * as v from 'valibot'
import { Confirmation } from '../../../../shared/access-token.ts'
import { ID_JAG_TYPE, IdJagClaims } from '../../../../shared/id-jag.ts'
import { ok, type Result } from '../../../../shared/result.ts'
import type { Client } from '../../records.ts'
import { type Rejection, reject } from '../../rejection.ts'
import type { Sender } from '../../sender.ts'
import { type AssertionHeader, checkTimes, isForOneOf, readClaims, readHeader, typeOf } from './read-assertion.ts'

/** An ID-JAG, taken apart and not believed yet. */
export interface IdJag {
  readonly header: AssertionHeader
  readonly claims: IdJagClaims
}

export const isIdJag = (header: AssertionHeader): boolean => typeOf(header) === ID_JAG_TYPE

export function readIdJag(assertion: string): Result<IdJag, Rejection> {
  const header = readHeader(assertion)
  if (header === null) return reject('malformed_grant_assertion')
  if (!isIdJag(header)) return reject('wrong_grant_assertion_type')
  const claims = readClaims(assertion, IdJagClaims)
  return claims === null ? reject('malformed_grant_assertion') : ok({ header, claims })
}

/** Pure. `issuer`: this server. */
export function checkIdJag(
  { claims }: IdJag,
  { issuer, client, sender, now }: { issuer: string; client: Client; sender: Sender; now: number },
): Result<null, Rejection> {
  if (!isForOneOf([issuer], claims.aud)) return reject('wrong_grant_assertion_audience')
  // The client first: what it cannot use anyway tells it nothing.
  if (claims.client_id !== client.id) return reject('grant_assertion_of_other_client')
  // Within one domain of trust an assertion of our own would be a way around the person.
  if (claims.iss === issuer) return reject('own_grant_assertion')
  const times = checkTimes(claims, now)
  if (!times.ok) return times
  // They limit what it is worth, in ways that are not understood here.
  if (claims.authorization_details !== undefined) return reject('grant_assertion_has_details')
  return checkConfirmation(claims.cnf, sender)
}

/** Pure. Whoever brings a bound assertion must prove the key that it names. */
export function checkConfirmation(cnf: unknown, sender: Sender): Result<null, Rejection> {
  if (cnf === undefined) return ok(null)
  const confirmation = v.safeParse(Confirmation, cnf)
  if (!confirmation.success) return reject('malformed_grant_assertion')
  if (sender === null) return reject('grant_assertion_without_proof')
  return confirmation.output.jkt === sender.thumbprint ? ok(null) : reject('wrong_dpop_key')
}
