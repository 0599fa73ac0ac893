/**
 * Whether a request may pass: who calls, with which token, for which operation, in this order.
 *
 * @see MCP 2026-07-28, authorization, access token usage: on every request, from the header alone
 * @module
 */
import { err, ok, type Result } from '../../shared/result.ts'
import { missingScopes } from '../../shared/scope.ts'
import { agentProblem, type ToolAgents } from './agents.ts'
import type { AuthInfo } from './auth-info.ts'
import type { Refusal } from './challenge.ts'
import { readCredentials } from './credentials.ts'
import type { Possession } from './possession.ts'
import { readBounded } from './read-bounded.ts'
import { readOperations, requiredScopes, type ToolScopes } from './required-scopes.ts'
import type { VerifiedToken, VerifyAccessToken } from './verify-access-token.ts'

export interface GuardRules {
  readonly verify: VerifyAccessToken
  readonly possession: Possession
  readonly toAuthInfo: (token: VerifiedToken) => AuthInfo
  readonly toolScopes: ToolScopes | undefined
  readonly toolAgents: ToolAgents | undefined
  readonly maxBodyBytes: number
}

/** Who calls, and the body that was judged, where it had to be read. */
export interface Admission {
  readonly authInfo: AuthInfo
  readonly body: Uint8Array<ArrayBuffer> | undefined
  /** What the caller is to use as DPoP nonce from now on; null: nothing new. */
  readonly nonce: string | null
}

/** The caller, or why not. `bodyOf` says whether the request's own body is read, or a copy, which leaves the request whole. */
export async function guard(
  request: Request,
  rules: GuardRules,
  bodyOf: (request: Request) => ReadableStream<Uint8Array> | null,
): Promise<Result<Admission, Refusal>> {
  const credentials = readCredentials(request.headers)
  if (!credentials.ok) return err({ reason: credentials.error })
  const { scheme, token } = credentials.value
  const verified = await rules.verify(token)
  if (!verified.ok) return err({ reason: verified.error, scheme })
  const possessed = await rules.possession.check(request, scheme, verified.value)
  if (!possessed.ok) return err({ reason: possessed.error, scheme, nonce: await rules.possession.nonces.current() })
  const nonce = possessed.value
  const authInfo = rules.toAuthInfo(verified.value)
  // Whatever has a body is judged. A POST without one is judged like any other that cannot be read: it would carry a message.
  const carriesMessage = request.body !== null || request.method === 'POST'
  const isJudged = rules.toolScopes !== undefined || rules.toolAgents !== undefined
  if (!isJudged || !carriesMessage) return ok({ authInfo, body: undefined, nonce })

  const body = request.body === null ? new Uint8Array() : await readBounded(bodyOf(request), rules.maxBodyBytes)
  if (body === null) {
    if (!request.bodyUsed) request.body?.cancel().catch(() => {})
    return err({ reason: 'body_too_large' })
  }
  const operations = readOperations(body)
  if (operations === null) return err({ reason: 'unreadable_body' })
  // Before the scopes: nobody is to be asked for more scope that would not help.
  const unfit = agentProblem(operations, rules.toolAgents, verified.value.claims)
  if (unfit !== null) return err({ reason: unfit, scheme })
  const scopes = requiredScopes(operations, rules.toolScopes)
  const missing = missingScopes(authInfo.scopes, scopes)
  if (missing.length > 0) return err({ reason: 'insufficient_scope', scopes, scheme })
  return ok({ authInfo, body, nonce })
}
