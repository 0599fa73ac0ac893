/**
 * One refresh token, presented many times at once, to several processes. Real hosts do it, and so do thieves.
 *
 * @see OAuth 2.1 section 4.3.1 (draft-ietf-oauth-v2-1-16)
 * @see docs/adr/0040-refresh-replay-window.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import {
  obtainTokens,
  postForm,
  registerClient,
  type TestServer,
  type Tokens,
} from '../support/authorization-server.ts'
import { useEngines } from '../support/engines.ts'
import { expectError } from '../support/oauth-error.ts'

const refresh = (server: TestServer, client_id: string, refresh_token: string) =>
  postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token, client_id })

/** Half of them to either server. */
const refreshOften = ([one, other]: readonly [TestServer, TestServer], clientId: string, token: string) =>
  Promise.all(Array.from({ length: 32 }, (_, caller) => refresh(caller % 2 === 0 ? one : other, clientId, token)))

describe.each(useEngines())('on $name', ({ pair }) => {
  test('AS-067 32 at once: one successor for all, and the family lives', async () => {
    const servers = await pair()
    const { client_id } = await registerClient(servers[0])
    let tokens = await obtainTokens(servers[0], client_id)
    for (let round = 0; round < 3; round += 1) {
      for (const { events } of servers) events.length = 0
      const answers = await refreshOften(servers, client_id, tokens.refresh_token)
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
      const bodies: readonly Tokens[] = await Promise.all(answers.map((answer) => answer.json()))
      expect(new Set(bodies.map(({ refresh_token }) => refresh_token)).size).toBe(1)
      const types = servers.flatMap(({ events }) => events.map(({ type }) => type))
      expect(types.toSorted()).toEqual([...Array(31).fill('refresh_replayed'), 'token_refreshed'])
      tokens = bodies[0] ?? tokens
    }
    expect(await servers[1].as.isLive({ jti: decodeJwt(tokens.access_token).jti ?? '' })).toBe(true)
  }, 60_000)

  test('AS-067 without a window: one answer at most, and the family is over', async () => {
    const servers = await pair({ refresh: { replay_window: 0 } })
    const { client_id } = await registerClient(servers[0])
    const first = await obtainTokens(servers[0], client_id)
    const answers = await refreshOften(servers, client_id, first.refresh_token)
    const [winner, ...others] = answers.filter(({ status }) => status === 200)
    expect(others).toEqual([])
    const tokens: Tokens = await (winner ?? new Response('{}')).json()
    for (const server of servers) {
      await expectError(await refresh(server, client_id, tokens.refresh_token), 400, 'invalid_grant')
      expect(await server.as.isLive({ jti: decodeJwt(tokens.access_token).jti ?? '' })).toBe(false)
    }
  }, 60_000)

  test('a revocation in the middle of it is final, whoever was faster', async () => {
    const servers = await pair()
    const { client_id } = await registerClient(servers[0])
    const first = await obtainTokens(servers[0], client_id)
    const [answers, revocation] = await Promise.all([
      refreshOften(servers, client_id, first.refresh_token),
      postForm(servers[1], '/oauth/revoke', { token: first.refresh_token, client_id }),
    ])
    expect(revocation.status).toBe(200)
    const granted = await Promise.all(answers.filter(({ status }) => status === 200).map((answer) => answer.json()))
    for (const token of [first.refresh_token, ...granted.map(({ refresh_token }) => refresh_token)]) {
      await expectError(await refresh(servers[0], client_id, token), 400, 'invalid_grant')
    }
  }, 60_000)
})
