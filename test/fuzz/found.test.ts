/**
 * What fuzzing has found, once each, by hand.
 *
 * @module
 */
import { afterAll, expect, test } from 'bun:test'
import { createTestServer } from '../support/authorization-server.ts'

const server = await createTestServer()
afterAll(() => server.close())

test.each(['/oauth/token', '/oauth/authorize', '/sign-in', '/.well-known/jwks.json', '/health/live'])(
  '%s/ is no second name of the route, which CORS, caching and limits would not know',
  async (path) => {
    for (const method of ['GET', 'POST']) expect((await server.fetch(`${path}/`, { method })).status).toBe(404)
  },
)
