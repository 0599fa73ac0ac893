/**
 * Strangers register clients with keys anywhere and send assertions that nobody signed, to have this server ask until it asks nobody any more.
 *
 * @see docs/adr/0120-how-much-strangers-can-make-us-fetch.md
 * @module
 */
import { expect, test } from 'bun:test'
import { ISSUER, postForm, registerClient, VERIFIER } from '../support/authorization-server.ts'
import { CALLBACK, CLIENT_ID, createScene, decide, visit } from '../support/client-documents.ts'
import { assertionForm, createSigning, signer } from '../support/confidential-clients.ts'

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

test('keys that strangers have fetched do not keep people from clients that publish a document', async () => {
  const scene = await createScene({ registration: { mode: 'open' } })
  const { server, sites } = scene
  const now = server.clock.now
  const statuses = new Set<number>()
  for (let index = 0; index < 130; index += 1) {
    const { client_id } = await registerClient(server, {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: `https://keys-${index}.flood.example/jwks`,
    })
    const claims = { iss: client_id, sub: client_id, aud: ISSUER, jti: `${index}`, iat: now, exp: now + 60 }
    const answer = await postForm(server, '/oauth/token', {
      grant_type: 'refresh_token',
      refresh_token: 'x',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: `${part({ alg: 'ES256', kid: 'k' })}.${part(claims)}.${'A'.repeat(86)}`,
    })
    statuses.add(answer.status)
  }
  expect(statuses.has(200)).toBe(false)
  // The flood was real: its share is used up.
  const asked = sites.asked.length
  expect(asked).toBeGreaterThanOrEqual(100)
  expect(asked).toBeLessThan(130)

  sites.publish()
  expect(await visit(scene)).toMatchObject({ status: 200 })
  await scene.close()
})

test('a thousand clients that were never used neither push out the keys of one that is, nor use up what is asked for it', async () => {
  const scene = await createScene()
  const { server, sites } = scene
  const KEYS = 'https://app.example/jwks.json'
  const { key, jwks } = await createSigning()
  sites.publish(CLIENT_ID, { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: KEYS })
  sites.put(KEYS, { body: JSON.stringify(jwks) })
  const sign = signer(server, CLIENT_ID, key, 'ES256')
  const ask = async (form: Record<string, string>) => {
    const answer = await postForm(server, '/oauth/token', { ...form, ...assertionForm(await sign()) })
    return (await answer.json()) as { refresh_token?: string }
  }
  const location = (await decide(await visit(scene))).headers.get('location') ?? ''
  const code = new URL(location).searchParams.get('code') ?? ''
  const form = { grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri: CALLBACK }
  const first = await ask(form)
  expect(sites.asked.filter((url) => url === KEYS)).toHaveLength(1)

  const flood = async (): Promise<void> => {
    for (let index = 0; index < 1001; index += 1) {
      const client_id = ids[index] ?? ''
      const claims = {
        iss: client_id,
        sub: client_id,
        aud: ISSUER,
        jti: crypto.randomUUID(),
        exp: server.clock.now + 60,
      }
      await postForm(server, '/oauth/revoke', {
        token: 'x',
        ...assertionForm(`${part({ alg: 'ES256', kid: 'k' })}.${part(claims)}.${'A'.repeat(86)}`),
      })
    }
  }
  const ids: string[] = []
  for (let index = 0; index < 1001; index += 1) {
    const jwks_uri = `https://keys-${index}.flood.example/jwks`
    ids.push((await registerClient(server, { token_endpoint_auth_method: 'private_key_jwt', jwks_uri })).client_id)
  }
  await flood()
  const second = await ask({ grant_type: 'refresh_token', refresh_token: first.refresh_token ?? '' })
  expect(second.refresh_token).toBeString()
  expect(sites.asked.filter((url) => url === KEYS)).toHaveLength(1)

  server.clock.now += 301
  await flood()
  const third = await ask({ grant_type: 'refresh_token', refresh_token: second.refresh_token ?? '' })
  expect(third.refresh_token).toBeString()
  expect(sites.asked.filter((url) => url === KEYS)).toHaveLength(2)
  await scene.close()
}, 60_000)
