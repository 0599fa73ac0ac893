/**
 * An ID-JAG from the identity provider, for what the company knows of the person.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4.3 (the exchange), section 9.2 (`insufficient_user_authentication`)
 * @see MCP extension io.modelcontextprotocol/enterprise-managed-authorization, section 4
 * @module
 */

import type { ForeignTokenResponse } from '../../shared/foreign-token-response.ts'
import { ID_JAG_TOKEN_TYPE } from '../../shared/grant-names.ts'
import { type Guarded, isNumber, isOptional, isRecord, isString } from '../../shared/guard.ts'
import { formatScope } from '../../shared/scope.ts'
import { SallyportError } from '../errors.ts'
import type { JsonAnswer } from '../http/request-json.ts'
import { readTokens } from '../token/token-request.ts'
import { checkIdJag, type IdJag } from './check-id-jag.ts'
import type { GrantStep } from './grant-type.ts'
import type { AskProvider, ProviderAnswer } from './identity-provider.ts'
import { readSource, type TokenSource, type TokenType, tokenTypeUri } from './token-source.ts'

/** What the provider wants of a sign-in before it vouches for the person. Nothing: whatever there is. */
export interface WantedSignIn {
  /** It may be so many seconds old. */
  readonly maxAge?: number
  readonly acrValues?: string
}

/** Who the person is: what says so, and where from. */
export interface Identified {
  readonly identity: TokenSource<WantedSignIn>
  readonly type: TokenType
  /** What `identity` has just brought. */
  readonly subject: string
}

const UNMET = 'insufficient_user_authentication'

const isUnmet = isRecord({
  error: (value): value is typeof UNMET => value === UNMET,
  max_age: isOptional(isNumber),
  acr_values: isOptional(isString),
})

/**
 * Obtains an ID-JAG for the step's server and resource. `identity` says who the person is.
 *
 * @throws {SallyportError} `identity_rejected`, `assertion_unusable`, `dpop_downgrade`, and what the requests throw
 */
export async function obtainIdJag(
  step: GrantStep,
  ask: AskProvider,
  { identity, type, subject }: Identified,
): Promise<IdJag> {
  const exchange = (subject_token: string): Promise<ProviderAnswer> =>
    ask(step, {
      requested_token_type: ID_JAG_TOKEN_TYPE,
      subject_token,
      subject_token_type: tokenTypeUri(type),
      // Discovery has found the server's own metadata under this very name.
      audience: step.issuer,
      resource: step.indicator ?? step.resource,
      scope: step.scope.length === 0 ? undefined : formatScope(step.scope),
    })
  const first = await exchange(subject)
  const problem = first.answer.json
  // Whoever can bring a better sign-in is told what is wanted, once.
  const again = first.answer.status !== 200 && isUnmet(problem) && typeof identity === 'function'
  const { answer, proven } = again ? await exchange(await readSource(identity, wantedBy(problem))) : first
  return checkIdJag(step, tokensOf(answer), proven)
}

const wantedBy = ({ max_age, acr_values }: Guarded<typeof isUnmet>): WantedSignIn => ({
  ...(max_age !== undefined && { maxAge: max_age }),
  ...(acr_values !== undefined && { acrValues: acr_values }),
})

/** What the provider does not believe any more only the person can mend, there. */
function tokensOf(answer: JsonAnswer): ForeignTokenResponse {
  try {
    return readTokens(answer)
  } catch (cause) {
    if (!(cause instanceof SallyportError)) throw cause
    if (cause.code !== 'invalid_grant' && cause.oauthError !== UNMET) throw cause
    const { oauthError, errorDescription, errorUri, status, url } = cause
    throw new SallyportError('identity_rejected', { cause, oauthError, errorDescription, errorUri, status, url })
  }
}
