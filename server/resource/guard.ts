/**
 * Whether a request may pass: who calls, with which token, for which operation, in this order.
 *
 * @see MCP 2026-07-28, authorization, access token usage: on every request, from the header alone
 * @module
 */
import { err, type Result } from '../../shared/result.ts'
import { missingScopes } from '../../shared/scope.ts'
import type { AuthInfo } from './auth-info.ts'
import { readBearerToken } from './bearer-credentials.ts'
import type { Refusal } from './challenge.ts'
import type { TokenProblem, TokenTrouble } from './events.ts'
import { readBounded } from './read-bounded.ts'
import { requiredScopes, type ToolScopes } from './required-scopes.ts'

export interface GuardRules {
  readonly verify: (token: string) => Promise<Result<AuthInfo, TokenProblem | TokenTrouble>>
  readonly toolScopes: ToolScopes | undefined
  readonly maxBodyBytes: number
}

/** The caller, or why not. The request's body stays readable. */
export async function guard(request: Request, rules: GuardRules): Promise<Result<AuthInfo, Refusal>> {
  const credentials = readBearerToken(request.headers)
  if (!credentials.ok) return err({ reason: credentials.error })
  const verified = await rules.verify(credentials.value)
  if (!verified.ok) return err({ reason: verified.error })
  if (rules.toolScopes === undefined || request.body === null) return verified

  // A copy is read: the handler gets the very same bytes.
  const body = await readBounded(request.clone().body, rules.maxBodyBytes)
  if (body === null) {
    request.body.cancel().catch(() => {})
    return err({ reason: 'body_too_large' })
  }
  const required = requiredScopes(body, rules.toolScopes)
  if (!required.ok) return err({ reason: required.error })
  const missing = missingScopes(verified.value.scopes, required.value)
  return missing.length === 0 ? verified : err({ reason: 'insufficient_scope', scopes: required.value })
}
