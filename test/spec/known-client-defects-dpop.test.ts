/**
 * What the official SDK's own DpopSession, and clients with metadata documents, were seen to get wrong, each as a host would notice it.
 * Here it must be right.
 *
 * @see RFC 9449
 * @see MCP 2026-07-28, client registration
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { memoryStore } from '../../client/index.ts'
import { failureOf, sessionIn } from '../support/client.ts'
import { fakeWorld } from '../support/fake-authorization-server.ts'
import { dpopWorld } from '../support/fake-dpop-world.ts'

const AS = 'https://as.example.com'

describe('DPoP', () => {
  test('defect: a Bearer answer is accepted where bound tokens were asked for', async () => {
    const world = dpopWorld()
    world.server.tokenType = 'Bearer'
    expect((await failureOf(sessionIn(world, { dpop: 'required' }).authorize())).code).toBe('dpop_downgrade')
    expect(world.at('resource').some(({ authorization }) => authorization !== null)).toBe(false)
  })

  test.each(['ES384', 'RS256', 'EdDSA'])(
    'defect: the algorithms of the server are ignored (it takes %s)',
    async (alg) => {
      const world = dpopWorld({ algs: [alg] })
      await sessionIn(world, { dpop: 'required' }).authorize()
      expect(world.at('server').map(({ proof }) => proof?.header['alg'])).toEqual([alg])
    },
  )

  test('defect: there is no dpop_jkt, so a stolen code can be redeemed with any key', async () => {
    const world = dpopWorld()
    await sessionIn(world, { dpop: 'required' }).authorize()
    expect(world.jktAsked()).toBe(world.at('server')[0]?.jkt ?? 'no proof')
  })

  test.each([400, 401])('defect: a nonce is obeyed on one status only (%p)', async (status) => {
    const world = dpopWorld()
    Object.assign(world.server, { nonce: 'one', status })
    expect((await sessionIn(world, { dpop: 'required' }).authorize()).tokenType).toBe('DPoP')
  })

  test('defect: the key is lost with the process, and the refresh token with it', async () => {
    const world = dpopWorld({ expiresIn: 100 })
    const store = memoryStore(world.now)
    await sessionIn(world, { store, dpop: 'required' }).authorize()
    world.clock.now += 100
    const next = sessionIn(world, { store, dpop: 'required', interaction: [] })
    expect((await next.fetch(world.resource)).status).toBe(200)
    expect(new Set(world.at('server').map(({ jkt }) => jkt)).size).toBe(1)
  })

  test('defect: a Request as input breaks the proof', async () => {
    const world = dpopWorld()
    world.endpoint.nonce = 'one'
    const session = sessionIn(world, { dpop: 'required' })
    await session.authorize()
    const request = new Request(`${world.resource}?x=y`, { method: 'POST', body: '{"a":1}', headers: { 'x-own': '1' } })
    expect((await session.fetch(request)).status).toBe(200)
    const sent = world.sent('POST', world.resource).at(-1)
    expect([sent?.body, sent?.headers.get('x-own')]).toEqual(['{"a":1}', '1'])
  })
})

describe('metadata documents', () => {
  const client = { metadataUrl: 'https://app.example/client.json', redirectUris: ['https://app.example/callback'] }
  const flagged = (more: Record<string, unknown> = {}) =>
    fakeWorld({ serverMetadata: { client_id_metadata_document_supported: true, ...more } })
  const idOf = (url: string) => new URL(url).searchParams.get('client_id')

  test('defect: a document is used on the flag alone, though the server takes no public clients', async () => {
    const world = flagged({ token_endpoint_auth_methods_supported: ['client_secret_post'] })
    const { url } = await sessionIn(world, { client }).begin({ redirectUri: 'https://app.example/callback' })
    expect(idOf(url)).toBe('client-1')
  })

  test('defect: a document is used with a redirect URI that it does not list', async () => {
    const session = sessionIn(flagged(), { client })
    expect(idOf((await session.begin({ redirectUri: 'https://app.example/callback' })).url)).toBe(client.metadataUrl)
    expect(idOf((await session.begin({ redirectUri: 'https://app.example/elsewhere' })).url)).toBe('client-1')
  })

  test('defect: a configured client id is ignored where the server offers registration', async () => {
    const world = flagged()
    await sessionIn(world, { client: { id: 'mine', issuer: AS } }).authorize()
    expect(world.sent('POST', `${AS}/register`)).toEqual([])
    expect(world.sent('GET', `${AS}/authorize`)[0]?.query.get('client_id')).toBe('mine')
  })
})
