/**
 * Token exchange as a grant: a token for this resource in place of one for another, for the same person, with whoever acts for them.
 *
 * @see RFC 8693 section 2.1 (the request), section 2.2 (the response), section 1.1 (impersonation and delegation)
 * @see docs/adr/0199-what-is-shown-to-whom.md
 * @module
 */

import type { ForeignTokenResponse } from '../../shared/foreign-token-response.ts'
import { ACCESS_TOKEN_TOKEN_TYPE, JWT_TOKEN_TYPE, TOKEN_EXCHANGE_GRANT } from '../../shared/grant-names.ts'
import { formatScope, parseScope } from '../../shared/scope.ts'
import { SallyportError } from '../errors.ts'
import type { Session } from '../session/session.ts'
import { defineGrant } from './define-grant.ts'
import type { GrantType } from './grant-type.ts'
import { requireOffered } from './offered.ts'
import { isSession, keyOfSessions, replaceToken, tokenOf } from './session-token.ts'
import { readSource, type TokenSource, type TokenType, tokenTypeUri } from './token-source.ts'

/** What is exchanged, for whom, and where. */
export interface TokenExchangeOptions {
  /** The authorization server that the tokens may be shown to, byte for byte: to any other they would be worth something. */
  readonly issuer: string
  /** The token of the person (or program) for whom something is done; read each time. */
  readonly subject: TokenSource
  /** Default `access_token`. */
  readonly subjectType?: TokenType
  /** The token of who does it, where the server is to write that down: delegation. Without: impersonation. */
  readonly actor?: TokenSource
  /** Default `access_token`. */
  readonly actorType?: TokenType
  /** Names of the target, beside `resource`, for servers that know it by another name. */
  readonly audience?: string | readonly string[]
  /** No more than the subject's token has. Where the resource's challenge names none. Default: as the session's `scope`. */
  readonly scope?: string | readonly string[]
}

/**
 * Tokens for the session's resource, in exchange for others. Needs a client that may exchange (`client.id` with its `issuer`). A store that
 * is shared needs a `profile` for each subject.
 *
 * @throws {SallyportError} from `authorize` and `fetch`: `invalid_grant` and `token_request_failed` (with `oauthError`, for example
 *   `invalid_target`) where the server does not allow it, `grant_unsupported`, `invalid_response`
 * @example
 * // In an MCP server that calls another one for the person who called it:
 * createSession('https://calendar.example.com/mcp', {
 *   grant: tokenExchange({ issuer: 'https://as.example.com', subject: callersToken, actor: ownSession }),
 *   client: { id: 'planner', issuer: 'https://as.example.com', auth: privateKeyJwt(jwk) },
 * })
 */
export function tokenExchange(options: TokenExchangeOptions): GrantType {
  const { issuer, subject, subjectType = 'access_token', actor, actorType = 'access_token', audience, scope } = options
  return defineGrant({
    name: TOKEN_EXCHANGE_GRANT,
    unattended: true,
    personal: true,
    issuer,
    ...(scope !== undefined && { scope: typeof scope === 'string' ? parseScope(scope) : scope }),
    key: () => keyOfSessions(subject, actor),
    async obtain(step) {
      requireOffered(step, TOKEN_EXCHANGE_GRANT)
      const acting = actor && {
        actor_token: await readSource(actor, undefined),
        actor_token_type: tokenTypeUri(actorType),
      }
      const exchange = (token: string) =>
        step.token({
          grant_type: TOKEN_EXCHANGE_GRANT,
          subject_token: token,
          subject_token_type: tokenTypeUri(subjectType),
          ...acting,
          audience,
          scope: step.scope.length === 0 ? undefined : formatScope(step.scope),
        })
      const answer = await (isSession(subject)
        ? withSession(subject, exchange)
        : exchange(await readSource(subject, undefined)))
      const { issued_token_type: issued = ACCESS_TOKEN_TOKEN_TYPE } = answer
      // Whatever else it may be, it is not for a resource.
      if (issued !== ACCESS_TOKEN_TOKEN_TYPE && issued !== JWT_TOKEN_TYPE) throw new SallyportError('invalid_response')
      return answer
    },
  })
}

/** What the session has may have been ended without its knowledge: then it gets another, once. */
async function withSession(
  session: Session,
  exchange: (token: string) => Promise<ForeignTokenResponse>,
): Promise<ForeignTokenResponse> {
  const credential = await tokenOf(session)
  try {
    return await exchange(credential.accessToken)
  } catch (error) {
    // RFC 8693 section 2.2.2: what is wrong with a subject token is said like this.
    const refused = error instanceof SallyportError && /^invalid_(?:request|grant)$/.test(error.oauthError ?? '')
    if (!refused) throw error
    return exchange((await replaceToken(session, credential)).accessToken)
  }
}
