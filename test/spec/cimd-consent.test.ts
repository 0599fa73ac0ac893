/**
 * What a person sees of a client that publishes what it is, and what their consent is worth when it changes.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 sections 8.4, 8.5, 8.8 and 8.9
 * @see MCP 2026-07-28, security considerations: client ID metadata documents, localhost redirect URIs
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { rasterType } from '../../server/core/client-documents/raster-image.ts'
import { CALLBACK, CLIENT_ID, createScene, decide, type Scene, visit as visitIn } from '../support/client-documents.ts'

let scene: Scene
beforeEach(async () => {
  scene = await createScene()
})
afterEach(() => scene.close())

const visit = (changes: Readonly<Record<string, string>> = {}) => visitIn(scene, changes)
const LOOPBACK = 'http://127.0.0.1:50999/callback'
/** Of any length: only how it begins tells. */
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13])
const LOGO = 'https://persistent.oaistatic.com/logo.png'

const textOf = (page: string): string => page.replace(/<[^>]*>/g, '').replace(/\s+/g, ' ')

describe('AS-038 sections 8.5 and 8.9', () => {
  test('the host of the client id and the host of the redirect URI are shown', async () => {
    scene.sites.publish()
    const page = textOf((await visit()).page)
    expect(page).toContain('Access goes toapp.example')
    expect(page).toContain('Published by app.example. Nobody else has verified this name.')
    expect(page).not.toContain('but the access goes to')
  })

  test('a redirect to another site than the publisher is warned of, one below it is not', async () => {
    const elsewhere = 'https://evil.example/callback'
    const below = 'https://cb.app.example/callback'
    scene.sites.publish(CLIENT_ID, { redirect_uris: [elsewhere, below] })
    const page = textOf((await visit({ redirect_uri: elsewhere })).page)
    expect(page).toContain('app.example published this application, but the access goes to evil.example.')
    expect(textOf((await visit({ redirect_uri: below })).page)).not.toContain('but the access goes to')
  })

  test('redirect URIs that are on this computer only are warned of twice', async () => {
    scene.sites.publish(CLIENT_ID, { redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'] })
    const page = textOf((await visit({ redirect_uri: LOOPBACK })).page)
    expect(page).toContain('Any program on this computer could be receiving this access')
    expect(page).toContain('app.example cannot tell which program that is: anyone can use its name here.')
    scene.server.clock.now += 301
    scene.sites.publish(CLIENT_ID, { redirect_uris: ['http://127.0.0.1/callback', CALLBACK] })
    expect(textOf((await visit({ redirect_uri: LOOPBACK })).page)).not.toContain('cannot tell which program')
  })

  test('a name cannot pass for the publisher, nor a host for another', async () => {
    const id = 'https://xn--pple-43d.flood.example/c'
    scene.sites.publish(id, { client_name: 'App</dd><dd>Published by <strong>claude.ai</strong>\u202e' })
    const { page } = await visit({ client_id: id })
    expect(page).not.toContain('<strong>claude.ai')
    expect(page).not.toContain('\u202e')
    expect(page).toContain('Published by <strong>xn--pple-43d.flood.example</strong>')
  })
})

describe('AS-037 section 8.8 logos', () => {
  const logoLink = (page: string): string | undefined =>
    /<img class="logo" src="([^"]*)"/.exec(page)?.[1]?.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code))

  test('the logo is fetched with the document and served from here, so that it cannot change or watch', async () => {
    const { sites, server } = scene
    sites.publish(CLIENT_ID, { logo_uri: LOGO })
    sites.put(LOGO, { type: 'text/html', body: PNG })
    const { page, browser } = await visit()
    const link = logoLink(page) ?? ''
    expect(link).toStartWith('/oauth/client-logo?client_id=')
    expect(page).not.toContain('oaistatic')
    const logo = await browser.fetch(link)
    expect(new Uint8Array(await logo.arrayBuffer())).toEqual(PNG)
    expect(Object.fromEntries(logo.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    })
    sites.put(LOGO, { body: 'changed' })
    await visit()
    expect(sites.asked).toEqual([CLIENT_ID, LOGO])
    expect((await server.fetch(`${link}x`)).status).toBe(404)
    expect((await server.fetch('/oauth/client-logo')).status).toBe(404)
  })

  test.each([
    ['SVG', { type: 'image/png', body: '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>' }],
    ['HTML', { type: 'image/png', body: '<!doctype html>' }],
    ['too large', { type: 'image/png', body: Buffer.concat([PNG, new Uint8Array(64 * 1024)]) }],
    ['a redirect', { status: '302 Found', fields: [`location: ${CLIENT_ID}`] }],
    ['missing', { status: '404 Not Found' }],
  ])('one that is %s is left out, and the page is as good', async (_, logo) => {
    scene.sites.publish(CLIENT_ID, { logo_uri: LOGO })
    scene.sites.put(LOGO, logo)
    const seen = await visit()
    expect(seen.status).toBe(200)
    expect(logoLink(seen.page)).toBeUndefined()
  })

  test('pictures are told by how they begin', () => {
    const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
    const known: readonly (readonly [string, string | null])[] = [
      ['\x89PNG\r\n\x1a\n', 'image/png'],
      ['\xff\xd8\xff\xe0', 'image/jpeg'],
      ['GIF89a', 'image/gif'],
      ['RIFFabcdWEBPVP8 ', 'image/webp'],
      ['RIFFabcdWAVEfmt ', null],
      ['<svg', null],
      ['\x00\x00\x01\x00', null],
      [' GIF89a', null],
      ['', null],
    ]
    for (const [text, type] of known) expect([text, rasterType(bytes(text))]).toEqual([text, type as never])
  })
})

