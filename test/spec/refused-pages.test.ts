/**
 * What stops a person on the way to an application is written down, also where nothing was judged yet: in the audit log, and in the flow trace with their
 * attempt.
 *
 * @see docs/adr/0124-refused-before-the-core.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { showFlows } from '../../server/admin/flows.ts'
import { recordedName } from '../../server/core/claimed.ts'
import { digest } from '../../server/store/hash.ts'
import {
  authorizationQuery,
  createBrowser,
  createTestServer,
  formFields,
  RESOURCE,
  registerClient,
  type TestServer,
  USER,
} from '../support/authorization-server.ts'

const HERE = '198.51.100.1'

/** Somebody at this address. */
const at = (server: TestServer, address = HERE): Pick<TestServer, 'fetch'> => ({
  fetch: async (input, init) =>
    (await server.handle(new Request(`${server.issuer}${input}`, init), address)) ?? new Response(null),
})

async function rowsOf(server: TestServer, response: Response) {
  await server.flush()
  const requestId = response.headers.get('x-request-id') ?? ''
  return (await server.store.audit.readBack(null, { requestId })).records
}

async function flowsOf(server: TestServer): Promise<string> {
  await server.flush()
  const tools = { store: server.store, now: () => server.clock.now, digest }
  const shown = await showFlows(tools, { failed: false, since: '24h', json: false })
  return shown.ok ? shown.value : ''
}

interface World {
  readonly server: TestServer
  readonly client_id: string
  readonly query: string
}

async function world(config: Parameters<typeof createTestServer>[0] = {}): Promise<World> {
  const server = await createTestServer(config)
  const { client_id } = await registerClient(server)
  return { server, client_id, query: String(await authorizationQuery(client_id)) }
}

/** The form of the sign-in page, filled in. */
async function signInForm({ server, query }: World, browser = createBrowser(at(server))) {
  await browser.fetch(`/oauth/authorize?${query}`)
  const page = await browser.fetch(`/sign-in?${new URLSearchParams({ request: query })}`)
  return { browser, fields: { ...formFields(await page.text()), username: USER.username, password: USER.password } }
}

const post = (app: Pick<TestServer, 'fetch'>, path: string, form: Record<string, string>, headers = {}) =>
  app.fetch(path, { method: 'POST', body: new URLSearchParams(form), headers, redirect: 'manual' })

const many = Array.from({ length: 101 }, (_, index) => `p${index}=1`).join('&')

const stops: readonly [string, (world: World) => Promise<Response>, object, string][] = [
  [
    'a URL that is too long',
    ({ server, query }) => at(server).fetch(`/oauth/authorize?${query}&x=${'x'.repeat(9000)}`),
    { type: 'authorization_rejected', reason: 'url_too_long', actor: undefined },
    'stopped at authorize: url_too_long',
  ],
  [
    'a request that is too long for the sign-in page',
    ({ server, query }) => at(server).fetch(`/oauth/authorize?${query}&x=${'%C3%A4'.repeat(900)}`),
    { type: 'authorization_rejected', reason: 'url_too_long' },
    'stopped at authorize: url_too_long',
  ],
  [
    'too many parameters',
    ({ server, query }) => at(server).fetch(`/oauth/authorize?${query}&${many}`),
    { type: 'authorization_rejected', reason: 'too_many_parameters' },
    'stopped at authorize: too_many_parameters',
  ],
  [
    'a sign-in by a browser that blocks cookies',
    async (world) => post(at(world.server), '/sign-in', (await signInForm(world)).fields),
    { type: 'sign_in_rejected', reason: 'missing_cookie', actor: `address:${HERE}` },
    'stopped at sign_in: missing_cookie',
  ],
  [
    'a sign-in from another site',
    async (world) => {
      const { browser, fields } = await signInForm(world)
      return post(browser, '/sign-in', fields, { origin: 'https://evil.example' })
    },
    { type: 'sign_in_rejected', reason: 'foreign_form', actor: `address:${HERE}` },
    'stopped at sign_in: foreign_form',
  ],
  [
    'an old form',
    async (world) => {
      const { browser, fields } = await signInForm(world)
      return post(browser, '/sign-in', { ...fields, csrf: 'x' })
    },
    { type: 'sign_in_rejected', reason: 'foreign_form' },
    'stopped at sign_in: foreign_form',
  ],
  [
    'a consent that says neither yes nor no',
    async (world) => {
      const { browser, fields } = await signInForm(world)
      await post(browser, '/sign-in', fields)
      const page = await browser.fetch(`/oauth/authorize?${world.query}`)
      return post(browser, '/oauth/authorize/consent', formFields(await page.text()))
    },
    { type: 'consent_rejected', reason: 'unreadable_form', actor: undefined },
    'stopped at consent: unreadable_form',
  ],
  [
    'a consent by another browser',
    async (world) => {
      const { browser, fields } = await signInForm(world)
      await post(browser, '/sign-in', fields)
      const page = await browser.fetch(`/oauth/authorize?${world.query}`)
      return post(at(world.server), '/oauth/authorize/consent', { ...formFields(await page.text()), decision: 'allow' })
    },
    { type: 'consent_rejected', reason: 'missing_cookie' },
    'stopped at consent: missing_cookie',
  ],
]

