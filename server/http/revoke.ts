/**
 * `POST /oauth/revoke`.
 *
 * @see RFC 7009 section 2
 * @module
 */
import { Elysia } from 'elysia'
import * as v from 'valibot'
import { RevocationRequest } from '../../shared/revocation-request.ts'
import type { AuthorizationServer } from '../core/authorization-server.ts'
import type { EndpointLimiter } from '../core/rate-limits/endpoint-limiter.ts'
import { refuse, withErrors } from './errors.ts'
import { originOf } from './origin.ts'
import { answerWithin, within } from './rate-limit.ts'
import { parseForm } from './read-body.ts'

export const revoke = (as: AuthorizationServer, limiter: EndpointLimiter) =>
  new Elysia({ name: 'revoke' }).post(
    '/oauth/revoke',
    async ({ body, request, set, status }) => {
      const authorization = request.headers.get('authorization')
      const answer = () => as.revoke(body, authorization, originOf(request))
      const outcome = await answerWithin(limiter, request, { ...body, authorization }, answer)
      if (!outcome.ok) return refuse({ request, set }, outcome.error.reason)
      set.headers['cache-control'] = 'no-store'
      return status(200, {})
    },
    {
      // The name only tells OpenAPI the content type: the function before it has read the body.
      parse: [within(limiter, parseForm), 'urlencoded'],
      body: RevocationRequest,
      // RFC 7009 section 2.2: only the status counts.
      response: withErrors({ 200: v.object({}) }),
      detail: { summary: 'Revoke an access or refresh token', tags: ['OAuth'] },
    },
  )
