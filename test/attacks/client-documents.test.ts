/**
 * Documents as weapons: to be sent around, to be filled up, to pass for somebody else.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 8
 * @see docs/adr/0120-how-much-strangers-can-make-us-fetch.md
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { recentFailures } from '../../server/core/client-documents/recent-failures.ts'
import type { Outbound } from '../../server/core/outbound.ts'
import { rateLimited } from '../../server/outbound/rate-limited.ts'
import { codeForm, postForm, VERIFIER } from '../support/authorization-server.ts'
import {
  authorizationUrl,
  CALLBACK,
  CLIENT_ID,
  createScene,
  decide,
  documentOf,
  type Scene,
  signedInBrowser,
  visit,
} from '../support/client-documents.ts'

let scene: Scene
beforeEach(async () => {
  scene = await createScene()
})
afterEach(() => scene.close())

const EVIL = 'https://evil.example/client.json'
const reasons = (): readonly string[] =>
  scene.server.events.flatMap((event) => (event.type === 'client_document_rejected' ? [event.reason] : []))

describe('passing for somebody else', () => {
  test('AS-023 a document with another client id is nobody’s, and touches nobody', async () => {
    scene.sites.publish()
    await visit(scene)
    scene.sites.put(EVIL, {
      body: JSON.stringify({ ...documentOf(CLIENT_ID), redirect_uris: ['https://evil.example/cb'] }),
    })
    expect(await visit(scene, { client_id: EVIL, redirect_uri: 'https://evil.example/cb' })).toMatchObject({
      status: 400,
    })
    const stolen = await visit(scene, { redirect_uri: 'https://evil.example/cb' })
    expect([stolen.status, stolen.location]).toEqual([400, null])
    expect((await scene.server.store.clientDocuments.find(CLIENT_ID))?.document.redirect_uris).toEqual([CALLBACK])
  })

  test('AS-030 nor does an open redirector on a good site lead to it', async () => {
    scene.sites.put(CLIENT_ID, { status: '302 Found', fields: [`location: ${EVIL}`] })
    scene.sites.publish(EVIL)
    expect(await visit(scene)).toMatchObject({ status: 400 })
    expect(scene.sites.asked).toEqual([CLIENT_ID])
  })

  test('AS-052 a code of one client is worth nothing to another', async () => {
    scene.sites.publish()
    scene.sites.publish(EVIL, { redirect_uris: [CALLBACK] })
    const callback = new URL((await decide(await visit(scene))).headers.get('location') ?? '')
    await decide(await visit(scene, { client_id: EVIL }))
    const code = callback.searchParams.get('code') ?? ''
    const form = { ...codeForm(EVIL, code), redirect_uri: CALLBACK }
    expect(await (await postForm(scene.server, '/oauth/token', form)).json()).toMatchObject({ error: 'invalid_grant' })
    const own = await postForm(scene.server, '/oauth/token', { ...form, client_id: CLIENT_ID })
    expect(own.status).toBe(200)
  })

  test('AS-032 a client with a key is not believed without it, at no endpoint', async () => {
    scene.sites.publish(CLIENT_ID, {
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      jwks_uri: 'https://app.example/jwks.json',
    })
    const callback = new URL((await decide(await visit(scene))).headers.get('location') ?? '')
    const code = callback.searchParams.get('code') ?? ''
    const forms = [
      ['/oauth/token', { grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri: CALLBACK }],
      ['/oauth/revoke', { token: 'x' }],
      ['/oauth/introspect', { token: 'x' }],
    ] as const
    for (const [path, form] of forms) {
      for (const extra of [{}, { client_secret: 'x' }]) {
        const answer = await postForm(scene.server, path, { ...form, ...extra, client_id: CLIENT_ID })
        expect([path, answer.status, (await answer.json()).error]).toEqual([path, 401, 'invalid_client'])
      }
    }
  })
})

describe('being sent around', () => {
  test.each([
    ['inside', ['10.0.0.7']],
    ['cloud metadata', ['169.254.169.254']],
    ['loopback', ['127.0.0.1']],
    ['loopback beside the internet', ['93.184.216.34', '::1']],
    ['IPv4 in IPv6', ['::ffff:10.0.0.7']],
  ])('AS-036 SEC-012 a public name that leads to %s is not asked', async (_, addresses) => {
    const inside = await createScene({}, { names: { 'app.example': addresses } })
    inside.sites.publish()
    expect(await visit(inside)).toMatchObject({ status: 400 })
    expect(inside.sites.asked).toEqual([])
    await inside.close()
  })

  test('AS-036 SEC-012 neither is a logo, nor are keys, at such a place', async () => {
    const names = { 'evil.example': ['169.254.169.254'] }
    const inside = await createScene({}, { names })
    inside.sites.publish(CLIENT_ID, {
      logo_uri: 'https://evil.example/logo.png',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: 'https://evil.example/jwks.json',
    })
    expect(await visit(inside)).toMatchObject({ status: 200 })
    expect(inside.sites.asked).toEqual([CLIENT_ID])
    await inside.close()
  })

  test.each(['http://127.0.0.1:3000/c', 'https://localhost/c', 'https://169.254.169.254/c', 'http://app.example/c'])(
    'AS-029 AS-036 %s is told so before anybody signs in, and not asked',
    async (client_id) => {
      const response = await scene.server.fetch(await authorizationUrl(scene.server, { client_id }))
      expect([response.status, scene.sites.asked]).toEqual([400, []])
    },
  )

  test('SEC-016 every failure looks the same from outside', async () => {
    const pages = new Set<string>()
    const outcomes = [{ status: '404 Not Found' }, { status: '500 Oops' }, { body: 'secret of an inside service' }]
    for (const [index, page] of outcomes.entries()) {
      const client_id = `https://app.example/${index}`
      scene.sites.put(client_id, page)
      const seen = await visit(scene, { client_id })
      pages.add(`${seen.status} ${seen.page}`)
    }
    scene.sites.goDown()
    const seen = await visit(scene, { client_id: 'https://app.example/down' })
    pages.add(`${seen.status} ${seen.page}`)
    expect(pages.size).toBe(1)
    expect([...pages][0]).not.toContain('secret')
    expect(reasons()).toEqual(['client_error', 'server_error', 'not_json', 'unreachable'])
  })
})

describe('being filled up', () => {
  test('AS-028 2000 client ids of one host, and of many, cost few questions and little room', async () => {
    const browser = await signedInBrowser(scene)
    const flood = async (idOf: (index: number) => string) => {
      for (let from = 0; from < 2000; from += 50) {
        const urls = Array.from({ length: 50 }, (_, index) => idOf(from + index))
        for (const id of urls) scene.sites.publish(id)
        await Promise.all(
          urls.map(async (client_id) => browser.fetch(await authorizationUrl(scene.server, { client_id }))),
        )
      }
    }
    await flood((index) => `https://app.example/${index}`)
    expect(scene.sites.asked.length).toBe(30)
    await flood((index) => `https://h${index}.flood.example/c`)
    expect(scene.sites.asked.length).toBe(100)
    const { store, clock } = scene.server
    expect(await store.clientDocuments.list()).toHaveLength(100)
    // A minute later there is room for 60 more, and a quarter of an hour later nothing is left of it.
    clock.now += 60
    await flood((index) => `https://g${index}.flood.example/c`)
    expect(scene.sites.asked.length).toBe(160)
    while ((await store.purge(clock.now + 900, 500)) > 0);
    expect(await store.clientDocuments.list()).toEqual([])
  }, 60_000)

  test('who asks too much does not take a client away from those who have it', async () => {
    scene.sites.publish(CLIENT_ID, {}, { fields: ['cache-control: max-age=60'] })
    await visit(scene)
    const browser = await signedInBrowser(scene)
    for (let index = 0; index < 40; index += 1) {
      await browser.fetch(await authorizationUrl(scene.server, { client_id: `https://app.example/${index}` }))
    }
    scene.server.clock.now += 60
    for (let index = 100; index < 140; index += 1) {
      await browser.fetch(await authorizationUrl(scene.server, { client_id: `https://app.example/${index}` }))
    }
    expect(await visit(scene)).toMatchObject({ status: 200 })
    expect(reasons()).toContain('busy')
    // Nor is a client held responsible for it: it gets in as soon as there is room for one question.
    const refused = 'https://app.example/139'
    scene.sites.publish(refused)
    scene.server.clock.now += 3
    expect(await visit(scene, { client_id: refused })).toMatchObject({ status: 200 })
  })

  test('buckets and failures in memory have a size', async () => {
    let asked = 0
    const outbound: Outbound = {
      async get() {
        asked += 1
        return { ok: false, error: 'unreachable' }
      },
    }
    let now = 0
    const rate = { burst: 2, perMinute: 60 }
    const limited = rateLimited(outbound, () => now, { all: { burst: 1000, perMinute: 1 }, host: rate, hosts: 3 })
    const ask = async (host: string): Promise<string> => {
      const answer = await limited.get(`https://${host}/`, { accept: '*/*', maxBytes: 1 })
      return answer.ok ? 'ok' : answer.error
    }
    for (const host of ['a', 'b', 'c', 'd', 'e']) await ask(host)
    // The fourth and the fifth shared what was left.
    expect(await ask('f')).toBe('busy')
    expect(await ask('a')).toBe('unreachable')
    expect(await ask('a')).toBe('busy')
    now = 2
    expect(await ask('f')).toBe('unreachable')
    expect(asked).toBe(7)

    const failures = recentFailures<string>(30, 3)
    for (const key of ['a', 'b', 'c', 'd']) failures.add(key, key, 0)
    expect(['a', 'b', 'c', 'd'].map((key) => failures.find(key, 29))).toEqual([null, 'b', 'c', 'd'])
    expect(failures.find('d', 30)).toBeNull()
  })
})
