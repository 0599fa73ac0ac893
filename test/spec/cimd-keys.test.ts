/**
 * The keys of clients that publish a document, when several processes serve: what one began another ends, whether or not the client's site
 * answers, and a code is worth nothing with other keys than those that the person agreed to.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 sections 5.2, 6.2 and 8.4
 * @see docs/adr/0119-when-client-documents-are-read.md
 * @see docs/adr/0125-published-keys-are-stored.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestServer, postForm, type TestServer, VERIFIER } from '../support/authorization-server.ts'
import {
  CALLBACK,
  CLIENT_ID,
  createScene,
  createSites,
  decide,
  type Scene,
  visit,
} from '../support/client-documents.ts'
import { assertionForm, createSigning, type Signing, signer } from '../support/confidential-clients.ts'
import { expectError } from '../support/oauth-error.ts'
import { usePostgres } from '../support/postgres.ts'

const KEYS = 'https://keys.flood.example/jwks.json'
const [first, second] = [await createSigning('ES256', 'first'), await createSigning('ES256', 'second')]
const method = { token_endpoint_auth_method: 'private_key_jwt' }

const post = async (server: TestServer, { key, jwks }: Signing, form: Record<string, string>): Promise<Response> =>
  postForm(server, '/oauth/token', {
    ...form,
    client_id: CLIENT_ID,
    ...assertionForm(await signer(server, CLIENT_ID, key, 'ES256')({}, { kid: jwks.keys[0]?.kid })),
  })

const redeem = (server: TestServer, signing: Signing, answer: string | null): Promise<Response> =>
  post(server, signing, {
    grant_type: 'authorization_code',
    code: new URL(answer ?? '').searchParams.get('code') ?? '',
    redirect_uri: CALLBACK,
    code_verifier: VERIFIER,
  })

const refreshTokenOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { refresh_token?: string }).refresh_token ?? ''

const postgres = usePostgres()
const folder = await mkdtemp(join(tmpdir(), 'sallyport-keys-'))
afterAll(() => rm(folder, { recursive: true }))

const databases: readonly (readonly [string, () => Promise<string>])[] = [
  ['SQLite', async () => `sqlite:${join(folder, `${crypto.randomUUID()}.db`)}`],
  ['PostgreSQL', () => postgres.createDatabase()],
]

describe.each(databases)('%s: AS-032 a flow moves to another process while the client’s site is down', (_, create) => {
  /** Two processes, and what they find in the world. */
  async function createPair() {
    const database = await create()
    const sites = await createSites()
    const open = () => createTestServer({ database }, { outbound: sites.outbound })
    const [here, elsewhere] = [await open(), await open()]
    sites.publish(CLIENT_ID, { ...method, jwks_uri: KEYS })
    sites.put(KEYS, { body: JSON.stringify(first.jwks) })
    return {
      sites,
      here,
      elsewhere,
      open,
      wait(seconds: number) {
        for (const { clock } of [here, elsewhere]) clock.now += seconds
      },
      async close() {
        sites.close()
        await here.close()
        await elsewhere.close()
      },
    }
  }

  test('its code is redeemed and its token refreshed there, with the keys that were read here', async () => {
    const { sites, here, elsewhere, open, wait, close } = await createPair()
    const agreed = (await decide(await visit({ server: here }))).headers.get('location')
    sites.goDown()
    const tokens = await redeem(elsewhere, first, agreed)
    expect(tokens.status).toBe(200)
    expect(sites.asked).toEqual([CLIENT_ID, KEYS])

    // The outage lasts for most of a day, in which a process starts anew, and what nobody uses is forgotten.
    wait(86_000)
    await here.store.purge(here.clock.now, 500)
    const restarted = await open()
    restarted.clock.now = here.clock.now
    const refresh = { grant_type: 'refresh_token', refresh_token: await refreshTokenOf(tokens) }
    const refreshed = await post(restarted, first, refresh)
    expect(refreshed.status).toBe(200)
    restarted.clock.now += 700
    const late = { grant_type: 'refresh_token', refresh_token: await refreshTokenOf(refreshed) }
    await expectError(await post(restarted, first, late), 401, 'invalid_client')
    await restarted.close()
    await close()
  })

  test('an answer that is no key set is no outage: keys that were taken down serve no longer', async () => {
    for (const answer of [null, { body: 'moved' }]) {
      const { sites, here, elsewhere, wait, close } = await createPair()
      const tokens = await redeem(here, first, (await decide(await visit({ server: here }))).headers.get('location'))
      sites.put(KEYS, answer)
      wait(301)
      const refresh = { grant_type: 'refresh_token', refresh_token: await refreshTokenOf(tokens) }
      for (const server of [here, elsewhere])
        await expectError(await post(server, first, refresh), 401, 'invalid_client')
      await close()
    }
  })

  test('its token is refreshed there, long after its code was redeemed here', async () => {
    const { sites, here, elsewhere, wait, close } = await createPair()
    const tokens = await redeem(here, first, (await decide(await visit({ server: here }))).headers.get('location'))
    sites.goDown()
    wait(10_000)
    await here.store.purge(here.clock.now, 500)
    const refresh = { grant_type: 'refresh_token', refresh_token: await refreshTokenOf(tokens) }
    expect((await post(elsewhere, first, refresh)).status).toBe(200)
    await close()
  })

  test('keys of a client that redeems nothing are forgotten after a quarter of an hour', async () => {
    const { here, close } = await createPair()
    await decide(await visit({ server: here }))
    expect(await here.store.publishedKeys.find(KEYS)).not.toBeNull()
    await here.store.purge(here.clock.now + 900, 500)
    expect(await here.store.publishedKeys.find(KEYS)).toBeNull()
    await close()
  })

  test('keys that one process has read none of the others asks for, until they are old or fit no more', async () => {
    const { sites, here, elsewhere, wait, close } = await createPair()
    const asked = () => sites.asked.filter((url) => url === KEYS).length
    const tokens = await redeem(here, first, (await decide(await visit({ server: here }))).headers.get('location'))
    const refresh_token = await refreshTokenOf(tokens)
    const refreshed = await post(elsewhere, first, { grant_type: 'refresh_token', refresh_token })
    expect([refreshed.status, asked()]).toEqual([200, 1])

    sites.put(KEYS, { body: JSON.stringify(second.jwks) })
    wait(31)
    const again = { grant_type: 'refresh_token', refresh_token: await refreshTokenOf(refreshed) }
    const rotated = await post(here, second, again)
    expect([rotated.status, asked()]).toEqual([200, 2])
    const once = { grant_type: 'refresh_token', refresh_token: await refreshTokenOf(rotated) }
    const last = await post(elsewhere, second, once)
    expect([last.status, asked()]).toEqual([200, 2])

    wait(300)
    const later = { grant_type: 'refresh_token', refresh_token: await refreshTokenOf(last) }
    expect((await post(elsewhere, second, later)).status).toBe(200)
    expect(asked()).toBe(3)
    await close()
  })
})

