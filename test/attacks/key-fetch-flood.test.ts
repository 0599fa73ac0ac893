/**
 * Strangers register clients with keys anywhere and send assertions that nobody signed, to have this server ask until it asks nobody any more.
 *
 * @see docs/adr/0120-how-much-strangers-can-make-us-fetch.md
 * @module
 */
import { expect, test } from 'bun:test'
import { ISSUER, postForm, registerClient } from '../support/authorization-server.ts'
import { createScene, visit } from '../support/client-documents.ts'

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
