/**
 * Every endpoint, as the application's own table of routes has them, under requests of every kind.
 *
 * @see RFC 6749 section 5.2
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { expectGoodAnswer } from './answers.ts'
import { NAMES } from './parameters.ts'
import { type Route, rawRequests, requestsTo, type Sent } from './requests.ts'
import { fuzz } from './runs.ts'
import { createWorlds } from './world.ts'

const worlds = await createWorlds()
afterAll(() => worlds.close())

const all: readonly Route[] = worlds.first.server.app.routes.map(({ method, path }) => ({ method, path }))
const routes = [...new Map(all.map((route) => [`${route.method} ${route.path}`, route])).values()]

test('the routes and the parameters are those of the application', () => {
  expect(routes.map(({ path }) => path)).toContain('/oauth/token')
  expect(NAMES).toEqual(expect.arrayContaining(['code_verifier', 'redirect_uris', 'token_type_hint', 'prompt', 'csrf']))
})

async function check(sent: Sent): Promise<void> {
  const world = await worlds.next()
  const request = await world.request(sent)
  if (request !== null) await expectGoodAnswer(world.server, request, world.secrets())
}

describe('no 5xx, no echo, always a well-formed answer', () => {
  const isForApplications = ({ path }: Route): boolean => path.startsWith('/oauth/') && path !== '/oauth/authorize'

  fuzz('endpoints of applications', 250, requestsTo(routes.filter(isForApplications)), check)

  const leadsToClients = ({ path }: Route): boolean => path.startsWith('/oauth/authorize')
  fuzz('pages that lead to clients', 50, requestsTo(routes.filter(leadsToClients)), check)

  fuzz('every route', 150, requestsTo(routes), check)

  fuzz('no route at all', 50, rawRequests, check)
})
