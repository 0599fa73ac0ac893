/**
 * `POST /oauth/register`.
 *
 * @see RFC 7591 section 3
 * @module
 */
import { Elysia } from 'elysia'
import * as v from 'valibot'
import { ClientInformationResponse, ClientRegistrationRequest } from '../../shared/client-metadata.ts'
import { withoutNulls } from '../../shared/without-nulls.ts'
import type { AuthorizationServer } from '../core/authorization-server.ts'
import type { EndpointLimiter } from '../core/rate-limits/endpoint-limiter.ts'
import { refuse, UnreadableRequest, withErrors } from './errors.ts'
import { originOf } from './origin.ts'
import { answerForParty, within } from './rate-limit.ts'
import { parseJson } from './read-body.ts'
import { registrantOf } from './registrant.ts'

export const register = (as: AuthorizationServer, limiter: EndpointLimiter) =>
  new Elysia({ name: 'register' }).post(
    '/oauth/register',
    async ({ body, request, set, status }) => {
      const authorization = request.headers.get('authorization')
      const answer = () => as.register(body, authorization, originOf(request))
      const outcome = await answerForParty(limiter, request, await registrantOf(body, authorization), answer)
      if (!outcome.ok) return refuse({ request, set }, outcome.error.reason)
      set.headers['cache-control'] = 'no-store'
      return status(201, outcome.value)
    },
    {
      // The name only tells OpenAPI the content type: the function before it has read the body.
      parse: [within(limiter, parseRegistration), 'json'],
      body: ClientRegistrationRequest,
      response: withErrors({ 201: ClientInformationResponse }),
      detail: { summary: 'Register a client', tags: ['OAuth'] },
    },
  )

/** Metadata that cannot be read has an error code of its own: RFC 7591 section 3.2.2. */
async function parseRegistration({ request }: { request: Request }) {
  const body = v.safeParse(ClientRegistrationRequest, withoutNulls(await parseJson({ request })))
  if (body.success) return body.output
  const members = body.issues.map(({ path }) => path?.[0].key)
  if (members.includes('redirect_uris')) throw new UnreadableRequest('bad_redirect_uri')
  if (members.includes('software_statement')) throw new UnreadableRequest('malformed_software_statement')
  throw new UnreadableRequest('malformed_metadata')
}
