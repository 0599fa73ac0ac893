/**
 * Agents at the authorization server: who is one, what their tokens and the records say, what a person sees.
 *
 * @see docs/adr/0203-agents.md
 * @see docs/adr/0206-a-client-that-becomes-an-agent.md
 *
 * @standard AuthPlane: agent identity claims
 * @status implemented
 * @does `agent_id` and `agent_chain` in access tokens and introspection, `agent: true` in registrations and metadata documents,
 *   `agent_identity_supported`, also under AuthPlane's name; [the chain](docs/adr/0204-the-chain-of-agents.md) holds agents only, and no exchange makes it longer than eight
 * @published https://github.com/AuthPlane/authserver
 * @module
 */
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import { administered } from '../../server/admin/administered.ts'
import { showAudit } from '../../server/admin/audit.ts'
import { listDocuments } from '../../server/admin/client-documents.ts'
import { addClient as addByAdministrator, listClients } from '../../server/admin/clients.ts'
import { clientDigest } from '../../server/core/client-digest.ts'
import { client as clientRecord } from '../../server/store/conformance/records.ts'
import { digest, hash } from '../../server/store/hash.ts'
import { random } from '../../server/store/random.ts'
import {
  codeForm,
  createTestServer,
  obtainTokens,
  postForm,
  RESOURCE,
  registerClient,
  type TestServer,
} from '../support/authorization-server.ts'
import { CLIENT_ID, createScene, decide, type Scene, visit as visitIn } from '../support/client-documents.ts'
import { addSecretClient, createSigning } from '../support/confidential-clients.ts'

const server = await createTestServer({ client_credentials: { enabled: true } })
afterAll(() => server.close())

const rows = async (type: string, clientId: string) =>
  (await server.store.audit.readBack(null, { type, clientId })).records

/** Tokens of a public client, by a code. */
const claimsOf = async (at: TestServer, clientId: string) => decodeJwt((await obtainTokens(at, clientId)).access_token)

describe('who is an agent', () => {
  test('RFC 7591 section 3.2.1 whoever registers `agent: true`, and is told so', async () => {
    const { client_id, agent } = await registerClient(server, { agent: true })
    expect(agent).toBe(true)
    expect(await claimsOf(server, client_id)).toMatchObject({ client_id, agent_id: client_id })
  })

  test.each([
    ['nothing', {}],
    ['that it is none', { agent: false }],
    ['a text', { agent: 'true' }],
    ['a number', { agent: 1 }],
    ['a member of somebody else, of the same name', { agent: { id: 'x' } }],
    ['null', { agent: null }],
  ])('RFC 7591 section 2 nobody else: who says %s is registered, and is none', async (_, metadata) => {
    const client = await registerClient(server, metadata)
    expect(client).not.toHaveProperty('agent')
    expect(await claimsOf(server, client.client_id)).not.toHaveProperty('agent_id')
  })

  test('whom an administrator says it of', async () => {
    const wanted = {
      redirectUris: ['http://127.0.0.1/callback'],
      proof: { type: 'none' },
      clientCredentials: false,
    } as const
    const unlimited = { resource: null, scopeCeiling: null, dpop: 'optional' } as const
    const store = administered(server.store, { actor: 'cli:root', now: () => server.clock.now })
    const context = { store, random, hash, now: () => server.clock.now, noticed: async () => {} }
    const added = await addByAdministrator(context, { ...wanted, ...unlimited, name: 'Robot', agent: true })
    const id = added.ok ? added.value.replace('client_id=', '') : ''
    expect((await server.store.clients.find(id))?.agent).toBe(true)
    expect(await rows('client_registered', id)).toMatchObject([{ actor: 'cli:root', agents: [id] }])
    const listed = await listClients(context)
    expect(listed.ok && listed.value).toMatch(new RegExp(`${id} +Robot +public agent `))
  })
})

describe('what its tokens say', () => {
  test('by a code and by a refresh token', async () => {
    const { client_id } = await registerClient(server, { agent: true })
    const { refresh_token } = await obtainTokens(server, client_id)
    const response = await postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token, client_id })
    const claims = decodeJwt((await response.json()).access_token)
    expect(claims).toMatchObject({ sub: server.userId, client_id, agent_id: client_id })
    expect(claims).not.toHaveProperty('agent_chain')
  })

  test('of its own, without a person', async () => {
    const machine = await addSecretClient(server, { agent: true })
    const form = { grant_type: 'client_credentials', resource: RESOURCE, scope: 'notes:read' }
    const { access_token } = await (await postForm(server, '/oauth/token', form, machine.basic)).json()
    expect(decodeJwt(access_token)).toMatchObject({ sub: machine.id, client_id: machine.id, agent_id: machine.id })
    await server.flush()
    expect(await rows('machine_token_issued', machine.id)).toMatchObject([{ agents: [machine.id] }])
  })

  test('RFC 7662 section 2.2 introspection says the same', async () => {
    const notes = await addSecretClient(server, { grantTypes: [], redirectUris: [], resource: RESOURCE })
    const { client_id } = await registerClient(server, { agent: true })
    const { access_token } = await obtainTokens(server, client_id)
    const told = await (await postForm(server, '/oauth/introspect', { token: access_token }, notes.basic)).json()
    expect(told).toMatchObject({ active: true, client_id, agent_id: client_id })
    expect(told).not.toHaveProperty('agent_chain')
  })
})

