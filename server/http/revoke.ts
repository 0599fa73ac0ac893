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
import { refuse, withErrors } from './errors.ts'
import { originOf } from './origin.ts'
import { parseForm } from './read-body.ts'

export const revoke = (as: AuthorizationServer) =>
  new Elysia({ name: 'revoke' }).post(
    '/oauth/revoke',
    async ({ body, request, set, status }) => {
      const outcome = await as.revoke(body, request.headers.get('authorization'), originOf(request))
      if (!outcome.ok) return refuse({ request, set }, outcome.error.reason)
      set.headers['cache-control'] = 'no-store'
      return status(200, {})
    },
    {
      // The name only tells OpenAPI the content type: the function before it has read the body.
      parse: [parseForm, 'urlencoded'],
      body: RevocationRequest,
      // RFC 7009 section 2.2: only the status counts.
      response: withErrors({ 200: v.object({}) }),
      detail: { summary: 'Revoke an access or refresh token', tags: ['OAuth'] },
    },
  )