describe('an attempt ends where it ended, for the reason for which it did', () => {
  test.each(stops)('%s', async (_, act, expected, verdict) => {
    const here = await world()
    const rows = await rowsOf(here.server, await act(here))
    const parties = { clientId: `claimed:${here.client_id}`, resource: `claimed:${RESOURCE}`, count: 1 }
    expect(rows.map((row) => ({ actor: undefined, ...row }))).toMatchObject([{ ...parties, ...expected }])
    const shown = await flowsOf(here.server)
    expect(shown).toContain(`  => ${verdict}\n`)
    expect(shown).toContain('1 attempts:')
    await here.server.close()
  })
})

describe('who comes too often', () => {
  test('to the authorization endpoint, from one address', async () => {
    const { server, query, client_id } = await world({ rate_limits: { authorize: { per_address: 1 } } })
    await at(server).fetch(`/oauth/authorize?${query}`)
    const response = await at(server).fetch(`/oauth/authorize?${query}`)
    expect(response.status).toBe(429)
    const requestId = response.headers.get('x-request-id') ?? ''
    expect(await rowsOf(server, response)).toMatchObject([
      { type: 'authorization_rejected', reason: 'rate_limited', clientId: `claimed:${client_id}` },
    ])
    expect(server.limited).toEqual([{ limit: 'authorize.per_address', from: HERE, requestId }])
    expect(await flowsOf(server)).toContain('=> stopped at authorize: rate_limited')
    await server.close()
  })

  test('to the sign-in page', async () => {
    const { server, query } = await world({ rate_limits: { sign_in: { per_address: 1 } } })
    const visit = () => at(server).fetch(`/sign-in?${new URLSearchParams({ request: query })}`)
    await visit()
    expect(await rowsOf(server, await visit())).toMatchObject([{ type: 'sign_in_rejected', reason: 'rate_limited' }])
    expect(await flowsOf(server)).toContain('=> stopped at sign_in: rate_limited')
    await server.close()
  })

  test('for one client, though signed in', async () => {
    const here = await world({ rate_limits: { authorize: { per_client: 1 } } })
    const { browser, fields } = await signInForm(here)
    await post(browser, '/sign-in', fields)
    for (const _ of [1, 2]) await browser.fetch(`/oauth/authorize?${here.query}`)
    const response = await browser.fetch(`/oauth/authorize?${here.query}`)
    expect(response.status).toBe(429)
    expect(await rowsOf(here.server, response)).toMatchObject([{ reason: 'rate_limited' }])
    expect(here.server.limited[0]).toMatchObject({ limit: 'authorize.per_client', clientId: here.client_id })
    expect(here.server.limited[0]?.requestId).toBeDefined()
    await here.server.close()
  })
})

test('a failure of ours is where it stopped, too', async () => {
  const { server, query, client_id } = await world()
  await server.store.close()
  const response = await at(server).fetch(`/oauth/authorize?${query.replace(client_id, 'another')}`)
  expect(response.status).toBe(503)
  expect(server.events.at(-1)).toEqual({ type: 'authorization_rejected', reason: 'unavailable' })
})

test('what somebody is sent to sign in for is a claim as well, as long as nothing was judged', async () => {
  const { server } = await world()
  const changes = { resource: `${RESOURCE}?key=s3cr3t` }
  const query = await authorizationQuery('https://app.example/client.json', changes)
  expect((await at(server).fetch(`/oauth/authorize?${query}`, { redirect: 'manual' })).status).toBe(303)
  await server.flush()
  expect((await server.store.flows.since(0)).at(-1)).toMatchObject({
    ...{ step: 'sign_in', outcome: 'asked' },
    clientId: recordedName('https://app.example/client.json', digest),
    resource: `claimed:${recordedName(changes.resource, digest)}`,
  })
  await server.close()
})

test('pages that lead to no application leave no trace of that', async () => {
  const { server } = await world()
  await post(at(server), '/account/revoke', { grant: 'x' })
  await post(at(server), '/sign-out', {})
  await server.flush()
  expect(server.events.map(({ type }): string => type)).toEqual(['key_made', 'client_registered'])
  await server.close()
})