test('RFC 8414 section 2 the metadata says that agents are told from others, in our words and AuthPlane’s', async () => {
  expect(await (await server.fetch('/.well-known/oauth-authorization-server')).json()).toMatchObject({
    agent_identity_supported: true,
    authplane_agent_identity_supported: true,
  })
})

test('SEC-043 the audit log names the agent behind each act, and `sallyport audit` shows it', async () => {
  const { client_id } = await registerClient(server, { agent: true })
  const { refresh_token } = await obtainTokens(server, client_id)
  const refresh = { grant_type: 'refresh_token', refresh_token, client_id }
  for (const _ of ['once', 'told again']) await postForm(server, '/oauth/token', refresh)
  await server.flush()
  const filter = { clientId: client_id }
  const found = (await server.store.audit.readBack(null, filter)).records.toReversed()
  expect(found.map(({ type, agents }) => [type, agents] as const)).toEqual(
    (
      ['client_registered', 'authorization_granted', 'token_issued', 'token_refreshed', 'refresh_replayed'] as const
    ).map((type) => [type, [client_id]] as const),
  )
  const tools = { store: server.store, now: () => server.clock.now, digest }
  const shown = await showAudit(tools, { client: client_id, limit: 1, json: false })
  expect(shown.ok && shown.value).toContain(`agents=${client_id}`)

  const other = await registerClient(server)
  await obtainTokens(server, other.client_id)
  const others = (await server.store.audit.readBack(null, { clientId: other.client_id })).records
  expect(others.map(({ agents }) => agents)).toEqual([null, null, null])
})

describe('a client that publishes what it is', () => {
  let scene: Scene
  beforeEach(async () => {
    scene = await createScene()
  })
  afterEach(() => scene.close())

  const textOf = (page: string): string => page.replace(/<[^>]*>/g, '').replace(/\s+/g, ' ')
  const AGENT = /Who acts ?An agent, not you\./
  const publish = (agent: unknown) => scene.sites.publish(CLIENT_ID, { agent })
  /** Long enough for the document to be read again. */
  const later = () => {
    scene.server.clock.now += 301
  }

  test('the person is told that an agent will act, and the account page marks it', async () => {
    publish(true)
    const seen = await visitIn(scene)
    expect(textOf(seen.page)).toMatch(AGENT)
    expect(textOf(seen.page)).toContain('App is an agent and wants to use Notes in your name.')
    await decide(seen)
    const account = await (await seen.browser.fetch('/account')).text()
    expect(account).toContain('<span class="tag">Agent</span>')
    const listed = await listDocuments({ store: scene.server.store, now: () => scene.server.clock.now })
    expect(listed.ok && listed.value).toMatch(/App +read +agent/)
  })

  test.each([[undefined], [false], ['yes'], [{}]])('nothing of it where the document says %p', async (agent) => {
    publish(agent)
    const seen = await visitIn(scene)
    expect(seen.title).toBe('Allow access?')
    expect(seen.page).not.toContain('agent')
    await decide(seen)
    expect(await (await seen.browser.fetch('/account')).text()).not.toContain('class="tag"')
  })

  test.each([
    [undefined, true],
    [true, undefined],
  ])('ADR 0206 people are asked again when it changes from %p to %p, and only then', async (before, after) => {
    // One that proves who it is: of others people are always asked.
    const { jwks } = await createSigning()
    const proven = (agent: unknown) =>
      scene.sites.publish(CLIENT_ID, { agent, jwks, token_endpoint_auth_method: 'private_key_jwt' })
    proven(before)
    await decide(await visitIn(scene))
    for (const [agent, title] of [
      [before, undefined],
      [after, 'Allow access?'],
    ] as const) {
      later()
      proven(agent)
      expect((await visitIn(scene)).title).toBe(title)
    }
  })

  test('ADR 0206 a form that was shown before it became one is shown anew, with a word about it', async () => {
    publish(undefined)
    const seen = await visitIn(scene)
    later()
    publish(true)
    await visitIn(scene)
    const again = textOf(await (await decide(seen)).text())
    expect(again).toContain('The application has just changed what it says about itself.')
    expect(again).toMatch(AGENT)
  })

  test('ADR 0206 what was granted goes on, and says what holds now', async () => {
    const { server: at } = scene
    publish(undefined)
    const location = (await decide(await visitIn(scene))).headers.get('location') ?? ''
    const code = new URL(location).searchParams.get('code') ?? ''
    const form = { ...codeForm(CLIENT_ID, code), redirect_uri: 'https://app.example/callback' }
    const tokens = await (await postForm(at, '/oauth/token', form)).json()
    expect(decodeJwt(tokens.access_token)).not.toHaveProperty('agent_id')
    later()
    publish(true)
    await visitIn(scene)
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: CLIENT_ID }
    const refreshed = await (await postForm(at, '/oauth/token', refresh)).json()
    expect(decodeJwt(refreshed.access_token)['agent_id']).toBe(CLIENT_ID)
  })
})

test('what people agreed to before there were agents stands: the digest of others is what it was', async () => {
  const known = 'SvVHyZVzxosZAFdQJsvS9dyeUr5PYkNhse8WQxmNNUY'
  expect(await clientDigest(clientRecord(), hash)).toBe(known)
  expect(await clientDigest(clientRecord({ agent: true }), hash)).not.toBe(known)
})
