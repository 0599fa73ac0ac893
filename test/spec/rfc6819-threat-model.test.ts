/**
 * Threats that the Best Current Practice left as they were: guessing, replay, disclosure in logs and caches, and clients that are not
 * who they say.
 *
 * @see RFC 6819 section 4 and section 5
 *
 * @standard RFC 6819: OAuth 2.0 Threat Model
 * @status followed
 * @does the threats that RFC 9700 left as they were
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import {
  authorizationQuery,
  codeForm,
  createBrowser,
  createTestServer,
  obtainCode,
  obtainTokens,
  postForm,
  registerClient,
} from '../support/authorization-server.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { expectError } from '../support/oauth-error.ts'

const server = await createTestServer()
afterAll(() => server.close())
const { client_id } = await registerClient(server)
const token = (form: Parameters<typeof postForm>[2], headers?: Record<string, string>) =>
  postForm(server, '/oauth/token', form, headers)

/** Bits of a value that is base64url all through. */
const bitsOf = (text: string): number => text.replaceAll(/[^\w-]/g, '').length * 6

describe('AS-070 section 5.1.4.2.2 what must not be guessed has entropy enough', () => {
  test('codes, refresh tokens, the ids of access tokens, secrets and client ids: 128 bits at least, and no two alike', async () => {
    const seen = new Set<string>()
    for (let round = 0; round < 20; round += 1) {
      const { client_id: id, client_secret = '' } = await registerClient(server, {
        token_endpoint_auth_method: 'client_secret_post',
      })
      const code = await obtainCode(server, client_id)
      const { refresh_token } = await obtainTokens(server, client_id)
      for (const value of [id, client_secret, code, refresh_token]) {
        expect(bitsOf(value)).toBeGreaterThanOrEqual(128)
        seen.add(value)
      }
    }
    expect(seen.size).toBe(80)
  })

  test('section 4.6.3 a guess is refused as what is dead is: the answer does not tell which it was', async () => {
    const { refresh_token } = await obtainTokens(server, client_id)
    await postForm(server, '/oauth/revoke', { token: refresh_token, client_id })
    const told = async (guess: string) =>
      expectError(await token({ grant_type: 'refresh_token', refresh_token: guess, client_id }), 400, 'invalid_grant')
    const dead = await told(refresh_token)
    const guess = await told(refresh_token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')))
    expect([dead.error, guess.error]).toEqual(['invalid_grant', 'invalid_grant'])
  })
})

describe('section 4.4.1 codes', () => {
  test('AS-052 section 4.4.1.1 MUST be for one client, live shortly, and once', async () => {
    const other = await registerClient(server)
    const code = await obtainCode(server, client_id)
    await expectError(await token(codeForm(other.client_id, code)), 400, 'invalid_grant')
    expect((await token(codeForm(client_id, code))).status).toBe(200)
    await expectError(await token(codeForm(client_id, code)), 400, 'invalid_grant')
    const late = await obtainCode(server, client_id)
    server.clock.now += 60
    await expectError(await token(codeForm(client_id, late)), 400, 'invalid_grant')
  })

  test('AS-063 section 4.4.1.1 a code that is used twice takes the tokens of its first use along', async () => {
    const code = await obtainCode(server, client_id)
    const { refresh_token } = await (await token(codeForm(client_id, code))).json()
    await expectError(await token(codeForm(client_id, code)), 400, 'invalid_grant')
    await expectError(await token({ grant_type: 'refresh_token', refresh_token, client_id }), 400, 'invalid_grant')
  })

  test('section 4.4.1.10 a person who says no gives nothing', async () => {
    const query = await authorizationQuery(client_id)
    const outcome = await server.as.authorize(Object.fromEntries(query), { signedIn: true })
    if (outcome.kind !== 'valid') throw new Error(outcome.kind)
    const location = new URL(server.as.deny(outcome.request, server.userId))
    expect([location.searchParams.get('error'), location.searchParams.has('code')]).toEqual(['access_denied', false])
  })
})

describe('section 4.3.3 section 5.1.6 nothing that is worth stealing stays in a cache', () => {
  test('AS-064 tokens, errors and pages with a form', async () => {
    const code = await obtainCode(server, client_id)
    const browser = createBrowser(server)
    const signIn = await browser.fetch(`/oauth/authorize?${await authorizationQuery(client_id)}`)
    const answers = [
      await token(codeForm(client_id, code)),
      await token({ grant_type: 'nonsense' }),
      await postForm(server, '/oauth/revoke', { token: 'x', client_id }),
      signIn,
      await browser.fetch(signIn.headers.get('location') ?? ''),
      await browser.fetch('/account'),
    ]
    for (const { headers } of answers) expect(headers.get('cache-control')).toBe('no-store')
  })
})

describe('section 5.2.3 clients that may not be who they say', () => {
  test('AS-060 section 5.2.3.4 a secret is of one registration, and does not open another', async () => {
    const [one, other] = [await addSecretClient(server), await addSecretClient(server)]
    await expectError(
      await token({ grant_type: 'refresh_token', refresh_token: 'x', client_id: one.id, client_secret: other.secret }),
      401,
      'invalid_client',
    )
  })

  test('section 4.3.5 secrets are given once, and shown by nothing later', async () => {
    const { client_secret = '', ...client } = await registerClient(server, {
      token_endpoint_auth_method: 'client_secret_basic',
    })
    expect(client_secret).not.toBe('')
    expect(JSON.stringify(await server.store.clients.list())).not.toContain(client_secret)
    expect((await server.fetch(`/oauth/register/${client.client_id}`)).status).toBe(404)
  })
})

test('section 4.6.4 a token for one resource says so, so that no other takes it', async () => {
  const { access_token } = await obtainTokens(server, client_id)
  const [, payload = ''] = access_token.split('.')
  expect(JSON.parse(Buffer.from(payload, 'base64url').toString()).aud).toBe('https://mcp.example/mcp')
})
