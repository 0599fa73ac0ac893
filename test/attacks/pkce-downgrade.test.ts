/**
 * PKCE taken away or weakened on the way, so that an intercepted or injected code could be used without its verifier.
 *
 * @see RFC 9700 section 2.1.1, section 4.5.3 and section 4.8.2
 * @see OAuth 2.1 section 7.5.1 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { hashOpaqueToken } from '../../server/core/tokens/opaque-token.ts'
import { hash } from '../../server/store/hash.ts'
import { s256 } from '../../shared/pkce.ts'
import {
  approve,
  authorizationQuery,
  codeForm,
  createTestServer,
  obtainCode,
  postForm,
  registerClient,
  VERIFIER,
} from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'

const server = await createTestServer()
afterAll(() => server.close())
const publicClient = (await registerClient(server)).client_id
const confidential = await registerClient(server, { token_endpoint_auth_method: 'client_secret_post' })
const { client_secret } = confidential

const ATTACKER = 'attacker-attacker-attacker-attacker-attacker'
const redeem = (form: Parameters<typeof postForm>[2]) => postForm(server, '/oauth/token', form)

describe.each([
  ['a public client', publicClient, {}],
  ['a client with a secret', confidential.client_id, { client_secret }],
])('AS-047 %s', (_, clientId, proof) => {
  const weakened: readonly [string, Record<string, string | undefined>][] = [
    ['the challenge taken out', { code_challenge: undefined }],
    ['challenge and method taken out', { code_challenge: undefined, code_challenge_method: undefined }],
    ['the method taken out, so that it would be plain', { code_challenge_method: undefined }],
    ['the method made plain', { code_challenge_method: 'plain' }],
    [
      'the method made plain, with a verifier of the attacker',
      { code_challenge_method: 'plain', code_challenge: ATTACKER },
    ],
    ['the challenge emptied', { code_challenge: '' }],
  ]
  test.each(weakened)('%s: no code', async (_, changes) => {
    const location = await approve(server, await authorizationQuery(clientId, changes))
    expect([location.searchParams.get('error'), location.searchParams.has('code')]).toEqual(['invalid_request', false])
  })

  test('the verifier left out, or the challenge in its place: no tokens', async () => {
    const code = await obtainCode(server, clientId)
    const form = { ...codeForm(clientId, code), ...proof }
    await expectError(await redeem({ ...form, code_verifier: undefined }), 400, 'invalid_request')
    await expectError(await redeem({ ...form, code_verifier: '' }), 400, 'invalid_request')
    const challenge = await s256(VERIFIER)
    await expectError(await redeem({ ...form, code_verifier: challenge }), 400, 'invalid_grant')
    const plain = { code_challenge_method: 'plain', code_challenge: challenge }
    await expectError(await redeem({ ...form, ...plain, code_verifier: challenge }), 400, 'invalid_grant')
    expect((await redeem(form)).status).toBe(200)
  })

  test("section 4.8.2 a code of the attacker's request, injected into the client's: no tokens", async () => {
    const injected = await obtainCode(server, clientId, { code_challenge: await s256(ATTACKER) })
    await expectError(await redeem({ ...codeForm(clientId, injected), ...proof }), 400, 'invalid_grant')
  })

  test('no code is ever stored without a challenge', async () => {
    const code = await obtainCode(server, clientId)
    expect((await server.store.codes.find(await hashOpaqueToken(code, hash)))?.code.codeChallenge).toBe(
      await s256(VERIFIER),
    )
  })
})
