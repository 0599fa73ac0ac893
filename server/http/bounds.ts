/**
 * URLs that are too long, for the endpoints that applications call. The pages say it in their own way.
 *
 * @see RFC 9110 section 15.5.15: 414 URI Too Long
 * @see docs/adr/0113-bounds-of-a-request.md
 * @module
 */
import { Elysia } from 'elysia'
import { MOST_URL } from '../core/bounds.ts'
import { ENDPOINTS } from './endpoints.ts'
import { UnreadableRequest } from './errors.ts'
import { pathOf } from './path-of.ts'

export const bounds = () =>
  new Elysia({ name: 'bounds' }).onRequest(({ request }) => {
    if (request.url.length > MOST_URL && ENDPOINTS.has(pathOf(request))) throw new UnreadableRequest('url_too_long')
  })
