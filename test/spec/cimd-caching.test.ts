/**
 * How long the document behind a client id counts, and what happens when it is not there any more, or changes.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 5 and section 8
 * @see MCP 2026-07-28, client registration: client ID metadata documents
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  authorizationUrl,
  CALLBACK,
  CLIENT_ID,
  createScene,
  documentOf,
  type Scene,
  signedInBrowser,
  visit as visitIn,
} from '../support/client-documents.ts'
import { createPerson } from '../support/person.ts'

let scene: Scene
beforeEach(async () => {
  scene = await createScene()
})
afterEach(() => scene.close())

const visit = (changes: Readonly<Record<string, string>> = {}, of: Scene = scene) => visitIn(of, changes)

const reasons = (of: Scene = scene): readonly string[] =>
  of.server.events.flatMap((event) => (event.type === 'client_document_rejected' ? [event.reason] : []))

describe('AS-026 caching', () => {
  test.each([
    ['nothing: five minutes', [], 300],
    ['max-age', ['cache-control: public, max-age=1000'], 1000],
    ['max-age of a copy that is on its way for a while', ['cache-control: max-age=1000', 'age: 400'], 600],
    ['a ceiling of a day', ['cache-control: max-age=31536000'], 86_400],
    ['a floor of 30 seconds', ['cache-control: max-age=0'], 30],
    ['no-store: the floor', ['cache-control: no-store'], 30],
    ['expired in 1970: the floor', ['expires: Thu, 01 Jan 1970 00:00:00 GMT'], 30],
  ])('%s', async (_, fields, lifetime) => {
    scene.sites.publish(CLIENT_ID, {}, { fields })
    await visit()
    const stored = await scene.server.store.clientDocuments.find(CLIENT_ID)
    expect((stored?.freshUntil ?? 0) - scene.server.clock.now).toBe(lifetime)
  })

  test('a fresh copy is not asked for, a stale one with its entity tag; 304 keeps it', async () => {
    scene.sites.publish(CLIENT_ID, {}, { fields: ['etag: "v1"', 'cache-control: max-age=100'] })
    await visit()
    scene.server.clock.now += 99
    await visit()
    expect(scene.sites.asked).toHaveLength(1)
    scene.sites.put(CLIENT_ID, { status: '304 Not Modified', fields: ['cache-control: max-age=200'] })
    scene.server.clock.now += 1
    expect(await visit()).toMatchObject({ status: 200 })
    expect(scene.sites.heads[1]).toContain('if-none-match: "v1"')
    const stored = await scene.server.store.clientDocuments.find(CLIENT_ID)
    expect(stored).toMatchObject({ etag: '"v1"', freshUntil: scene.server.clock.now + 200 })
  })

  test('errors are remembered for half a minute, in memory, and never instead of a document', async () => {
    await visit()
    await visit()
    expect(scene.sites.asked).toHaveLength(1)
    scene.sites.publish()
    scene.server.clock.now += 29
    expect(await visit()).toMatchObject({ status: 400 })
    scene.server.clock.now += 1
    expect(await visit()).toMatchObject({ status: 200 })
  })

  test('many who come at once ask once', async () => {
    scene.sites.publish()
    const browser = await signedInBrowser(scene)
    const url = await authorizationUrl(scene.server)
    const answers = await Promise.all(Array.from({ length: 20 }, () => browser.fetch(url)))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(scene.sites.asked).toHaveLength(1)
  })

  test('AS-023 each spelling is a client of its own, and none has the document of another', async () => {
    scene.sites.publish()
    await visit()
    for (const other of [`${CLIENT_ID}/`, 'https://app.example/Client.json', 'https://app.example/client%2Ejson']) {
      scene.sites.put(other, { body: JSON.stringify(documentOf(CLIENT_ID)) })
      expect(await visit({ client_id: other })).toMatchObject({ status: 400 })
      expect(reasons().at(-1)).toBe('client_id')
    }
    expect(await scene.server.store.clientDocuments.list()).toHaveLength(1)
  })

  test('a document that nobody agreed to is forgotten after a quarter of an hour, one with a grant when the grant ends', async () => {
    const { server, sites } = scene
    sites.publish()
    await visit()
    await server.store.purge(server.clock.now + 899, 500)
    expect(await server.store.clientDocuments.list()).toHaveLength(1)
    await server.store.purge(server.clock.now + 900, 500)
    expect(await server.store.clientDocuments.list()).toEqual([])
    await createPerson(server).visit(await authorizationUrl(server))
    const end = server.clock.now + server.settings.refresh.absolute_lifetime
    expect(await server.store.clientDocuments.find(CLIENT_ID)).toMatchObject({ keptUntil: end })
  })
})

describe('AS-033 when the client is not there, or is not what it was', () => {
  test('the request ends when there is no document, and goes on with the last good copy for a day', async () => {
    const { server, sites } = scene
    sites.publish(CLIENT_ID, {}, { fields: ['cache-control: max-age=60'] })
    await createPerson(server).visit(await authorizationUrl(server))
    sites.goDown()
    server.clock.now += 60 + 86_399
    expect(await visit()).toMatchObject({ status: 200, title: 'Allow access?' })
    server.clock.now += 31
    expect(await visit()).toMatchObject({ status: 400 })
    expect(reasons()).toEqual(['unreachable', 'unreachable'])
    sites.goUp()
    server.clock.now += 31
    expect(await visit()).toMatchObject({ status: 200 })
  })

  test.each(['408 Request Timeout', '425 Too Early', '429 Too Many Requests', '500 Oops', '503 Service Unavailable'])(
    '%s says nothing about the document: the last good copy serves on',
    async (status) => {
      const { server, sites } = scene
      sites.publish(CLIENT_ID, {}, { fields: ['cache-control: max-age=60'] })
      await visit()
      sites.put(CLIENT_ID, { status })
      server.clock.now += 60
      expect(await visit()).toMatchObject({ status: 200, title: 'Allow access?' })
    },
  )

  test('nor does a certificate that has expired', async () => {
    const { server, sites } = scene
    sites.publish(CLIENT_ID, {}, { fields: ['cache-control: max-age=60'] })
    await visit()
    sites.distrust()
    server.clock.now += 60
    expect(await visit()).toMatchObject({ status: 200, title: 'Allow access?' })
    expect(reasons()).toEqual(['bad_tls'])
  })

  test.each([
    ['gone', { status: '410 Gone' }],
    ['moved', { status: '301 Moved Permanently', fields: ['location: https://evil.example/'] }],
    ['broken', { body: '{}' }],
  ])(
    'a document that is %s is an answer: the copy lets nobody in any more, and stays for what was issued',
    async (_, page) => {
      const { server, sites } = scene
      sites.publish(CLIENT_ID, {}, { fields: ['cache-control: max-age=60'] })
      await createPerson(server).visit(await authorizationUrl(server))
      sites.put(CLIENT_ID, page)
      server.clock.now += 60
      expect(await visit()).toMatchObject({ status: 400 })
      expect(await server.store.clients.find(CLIENT_ID)).toBeNull()
      expect(await server.store.clientDocuments.find(CLIENT_ID)).toMatchObject({ clientId: CLIENT_ID })
    },
  )

  test('a change is written into the audit log, an unchanged document is not', async () => {
    const { server, sites } = scene
    const fields = ['cache-control: no-store']
    sites.publish(CLIENT_ID, {}, { fields })
    await visit()
    server.clock.now += 30
    await visit()
    expect(server.events.map(({ type }) => type)).not.toContain('client_changed')
    sites.publish(CLIENT_ID, { redirect_uris: [CALLBACK, 'https://app.example/two'] }, { fields })
    server.clock.now += 30
    await visit()
    expect(server.events).toContainEqual({ type: 'client_changed', clientId: CLIENT_ID })
  })
})
