/**
 * `POST /oauth/token`.
 *
 * @see RFC 6749 section 3.2, section 5
 * @module
 */
import { Elysia } from 'elysia'
import { OAuthErrorResponse } from '../../shared/oauth-error.ts'
import { TokenRequest } from '../../shared/token-request.ts'
import { TokenResponse } from '../../shared/token-response.ts'
import type { AuthorizationServer } from '../core/authorization-server.ts'
import type { EndpointLimiter } from '../core/rate-limits/endpoint-limiter.ts'
import { refuse, UnreadableRequest, withErrors } from './errors.ts'
import { originOf } from './origin.ts'
import { mayNameNonce, PROOF_PARAMETER, proofOf } from './proof.ts'
import { answerWithin, within } from './rate-limit.ts'
import { parseForm } from './read-body.ts'

export const token = (as: AuthorizationServer, limiter: EndpointLimiter) =>
  new Elysia({ name: 'token' }).post(
    '/oauth/token',
    async ({ body, request, set, status }) => {
      const authorization = request.headers.get('authorization')
      const answer = () => as.token(body, authorization, originOf(request), proofOf({ request, set }))
      const outcome = await answerWithin(limiter, request, { ...body, authorization }, answer)
      if (!outcome.ok) return refuse({ request, set }, outcome.error.reason)
      set.headers['cache-control'] = 'no-store'
      return status(200, outcome.value)
    },
    {
      // The name only tells OpenAPI the content type: the function before it has read the body.
      parse: [within(limiter, parseTokenRequest), 'urlencoded'],
      body: TokenRequest,
      response: { ...withErrors({ 200: mayNameNonce(TokenResponse) }), 400: mayNameNonce(OAuthErrorResponse) },
      detail: {
        summary: 'Exchange a code, a refresh token or client credentials for tokens',
        tags: ['OAuth'],
        parameters: [PROOF_PARAMETER],
      },
    },
  )

const GRANT_TYPES: readonly string[] = TokenRequest.options.map((option) => option.entries.grant_type.literal)

/** An unknown grant type has an error code of its own, so it is told apart before the schema says merely "malformed". */
async function parseTokenRequest({ request }: { request: Request }) {
  const form = await parseForm({ request })
  if (typeof form['grant_type'] === 'string' && !GRANT_TYPES.includes(form['grant_type'])) {
    throw new UnreadableRequest('unsupported_grant_type', {}, form)
  }
  return form
}