describe('AS-033 section 8.4 keys in the document', () => {
  const publish = ({ sites }: Scene, { jwks }: Signing) =>
    sites.publish(CLIENT_ID, { ...method, jwks }, { fields: ['cache-control: no-store'] })

  test('a code that went out before they changed is not redeemed with the new ones', async () => {
    const scene = await createScene()
    const { server } = scene
    publish(scene, first)
    const agreed = (await decide(await visit(scene))).headers.get('location')
    publish(scene, second)
    server.clock.now += 31
    // Somebody else comes, for whom the document is read.
    await visit(scene)
    server.events.length = 0
    await expectError(await redeem(server, second, agreed), 400, 'invalid_grant')
    expect(server.events.map((event) => 'reason' in event && event.reason)).toEqual(['client_keys_changed'])

    const asked = await visit(scene)
    expect([asked.status, asked.title]).toEqual([200, 'Allow access?'])
    expect((await redeem(server, second, (await decide(asked)).headers.get('location'))).status).toBe(200)
    await scene.close()
  })

  test('the same keys in another order, by other names, are no change', async () => {
    const scene = await createScene()
    const { server } = scene
    const keys = [...first.jwks.keys, ...second.jwks.keys]
    publish(scene, { ...first, jwks: { keys } })
    const agreed = (await decide(await visit(scene))).headers.get('location')
    publish(scene, { ...first, jwks: { keys: keys.map((key, index) => ({ ...key, kid: `${index}` })).reverse() } })
    server.clock.now += 31
    expect((await visit(scene)).location).toStartWith(`${CALLBACK}?code=`)
    const renamed = { ...first, jwks: { keys: [{ ...keys[0], kty: 'EC' as const, kid: '0' }] } }
    expect((await redeem(server, renamed, agreed)).status).toBe(200)
    await scene.close()
  })

  test('changed ones refresh what was agreed to: a client may rotate its keys', async () => {
    const scene = await createScene()
    publish(scene, first)
    const tokens = await redeem(scene.server, first, (await decide(await visit(scene))).headers.get('location'))
    publish(scene, second)
    scene.server.clock.now += 31
    await visit(scene)
    const form = { grant_type: 'refresh_token', refresh_token: await refreshTokenOf(tokens) }
    expect((await post(scene.server, second, form)).status).toBe(200)
    await scene.close()
  })
})
