/**
 * One code, presented many times at once, to several processes: whoever intercepted it races the client.
 *
 * @see OAuth 2.1 section 4.1.3 and section 7.5.3 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import {
  codeForm,
  obtainCode,
  postForm,
  registerClient,
  type TestServer,
  type Tokens,
} from '../support/authorization-server.ts'
import { useEngines } from '../support/engines.ts'
import { expectError } from '../support/oauth-error.ts'

const redeem = (server: TestServer, clientId: string, code: string, changes: Record<string, string> = {}) =>
  postForm(server, '/oauth/token', { ...codeForm(clientId, code), ...changes })

describe.each(useEngines())('on $name', ({ pair }) => {
  test('AS-052 AS-063 of 32 at once exactly one gets tokens, and they are dead at once', async () => {
    const servers = await pair()
    const [server] = servers
    const { client_id } = await registerClient(server)
    for (let round = 0; round < 3; round += 1) {
      const code = await obtainCode(server, client_id)
      for (const { events } of servers) events.length = 0
      const answers = await Promise.all(
        Array.from({ length: 32 }, (_, caller) => redeem(servers[caller % 2 === 0 ? 0 : 1], client_id, code)),
      )
      const [winner, ...others] = answers.filter(({ status }) => status === 200)
      expect(others).toEqual([])
      const tokens: Tokens = await (winner ?? new Response('{}')).json()
      for (const answer of answers.filter(({ status }) => status !== 200))
        await expectError(answer, 400, 'invalid_grant')

      const events = servers.flatMap((one) => one.events)
      expect(events.filter(({ type }) => type === 'token_issued')).toHaveLength(1)
      expect(events.filter(({ type }) => type === 'grant_revoked')).toEqual([
        expect.objectContaining({ reason: 'code_replayed', clientId: client_id }),
      ])
      const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id }
      for (const one of servers) {
        await expectError(await postForm(one, '/oauth/token', refresh), 400, 'invalid_grant')
        expect(await one.as.isLive({ jti: decodeJwt(tokens.access_token).jti ?? '' })).toBe(false)
      }
    }
  }, 60_000)

  test('AS-063 without the verifier a racer ends nothing and gets nothing', async () => {
    const servers = await pair()
    const { client_id } = await registerClient(servers[0])
    const code = await obtainCode(servers[0], client_id)
    const attempts = Array.from({ length: 16 }, (_, caller) =>
      redeem(servers[caller % 2 === 0 ? 0 : 1], client_id, code, { code_verifier: 'x'.repeat(43) }),
    )
    const [owner, ...racers] = await Promise.all([redeem(servers[1], client_id, code), ...attempts])
    expect(owner.status).toBe(200)
    for (const racer of racers) await expectError(racer, 400, 'invalid_grant')
    const { access_token }: Tokens = await owner.json()
    expect(await servers[0].as.isLive({ jti: decodeJwt(access_token).jti ?? '' })).toBe(true)
  })
})
