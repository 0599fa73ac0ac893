/**
 * Whoever takes over the host of a client's keys wants codes for what people have agreed to for that client, without anyone being asked.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 8.4: changes in client metadata
 * @see docs/adr/0119-when-client-documents-are-read.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { postForm, REDIRECT_URI, registerClient, VERIFIER } from '../support/authorization-server.ts'
import { CALLBACK, CLIENT_ID, createScene, decide, type Scene, visit } from '../support/client-documents.ts'
import { assertionForm, createSigning, type Signing, signer } from '../support/confidential-clients.ts'
import { expectError } from '../support/oauth-error.ts'

const KEYS = 'https://keys.flood.example/jwks.json'
const [honest, evil] = [await createSigning('ES256', 'honest'), await createSigning('ES256', 'evil')]

interface Subject {
  readonly client_id: string
  readonly redirect_uri: string
}

const show = ({ sites }: Scene, { jwks }: Signing) => sites.put(KEYS, { body: JSON.stringify(jwks) })

async function post({ server }: Scene, { client_id }: Subject, { key, jwks }: Signing, form: Record<string, string>) {
  const assertion = await signer(server, client_id, key, 'ES256')({}, { kid: jwks.keys[0]?.kid })
  return postForm(server, '/oauth/token', { ...form, client_id, ...assertionForm(assertion) })
}

const redeem = (scene: Scene, subject: Subject, signing: Signing, location: string | null) =>
  post(scene, subject, signing, {
    grant_type: 'authorization_code',
    code: new URL(location ?? '').searchParams.get('code') ?? '',
    redirect_uri: subject.redirect_uri,
    code_verifier: VERIFIER,
  })

describe.each([
  [
    'publishes a document',
    async ({ sites }: Scene): Promise<Subject> => {
      sites.publish(CLIENT_ID, { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: KEYS })
      return { client_id: CLIENT_ID, redirect_uri: CALLBACK }
    },
  ],
  [
    'registered itself',
    async ({ server }: Scene): Promise<Subject> => {
      const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: KEYS }
      return { client_id: (await registerClient(server, metadata)).client_id, redirect_uri: REDIRECT_URI }
    },
  ],
])('AS-033 section 8.4 a client that %s', (_, prepare) => {
  test.each([
    ['that we have not read yet', 200, false],
    ['while the host hides them from the page', 86_000, true],
  ])('a code that went out silently is not redeemed with keys %s', async (_, age, hides) => {
    const scene = await createScene()
    const { server, sites } = scene
    const subject = await prepare(scene)
    show(scene, honest)
    await decide(await visit(scene, { ...subject }))

    if (hides) sites.put(KEYS, { status: '503 Service Unavailable' })
    else show(scene, evil)
    server.clock.now += age
    const silent = await visit(scene, { ...subject })
    expect(silent.location).toStartWith(`${subject.redirect_uri}?code=`)
    show(scene, evil)
    server.clock.now += 31
    server.events.length = 0
    await expectError(await redeem(scene, subject, evil, silent.location), 400, 'invalid_grant')
    expect(server.events.map((event) => 'reason' in event && event.reason)).toEqual(['client_keys_changed'])

    // The next one asks, and what is agreed to then is good.
    const asked = await visit(scene, { ...subject })
    expect([asked.status, asked.title]).toEqual([200, 'Allow access?'])
    const agreed = (await decide(asked)).headers.get('location')
    expect((await redeem(scene, subject, evil, agreed)).status).toBe(200)
    await scene.close()
  })

  test('the keys that were agreed to redeem codes, and after a rotation refresh what came of them', async () => {
    const scene = await createScene()
    const subject = await prepare(scene)
    show(scene, honest)
    await decide(await visit(scene, { ...subject }))
    const first = await redeem(scene, subject, honest, (await visit(scene, { ...subject })).location)
    const { refresh_token = '' } = (await first.json()) as { refresh_token?: string }

    show(scene, evil)
    scene.server.clock.now += 31
    const form = { grant_type: 'refresh_token', refresh_token }
    expect((await post(scene, subject, evil, form)).status).toBe(200)
    await scene.close()
  })

  test('keys that could not be had when the person agreed do not lose the code', async () => {
    const scene = await createScene()
    const subject = await prepare(scene)
    const asked = await visit(scene, { ...subject })
    const agreed = (await decide(asked)).headers.get('location')
    show(scene, honest)
    scene.server.clock.now += 31
    expect((await redeem(scene, subject, honest, agreed)).status).toBe(200)
    expect((await visit(scene, { ...subject })).title).toBe('Allow access?')
    await scene.close()
  })
})
