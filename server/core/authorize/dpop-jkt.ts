/**
 * Check 9: the key that the code is to be bound to, if the request names one.
 *
 * @see RFC 9449 section 10: `dpop_jkt`
 * @module
 */
import * as v from 'valibot'
import { JwkThumbprint } from '../../../shared/dpop/jwk-thumbprint.ts'
import { ok, type Result } from '../../../shared/result.ts'
import { type Rejection, reject } from '../rejection.ts'

/** The thumbprint; null: the code is bound to no key. */
export function checkDpopJkt(value: string | undefined): Result<string | null, Rejection> {
  if (value === undefined) return ok(null)
  return v.is(JwkThumbprint, value) ? ok(value) : reject('malformed_dpop_jkt')
}
