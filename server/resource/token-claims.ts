/**
 * What a token must say of itself, once its signature has borne it out.
 *
 * @see RFC 9068 section 4: type, audience, expiry
 * @see RFC 7800 section 3.1: `cnf`, whose every member must be understood
 * @see RFC 7519 section 4.1.4 and section 4.1.5: `exp` and `nbf`, with some leeway for clocks
 * @module
 */
import * as v from 'valibot'
import { ACCESS_TOKEN_TYPE, AccessTokenClaims, Confirmation } from '../../shared/access-token.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import { includesAudience } from './audience.ts'
import type { TokenProblem } from './events.ts'
import type { Jws } from './jws.ts'
import type { ResourceSettings } from './resource-options.ts'

/** The claims, or what is wrong with them. The issuer is not among it: it chose the keys. */
export function checkClaims(
  { header, payload }: Pick<Jws, 'header' | 'payload'>,
  { aliases, clockTolerance, now, resource }: ResourceSettings,
): Result<AccessTokenClaims, TokenProblem> {
  if (!TYPES.includes(header.typ?.toLowerCase() ?? '')) return err('wrong_type')
  const { cnf, exp, nbf } = payload
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= now() + clockTolerance)) return err('not_yet_valid')
  if (typeof exp === 'number' && exp <= now() - clockTolerance) return err('expired')

  // Bound in a way that this module cannot check: taking it for any other token would undo the binding.
  if (cnf !== undefined && !v.is(Confirmation, cnf)) return err('sender_constrained')
  const parsed = v.safeParse(AccessTokenClaims, payload)
  if (!parsed.success) return err('missing_claim')
  const claims = parsed.output
  if (!includesAudience(claims.aud, [resource, ...aliases])) return err('wrong_audience')
  return ok(claims)
}

/** RFC 7515 section 4.1.9: a type without a slash is meant with this prefix. */
const TYPES: readonly string[] = [ACCESS_TOKEN_TYPE, `application/${ACCESS_TOKEN_TYPE}`]
