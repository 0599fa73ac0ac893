/**
 * Which clients that publish a document an operator lets in: by domain, by pinning, or none.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 7.2 (pre-registered documents), section 8.9 (trust in domains)
 * @see docs/adr/0118-which-urls-are-client-ids.md
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { listDocuments, pinDocument, unpinDocument } from '../../server/admin/client-documents.ts'
import { applyStartRules } from '../../server/config/start-rules.ts'
import { Config } from '../../server/config.ts'
import { createClientDocuments } from '../../server/core/client-documents/client-documents.ts'
import { createOutbound } from '../../server/outbound/create-outbound.ts'
import { toClientDocumentSettings } from '../../server/published-clients.ts'
import { hash } from '../../server/store/hash.ts'
import { createTestServer } from '../support/authorization-server.ts'
import {
  authorizationUrl,
  CALLBACK,
  CLIENT_ID,
  createScene,
  type Scene,
  visit as visitIn,
} from '../support/client-documents.ts'
import { listen, say, whole } from '../support/outbound.ts'
import { createPerson } from '../support/person.ts'

const JSON_TYPE = 'content-type: application/json'

let scene: Scene
beforeEach(async () => {
  scene = await createScene()
})
afterEach(() => scene.close())

const visit = (changes: Readonly<Record<string, string>> = {}, of: Scene = scene) => visitIn(of, changes)

describe('what an operator decides', () => {
  test('domains that are allowed, blocked, or neither', async () => {
    const guarded = await createScene({
      cimd: { allowed_domains: ['app.example', '*.flood.example'], blocked_domains: ['bad.flood.example'] },
    })
    const outcomes: Record<string, number> = {}
    for (const host of ['app.example', 'a.flood.example', 'bad.flood.example', 'flood.example', 'evil.example']) {
      const client_id = `https://${host}/client.json`
      guarded.sites.publish(client_id)
      outcomes[host] = (await visit({ client_id }, guarded)).status
    }
    expect(outcomes).toEqual({
      'app.example': 200,
      'a.flood.example': 200,
      'bad.flood.example': 400,
      'flood.example': 400,
      'evil.example': 400,
    })
    expect(guarded.sites.asked).toHaveLength(2)
    await guarded.close()
  })

  test('a domain that is blocked later loses what it has', async () => {
    const { server, sites } = scene
    sites.publish()
    await createPerson(server).visit(await authorizationUrl(server))
    const settings = toClientDocumentSettings({
      ...server.settings,
      cimd: { ...server.settings.cimd, blocked_domains: ['app.example'] },
    })
    const now = () => server.clock.now
    const ports = { documents: server.store.clientDocuments, outbound: sites.outbound, hash, now }
    const before = createClientDocuments({ settings: toClientDocumentSettings(server.settings), ...ports })
    const after = createClientDocuments({ settings, ...ports })
    expect(await before.lookUp(CLIENT_ID)).toMatchObject({ ok: true, value: { id: CLIENT_ID } })
    expect(await after.lookUp(CLIENT_ID)).toEqual({ ok: false, error: { reason: 'client_domain_not_allowed' } })
  })

  test('where only an administrator registers clients, only pinned documents count, or those of domains that are named', async () => {
    const closed = await createScene({ registration: { mode: 'admin_only' } })
    closed.sites.publish()
    expect(await closed.server.as.metadata()).not.toHaveProperty('client_id_metadata_document_supported')
    expect(await visit({}, closed)).toMatchObject({ status: 400 })
    expect(closed.sites.asked).toEqual([])
    await closed.close()
    const named = await createScene({
      registration: { mode: 'admin_only' },
      cimd: { allowed_domains: ['app.example'] },
    })
    named.sites.publish()
    expect((await named.server.as.metadata()).client_id_metadata_document_supported).toBe(true)
    expect(await visit({}, named)).toMatchObject({ status: 200 })
    await named.close()
  })

  test('AS-022 a pinned document is not asked for, whatever stands at its URL', async () => {
    const { server, sites } = scene
    const now = server.clock.now
    const document = { client_id: CLIENT_ID, client_name: 'Pinned', redirect_uris: [CALLBACK] }
    const times = { fetchedAt: now, freshUntil: now, keptUntil: now }
    await server.store.clientDocuments.put({ clientId: CLIENT_ID, document, pinned: true, etag: null, ...times }, null)
    sites.publish(CLIENT_ID, { client_name: 'Published' })
    server.clock.now += 1_000_000
    const { page } = await visit()
    expect(page).toContain('Pinned')
    expect(sites.asked).toEqual([])
  })
})

describe('sallyport clients', () => {
  const context = () => ({ store: scene.server.store, now: () => scene.server.clock.now })
  const document = { client_id: CLIENT_ID, client_name: 'Pinned', redirect_uris: [CALLBACK] }

  test('section 7.2 pin stores a document, unpin leaves it to the client again, documents lists both', async () => {
    expect(await listDocuments(context())).toMatchObject({ value: 'No documents yet.' })
    expect(await pinDocument(context(), CLIENT_ID, document)).toMatchObject({ ok: true })
    scene.sites.publish(CLIENT_ID, { client_name: 'Published' })
    expect((await visit()).page).toContain('Pinned')
    expect(await listDocuments(context())).toMatchObject({ value: expect.stringContaining('pinned') })
    expect(await unpinDocument(context(), CLIENT_ID)).toMatchObject({ ok: true })
    expect(await unpinDocument(context(), CLIENT_ID)).toMatchObject({ ok: false })
    expect((await visit()).page).toContain('Published')
    expect(scene.sites.asked).toEqual([CLIENT_ID])
  })

  test.each([
    ['a URL that is no client id', 'https://app.example', document],
    ['a document of another client', 'https://app.example/other.json', document],
    ['a document with a secret', CLIENT_ID, { ...document, client_secret: 'x' }],
    ['no document', CLIENT_ID, []],
  ])('pin refuses %s', async (_, id, wanted) => {
    expect(await pinDocument(context(), id, wanted)).toMatchObject({ ok: false })
    expect(await scene.server.store.clientDocuments.list()).toEqual([])
  })

  test('remove ends everything that the client was granted', async () => {
    const { server, sites } = scene
    sites.publish()
    await createPerson(server).visit(await authorizationUrl(server))
    const [grant] = await server.store.grants.listLive(server.userId, server.clock.now)
    expect(grant?.clientId).toBe(CLIENT_ID)
    expect(await server.store.clientDocuments.remove(CLIENT_ID, server.clock.now)).toBe(true)
    expect(await server.store.grants.listLive(server.userId, server.clock.now)).toEqual([])
  })
})

describe('AS-036 section 8.6 development', () => {
  test('a document on this machine counts with --dev, and only there', async () => {
    const listener = await listen((socket, head) => {
      const [, port = ''] = /^host: localhost:(\d+)/im.exec(head) ?? []
      const id = `http://localhost:${port}/client.json`
      say(whole('200 OK', JSON.stringify({ client_id: id, client_name: 'Dev', redirect_uris: [CALLBACK] }), JSON_TYPE))(
        socket,
        head,
      )
    })
    const client_id = `http://localhost:${listener.port}/client.json`
    const issuer = 'http://localhost:9100'
    const cimd = { require_https: false }
    for (const [dev, status] of [
      [true, 200],
      [false, 400],
    ] as const) {
      const outbound = createOutbound({ development: dev })
      const server = await createTestServer({ issuer, dev, cimd }, { outbound })
      expect([dev, (await visitIn({ server }, { client_id })).status]).toEqual([dev, status])
      await server.close()
    }
    expect(listener.connections()).toBe(1)
    listener.close()
  })

  test('https can be left out with --dev only', async () => {
    const outcome = async (dev: boolean, require_https: boolean): Promise<boolean> => {
      const issuer = dev ? 'http://localhost:9100' : 'https://auth.example'
      const config = v.parse(Config, { issuer, dev, secret: 's'.repeat(32), cimd: { require_https } })
      return (await applyStartRules(config, async () => 's'.repeat(32))).ok
    }
    expect([await outcome(false, true), await outcome(true, false)]).toEqual([true, true])
    expect(await outcome(false, false)).toBe(false)
  })
})
