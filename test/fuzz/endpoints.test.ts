/**
 * Every endpoint, as the application's own table of routes has them, under requests of every kind.
 *
 * @see RFC 6749 section 5.2
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { expectGoodAnswer } from './answers.ts'
import { NAMES } from './parameters.ts'
import { REACHED } from './reached.ts'
import { HEADER_NAMES, type Route, rawRequests, requestsTo, type Sent } from './requests.ts'
import { fuzz, tooFew } from './runs.ts'
import { readByServer } from './sources.ts'
import { createWorlds } from './world.ts'

const worlds = await createWorlds()
afterAll(() => worlds.close())

const all: readonly Route[] = worlds.first.server.app.routes.map(({ method, path }) => ({ method, path }))
const routes = [...new Map(all.map((route) => [`${route.method} ${route.path}`, route])).values()]

/** What came of requests, by method and path. */
const outcomes = new Map<string, Map<string, number>>()

async function check(sent: Sent): Promise<void> {
  const world = await worlds.next()
  const request = await world.request(sent)
  if (request === null) return
  const outcome = await expectGoodAnswer(world.server, request, world.secrets())
  const key = keyOf({ method: request.method, path: new URL(request.url).pathname })
  const counts = outcomes.get(key) ?? new Map<string, number>()
  outcomes.set(key, counts.set(outcome, (counts.get(outcome) ?? 0) + 1))
}

/** Files have a hash in their name, callbacks that of a provider. */
const keyOf = ({ method, path }: Route): string =>
  `${method} ${path.replace(/-[0-9a-f]{12}\./, '-*.').replace(/^\/oidc\/callback\/[^/]+$/, '/oidc/callback/:provider')}`

describe('no 5xx, no echo, always a well-formed answer', () => {
  const isForApplications = ({ path }: Route): boolean => path.startsWith('/oauth/') && path !== '/oauth/authorize'

  fuzz('endpoints of applications', 250, requestsTo(routes.filter(isForApplications)), check)

  const leadsToClients = ({ path }: Route): boolean => path.startsWith('/oauth/authorize')
  fuzz('pages that lead to clients', 80, requestsTo(routes.filter(leadsToClients)), check)

  const isForPeople = ({ path }: Route): boolean => /^\/(?:sign|account|oidc|oauth\/client-logo)/.test(path)
  fuzz('pages for people', 60, requestsTo(routes.filter(isForPeople)), check)

  fuzz('every route', 150, requestsTo(routes), check)

  fuzz('no route at all', 50, rawRequests, check)
})

describe('the cases send', () => {
  test('every header, parameter and field of a form that the sources of the server read', async () => {
    const { headers, parameters, fields, unseen } = await readByServer()
    expect(headers.filter((name) => !HEADER_NAMES.includes(name))).toEqual([])
    expect([...parameters, ...fields].filter((name) => !NAMES.includes(name))).toEqual([])
    // These are of an answer.
    expect(unseen).toEqual(['server/resource/cors.ts: headers.has(name)'])
    // What is found by reading sources could be found no more.
    expect(headers).toEqual(expect.arrayContaining(['dpop', 'x-request-id', 'x-forwarded-for', 'sec-fetch-site']))
    expect(parameters).toEqual(expect.arrayContaining(['page', 'v', 'request']))
    expect(fields).toEqual(expect.arrayContaining(['csrf', 'client', 'decision']))
    expect(NAMES).toEqual(expect.arrayContaining(['code_verifier', 'redirect_uris', 'token_type_hint', 'prompt']))
  })
})

describe('the cases reach', () => {
  test('every route, and each has its line', () => {
    expect(routes.map(keyOf).sort()).toEqual(Object.keys(REACHED).sort())
  })

  test.skipIf(tooFew !== null).each(Object.entries(REACHED))('%s: %p', (route, wanted) => {
    const [method, path] = route.split(' ')
    const seen = outcomes.get(method === 'ALL' ? `POST ${path}` : route)
    expect([...(seen?.keys() ?? [])].sort()).toEqual(expect.arrayContaining([...wanted]))
  })
})
