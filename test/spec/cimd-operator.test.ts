/**
 * Which clients that publish a document an operator lets in: by domain, by pinning, or none.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 7.2 (pre-registered documents), section 8.9 (trust in domains)
 * @see docs/adr/0118-which-urls-are-client-ids.md
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { listDocuments, pinDocument, unpinDocument } from '../../server/admin/client-documents.ts'
import { createClientDocuments } from '../../server/core/client-documents/client-documents.ts'
import { toClientDocumentSettings } from '../../server/published-clients.ts'
import { hash } from '../../server/store/hash.ts'
import {
  authorizationUrl,
  CALLBACK,
  CLIENT_ID,
  createScene,
  type Scene,
  visit as visitIn,
} from '../support/client-documents.ts'
import { createPerson } from '../support/person.ts'

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
