/**
 * `POST /oidc/back-channel-logout`: a company's provider says that somebody has signed out there.
 *
 * @see OpenID Connect Back-Channel Logout 1.0 section 2.5 (the request) and section 2.8 (the answer)
 * @module
 */
import { Elysia } from 'elysia'
import * as v from 'valibot'
import { type Audit, auditEntry } from '../core/audit.ts'
import type { Clock } from '../core/ports.ts'
import type { EndpointLimiter } from '../core/rate-limits/endpoint-limiter.ts'
import type { Upstream } from '../core/upstream.ts'
import { refuse } from './errors.ts'
import { originOf } from './origin.ts'
import { within } from './rate-limit.ts'
import { parseForm } from './read-body.ts'

interface Tools {
  readonly audit: Audit
  readonly now: Clock
}

export const backChannelLogout = (upstream: Upstream, limiter: EndpointLimiter, { audit, now }: Tools) =>
  new Elysia({ name: 'back-channel-logout' }).post(
    '/oidc/back-channel-logout',
    async ({ body, request, set, status }) => {
      const origin = originOf(request)
      const outcome = await upstream.signedOut(body.logout_token, origin)
      if (!outcome.ok) {
        audit(auditEntry({ type: 'logout_rejected', reason: outcome.error }, { ...origin, now }))
        return refuse({ request, set }, outcome.error === 'unavailable' ? 'unavailable' : 'malformed_request')
      }
      set.headers['cache-control'] = 'no-store'
      return status(200, {})
    },
    {
      parse: [within(limiter, parseForm), 'urlencoded'],
      body: v.object({ logout_token: v.string() }),
      detail: { hide: true },
    },
  )
