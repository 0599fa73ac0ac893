/**
 * `POST /oauth/introspect`.
 *
 * @see RFC 7662 section 2
 * @module
 */
import { Elysia } from 'elysia'
import { IntrospectionRequest } from '../../shared/introspection-request.ts'
import { IntrospectionResponse } from '../../shared/introspection-response.ts'
import type { AuthorizationServer } from '../core/authorization-server.ts'
import type { EndpointLimiter } from '../core/rate-limits/endpoint-limiter.ts'
import { refuse, withErrors } from './errors.ts'
import { originOf } from './origin.ts'
import { answerWithin, within } from './rate-limit.ts'
import { parseForm } from './read-body.ts'

export const introspect = (as: AuthorizationServer, limiter: EndpointLimiter) =>
  new Elysia({ name: 'introspect' }).post(
    '/oauth/introspect',
    async ({ body, request, set, status }) => {
      const authorization = request.headers.get('authorization')
      const answer = () => as.introspect(body, authorization, originOf(request))
      const outcome = await answerWithin(limiter, request, { ...body, authorization }, answer)
      if (!outcome.ok) return refuse({ request, set }, outcome.error.reason)
      set.headers['cache-control'] = 'no-store'
      return status(200, outcome.value)
    },
    {
      // The name only tells OpenAPI the content type: the function before it has read the body.
      parse: [within(limiter, parseForm), 'urlencoded'],
      body: IntrospectionRequest,
      response: withErrors({ 200: IntrospectionResponse }),
      detail: { summary: 'What a token is worth, for its client and its resource', tags: ['OAuth'] },
    },
  )
