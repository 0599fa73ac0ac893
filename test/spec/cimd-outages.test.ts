/**
 * What of a client's site that does not answer is an outage, and how long a copy is kept and fresh.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 5.2
 * @see docs/adr/0119-when-client-documents-are-read.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { clientDigest } from '../../server/core/client-digest.ts'
import type { Outbound, OutboundFailure } from '../../server/core/outbound.ts'
import type { Client } from '../../server/core/records.ts'
import { client } from '../../server/store/conformance/records.ts'
import { hash } from '../../server/store/hash.ts'
import { err } from '../../shared/result.ts'
import { authorizationQuery, registerClient } from '../support/authorization-server.ts'
import { CALLBACK, CLIENT_ID, createScene, createSites, decide, visit } from '../support/client-documents.ts'

const outages: readonly OutboundFailure[] = ['unresolvable', 'unreachable', 'timeout', 'bad_tls', 'broken_answer']

test.each(outages)('AS-033 %s says nothing about the document: the last good copy serves on', async (failure) => {
  const sites = await createSites()
  let isOut = false
  const outbound: Outbound = {
    get: async (url, request) => (isOut ? err(failure) : sites.outbound.get(url, request)),
  }
  const scene = await createScene({}, { outbound })
  sites.publish(CLIENT_ID, {}, { fields: ['cache-control: max-age=60'] })
  await visit(scene)
  isOut = true
  scene.server.clock.now += 60
  expect(await visit(scene)).toMatchObject({ status: 200, title: 'Allow access?' })
  await scene.close()
  sites.close()
})

test('AS-033 a copy that lets somebody in during an outage is kept for as long as they need to agree', async () => {
  const scene = await createScene()
  const { server, sites } = scene
  sites.publish(CLIENT_ID, {}, { fields: ['cache-control: max-age=60'] })
  await visit(scene)
  sites.goDown()
  server.clock.now += 899
  expect((await visit(scene)).status).toBe(200)
  await server.store.purge(server.clock.now + 899, 500)
  expect(await server.store.clientDocuments.list()).toHaveLength(1)
  await scene.close()
})

describe('section 5.2 a copy is good for as long as its headers say, though nobody has agreed yet', () => {
  const A_DAY = { fields: ['cache-control: max-age=86400', 'etag: "one"'] }

  test('AS-033 it is not asked for again while somebody comes now and then, and no longer than a day', async () => {
    const scene = await createScene()
    const { sites, server } = scene
    sites.publish(CLIENT_ID, {}, A_DAY)
    const start = server.clock.now
    for (; server.clock.now < start + 86_400; server.clock.now += 800) {
      await visit(scene)
      await server.store.purge(server.clock.now, 500)
    }
    expect(sites.asked).toHaveLength(1)
    await visit(scene)
    expect(sites.asked).toHaveLength(2)
    await scene.close()
  })

  test('AS-033 it is kept for as long as somebody needs to agree', async () => {
    const scene = await createScene()
    scene.sites.publish(CLIENT_ID, {}, A_DAY)
    await visit(scene)
    scene.server.clock.now += 899
    const seen = await visit(scene)
    scene.server.clock.now += 899
    await scene.server.store.purge(scene.server.clock.now, 500)
    expect((await decide(seen)).headers.get('location')).toStartWith(`${CALLBACK}?code=`)
    expect(scene.sites.asked).toEqual([CLIENT_ID])
    await scene.close()
  })

  test('of those that nobody agrees to, no more than a thousand stay: the others are asked for once more', async () => {
    const sites = await createSites()
    const scene = await createScene({}, { outbound: sites.outbound })
    const { clientDocuments } = scene.server.store
    const at = scene.server.clock.now
    const times = { fetchedAt: at, freshUntil: at + 86_400, keptUntil: at + 60 }
    const ids = Array.from({ length: 1001 }, (_, index) => `https://app.example/${index}.json`)
    for (const clientId of ids) {
      const document = { client_id: clientId, client_name: 'App', redirect_uris: [CALLBACK] }
      await clientDocuments.put({ clientId, document, pinned: false, etag: null, ...times }, null)
      await visit(scene, { client_id: clientId })
    }
    expect(sites.asked).toEqual(ids.slice(1000))
    sites.close()
    await scene.close()
  }, 60_000)
})

test('AS-032 keys are asked for while somebody who is signed in reads the page, and for nobody else', async () => {
  const asked: string[] = []
  const outbound: Outbound = {
    async get(url) {
      asked.push(url)
      return err('timeout')
    },
  }
  const scene = await createScene({}, { outbound })
  const jwks_uri = 'https://app.example/jwks.json'
  const { client_id } = await registerClient(scene.server, { token_endpoint_auth_method: 'private_key_jwt', jwks_uri })
  const query = await authorizationQuery(client_id)
  expect((await scene.server.fetch(`/oauth/authorize?${query}`)).status).toBe(303)
  expect(asked).toEqual([])
  await visit(scene, Object.fromEntries(query))
  expect(asked).toEqual([jwks_uri])
  await scene.close()
})

const changed: readonly (readonly [string, Partial<Client>])[] = [
  ['where its keys are', { jwksUri: 'https://app.example/other.json' }],
  ['how it proves itself', { authMethods: ['client_secret_basic'] }],
  ['its keys', { jwks: { keys: [] } }],
  ['its name', { name: 'Another' }],
  ['its redirect URIs', { redirectUris: ['https://evil.example/cb'] }],
]

test.each(changed)('AS-033 section 8.4 %s is part of what is agreed to', async (_, changes) => {
  const before = client({ authMethods: ['private_key_jwt'], jwksUri: 'https://app.example/jwks.json' })
  expect(await clientDigest({ ...before, ...changes }, hash)).not.toBe(await clientDigest(before, hash))
})