describe('AS-033 section 8.4 what was agreed to is what was seen', () => {
  const NO_CACHE = { fields: ['cache-control: no-store'] }

  test.each([
    ['is gone', { status: '404 Not Found' }],
    ['is hidden', { status: '403 Forbidden', type: 'text/html', body: '<html>' }],
    ['makes way for a page about it', { type: 'text/html', body: '<h1>Back soon</h1>' }],
    ['has moved', { status: '302 Found', fields: ['location: https://status.example/'] }],
    ['cannot be had', { status: '503 Service Unavailable' }],
    ['has changed, which nobody has seen yet', { body: '{}' }],
  ])(
    'AS-032 the answer is for the copy that the page was made of, though the document %s meanwhile',
    async (_, page) => {
      const { sites, server } = scene
      for (const [decision, start] of [
        ['allow', 'code='],
        ['deny', 'error=access_denied'],
      ] as const) {
        sites.publish(CLIENT_ID, {}, NO_CACHE)
        const seen = await visit()
        sites.put(CLIENT_ID, page)
        server.clock.now += 31
        const asked = sites.asked.length
        expect((await decide(seen, decision)).headers.get('location')).toStartWith(`${CALLBACK}?${start}`)
        expect(sites.asked).toHaveLength(asked)
        server.clock.now += 31
      }
    },
  )

  test('a copy that was forgotten while the page stood open is read again, for the page', async () => {
    const { sites, server } = scene
    sites.publish(CLIENT_ID, {}, NO_CACHE)
    const seen = await visit()
    server.clock.now += 901
    await server.store.purge(server.clock.now, 500)
    const answer = await decide(seen)
    const signIn = answer.headers.get('location') ?? ''
    expect(signIn).toStartWith('/sign-in?request=')
    const again = (await seen.browser.fetch(signIn)).headers.get('location') ?? ''
    expect(await (await seen.browser.fetch(again)).text()).toContain('Allow access?')
  })

  test.each([
    ['its redirect URIs', { redirect_uris: [CALLBACK, 'https://evil.example/callback'] }],
    ['its name', { client_name: 'Another App' }],
    ['its keys', { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://app.example/jwks.json' }],
  ])('a document that changes %s between page and button is shown again, and then agreed to', async (_, changes) => {
    scene.sites.publish(CLIENT_ID, {}, NO_CACHE)
    const first = await visit()
    scene.sites.publish(CLIENT_ID, changes, NO_CACHE)
    scene.server.clock.now += 31
    // Somebody else comes, for whom it is read.
    await visit()
    const again = await decide(first)
    expect(again.status).toBe(200)
    const page = await again.text()
    expect(textOf(page)).toContain('has just changed what it says about itself')
    const done = await decide({ browser: first.browser, page })
    expect(done.headers.get('location')).toStartWith(`${CALLBACK}?code=`)
  })

  test('a form that does not say what was seen agrees to nothing', async () => {
    scene.sites.publish()
    const seen = await visit()
    const answer = await decide({
      ...seen,
      page: seen.page.replace(/name="client" value="[^"]*"/, 'name="client" value=""'),
    })
    expect([answer.status, answer.headers.get('location')]).toEqual([200, null])
  })

  test('declining needs no second look', async () => {
    scene.sites.publish(CLIENT_ID, {}, NO_CACHE)
    const first = await visit()
    scene.sites.publish(CLIENT_ID, { client_name: 'Another App' }, NO_CACHE)
    scene.server.clock.now += 31
    expect((await decide(first, 'deny')).headers.get('location')).toContain('error=access_denied')
  })

  test('a redirect URI that the document no longer names is not redirected to, not even after the page was shown', async () => {
    scene.sites.publish(CLIENT_ID, {}, NO_CACHE)
    const first = await visit()
    scene.sites.publish(CLIENT_ID, { redirect_uris: ['https://app.example/other'] }, NO_CACHE)
    scene.server.clock.now += 31
    await visit()
    const answer = await decide(first)
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
  })

  test('a remembered consent counts until redirect URIs or keys change, and its scopes with it', async () => {
    const { sites, server } = scene
    const key = (x: string) => ({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ kty: 'EC', crv: 'P-256', x, y: 'y' }] },
    })
    const consented = async () => (await visit()).location?.startsWith(CALLBACK) ?? false
    sites.publish(CLIENT_ID, key('one'), NO_CACHE)
    await decide(await visit({ scope: 'notes:read notes:write' }))
    server.clock.now += 31
    expect(await consented()).toBe(true)

    sites.publish(CLIENT_ID, key('two'), NO_CACHE)
    server.clock.now += 31
    expect(await consented()).toBe(false)
    await decide(await visit())
    expect(await consented()).toBe(true)
    expect((await visit({ scope: 'notes:read notes:write' })).status).toBe(200)

    sites.publish(CLIENT_ID, { ...key('two'), redirect_uris: [CALLBACK, 'https://evil.example/callback'] }, NO_CACHE)
    server.clock.now += 31
    expect(await consented()).toBe(false)
  })

  test('keys that change behind a jwks_uri ask again, and so do keys that nobody can see', async () => {
    const { sites, server } = scene
    const uri = 'https://app.example/jwks.json'
    const publish = (...xs: readonly string[]) =>
      sites.put(uri, {
        body: JSON.stringify({ keys: xs.map((x) => ({ kty: 'EC', crv: 'P-256', x, y: 'y', kid: x })) }),
      })
    const consented = async (prompt = '') => (await visit({ prompt })).location?.startsWith(`${CALLBACK}?code`) ?? false
    const later = () => {
      server.clock.now += 301
    }
    sites.publish(CLIENT_ID, { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: uri })
    publish('one', 'two')
    await decide(await visit())
    // In another order they are the same.
    publish('two', 'one')
    later()
    expect(await consented()).toBe(true)

    publish('one', 'evil')
    later()
    expect([await consented('none'), await consented()]).toEqual([false, false])
    await decide(await visit())
    expect(await consented()).toBe(true)

    sites.put(uri, null)
    server.clock.now += 300 + 86_400
    expect(await consented()).toBe(false)
    await decide(await visit())
    // Neither then, nor once they can be seen.
    expect(await consented()).toBe(false)
    publish('one', 'evil')
    later()
    expect(await consented()).toBe(false)
  })

  test('AS-053 a public client is asked for every time', async () => {
    scene.sites.publish()
    await decide(await visit())
    expect(await visit()).toMatchObject({ status: 200, title: 'Allow access?' })
  })
})
