/**
 * PKCE: S256, always, for every client.
 *
 * @see RFC 7636 section 4
 * @see OAuth 2.1 section 4.1.1 and section 4.1.3 (draft-ietf-oauth-v2-1-16)
 *
 * @standard RFC 7636: Proof Key for Code Exchange
 * @status partly
 * @does S256, required of every client
 * @missing `plain`, which OAuth 2.1 forbids
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
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
import { errorOf, expectError } from '../support/oauth-error.ts'

const server = await createTestServer()
afterAll(() => server.close())
const { client_id } = await registerClient(server)
const challenge = await s256(VERIFIER)

const redeem = (code: string, code_verifier: string | undefined) =>
  postForm(server, '/oauth/token', { ...codeForm(client_id, code), code_verifier })

describe('section 4.3 the challenge', () => {
  const refused: readonly [string, Record<string, string | undefined>][] = [
    ['AS-047 no challenge and no method', { code_challenge: undefined, code_challenge_method: undefined }],
    ['AS-047 no challenge', { code_challenge: undefined }],
    ['AS-047 an empty challenge', { code_challenge: '' }],
    ['AS-047 no method, which would mean plain', { code_challenge_method: undefined }],
    ['AS-047 plain', { code_challenge_method: 'plain' }],
    ['AS-047 plain, with the verifier', { code_challenge_method: 'plain', code_challenge: VERIFIER }],
    ['section 4.3 the method s256', { code_challenge_method: 's256' }],
    ['section 4.3 the method S512', { code_challenge_method: 'S512' }],
    ['section 4.3 the method S256 plain', { code_challenge_method: 'S256 plain' }],
    ['section 4.2 a challenge that is too short', { code_challenge: challenge.slice(1) }],
    ['section 4.2 a challenge that is too long', { code_challenge: `${challenge}A` }],
    ['section 4.2 a padded challenge', { code_challenge: `${challenge}=` }],
    ['section 4.2 a challenge in base64', { code_challenge: `+/${challenge.slice(2)}` }],
    ['section 4.2 a challenge with a line end', { code_challenge: `${challenge}\n` }],
  ]
  test.each(refused)('section 4.4.1 MUST be refused with invalid_request: %s', async (_, changes) => {
    const location = await approve(server, await authorizationQuery(client_id, changes))
    expect(errorOf(location)['error']).toBe('invalid_request')
  })

  test('AS-047 confidential clients need one too', async () => {
    const secret = await registerClient(server, { token_endpoint_auth_method: 'client_secret_basic' })
    const location = await approve(server, await authorizationQuery(secret.client_id, { code_challenge: undefined }))
    expect(errorOf(location)['error']).toBe('invalid_request')
  })
})

describe('section 4.6 the verifier', () => {
  test('appendix B: the example of the RFC', async () => {
    const code_challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    const code = await obtainCode(server, client_id, { code_challenge })
    expect((await redeem(code, 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).status).toBe(200)
  })

  test.each([43, 86, 128])('section 4.1 may have %d characters', async (length) => {
    const verifier = 'aZ09-._~'.repeat(16).slice(0, length)
    const code = await obtainCode(server, client_id, { code_challenge: await s256(verifier) })
    expect((await redeem(code, verifier)).status).toBe(200)
  })

  const wrong: readonly [string, string][] = [
    ['another verifier', VERIFIER.replace('v', 'w')],
    ['one in another case', VERIFIER.toUpperCase()],
    ['the challenge itself', challenge],
    ['one character more', `${VERIFIER}r`],
    ['one character less', VERIFIER.slice(0, -1)],
  ]
  test.each(wrong)('AS-062 MUST match: %s is invalid_grant, and the code still works', async (_, verifier) => {
    const code = await obtainCode(server, client_id)
    await expectError(await redeem(code, verifier), 400, 'invalid_grant')
    expect((await redeem(code, VERIFIER)).status).toBe(200)
  })

  const malformed: readonly [string, string | undefined][] = [
    ['none', undefined],
    ['an empty one', ''],
    ['one of 42 characters', 'a'.repeat(42)],
    ['one of 129 characters', 'a'.repeat(129)],
    ['one with a space', `${VERIFIER} `],
    ['one with a plus', `${VERIFIER}+`],
    ['one with a letter beyond ASCII', `${VERIFIER}é`],
    ['one with a line end', `${VERIFIER}\n`],
  ]
  test.each(malformed)('AS-062 section 4.1 %s is invalid_request, and the code still works', async (_, verifier) => {
    const code = await obtainCode(server, client_id)
    await expectError(await redeem(code, verifier), 400, 'invalid_request')
    expect((await redeem(code, VERIFIER)).status).toBe(200)
  })
})
