/**
 * Looking at an ID-JAG before anybody gets to see it: it is for this server, this client, this resource, and for our key or none.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4.3.4 (the response), section 9.9.1 (`cnf`)
 * @see draft-ietf-oauth-identity-assertion-authz-grant-05 (in preparation) section 4.3.4: a `resource` that was not asked for makes it unusable
 * @module
 */
import type { ForeignTokenResponse } from '../../shared/foreign-token-response.ts'
import { ID_JAG_TOKEN_TYPE, ID_JAG_TYPE } from '../../shared/grant-names.ts'
import { signingKey } from '../dpop/stored-key.ts'
import { SallyportError } from '../errors.ts'
import { isSameResource } from '../resource-url.ts'
import { type AssertionClaims, assertionClaims } from './assertion-claims.ts'
import { behind } from './behind.ts'
import type { GrantStep } from './grant-type.ts'

/** An ID-JAG, until it expires (seconds since the epoch). */
export interface IdJag {
  readonly assertion: string
  readonly expiresAt: number
  /** What it names; `undefined`: nothing. */
  readonly scope: string | undefined
  /** The key that whoever redeems it has to prove. */
  readonly jkt: string | undefined
}

/**
 * Takes an ID-JAG out of the provider's response. `proven`: the session's key was proven with the request.
 *
 * @throws {SallyportError} `assertion_unusable`, `dpop_downgrade`
 */
export async function checkIdJag(step: GrantStep, response: ForeignTokenResponse, proven: boolean): Promise<IdJag> {
  const { access_token: assertion, issued_token_type, resource, expires_in = Number.POSITIVE_INFINITY } = response
  const claims = assertionClaims(assertion)
  if (claims === undefined || issued_token_type !== ID_JAG_TOKEN_TYPE) throw unusable()
  if (!isForThis(step, claims) || !namesOnly(step, resource)) throw unusable()
  const jkt = await confirmation(step, claims, proven)
  // Without `exp` it is used once, at once.
  return { assertion, expiresAt: Math.min(claims.exp ?? 0, step.now() + expires_in), scope: claims.scope, jkt }
}

const unusable = (): SallyportError => new SallyportError('assertion_unusable')

/** Providers that name no resource leave the choice to the server. */
const isForThis = (step: GrantStep, { typ, aud, client_id, resource }: AssertionClaims): boolean =>
  typ === ID_JAG_TYPE &&
  // For this server, and nobody else.
  [aud].flat().length === 1 &&
  [aud].flat()[0] === step.issuer &&
  client_id === step.clientId &&
  namesOnly(step, resource)

/** Whether `resource` (one, several, or absent) names what was asked for, and nothing else. */
export function namesOnly(step: Pick<GrantStep, 'indicator' | 'resource'>, resource: unknown): boolean {
  if (resource === undefined) return true
  const names: readonly unknown[] = [resource].flat()
  const asked = step.indicator ?? step.resource
  return names.length > 0 && names.every((name) => typeof name === 'string' && isSameResource(asked, name))
}

async function confirmation(step: GrantStep, { cnf }: AssertionClaims, proven: boolean): Promise<string | undefined> {
  const { dpop } = behind(step)
  if (cnf === undefined) {
    if (proven && dpop?.required === true) throw new SallyportError('dpop_downgrade')
    return undefined
  }
  // Another key is one that we cannot prove, so it would be of use to somebody else.
  if (dpop === undefined || cnf.jkt !== (await signingKey(dpop.key)).thumbprint) {
    throw unusable()
  }
  return cnf.jkt
}
