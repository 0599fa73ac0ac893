/**
 * The last link of "it does not connect": tokens that nobody uses, and calls of a resource that are refused.
 *
 * @see docs/adr/0117-the-flow-trace.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { codeForm, postForm, RESOURCE, registerClient, type TestServer } from '../support/authorization-server.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { later, signInAndAgree, traced } from '../support/flow-trace.ts'

/** An application that has its tokens, and a resource that asks about what it is sent. */
async function connect(server: TestServer, resource = RESOURCE) {
  const { basic } = await addSecretClient(server, { resource })
  const { client_id } = await registerClient(server)
  const form = codeForm(client_id, await signInAndAgree(server, client_id))
  const tokens: { access_token: string; refresh_token: string } = await (
    await postForm(server, '/oauth/token', form)
  ).json()
  const call = async (token: string) => (await postForm(server, '/oauth/introspect', { token }, basic)).json()
  const revoke = (token: string) => postForm(server, '/oauth/revoke', { token, client_id })
  return { ...tokens, call, revoke }
}

test('tokens that nobody asks about: issued, which is not connected and not failed', async () => {
  const text = await traced(connect)
  expect(text).toContain(
    '  => tokens issued; no call of a resource seen (a resource that verifies tokens itself is not seen)\n',
  )
  expect(text).toContain('1 attempts: 0 connected, 1 issued,')
  expect(await traced(connect, { failed: true })).toStartWith('0 attempts')
})

test('a call that went well connects, whatever follows', async () => {
  const act = async (server: TestServer) => {
    const { access_token, call, revoke } = await connect(server)
    expect(await call(access_token)).toMatchObject({ active: true })
    await revoke(access_token)
    expect(await call(access_token)).toEqual({ active: false })
  }
  expect(await traced(act)).toContain('  => connected\n')
})

describe('a call that is refused is where it stopped', () => {
  const calls: readonly [string, (server: TestServer) => Promise<unknown>][] = [
    [
      'token_revoked',
      async (server) => {
        const { access_token, call, revoke } = await connect(server)
        await revoke(access_token)
        return call(access_token)
      },
    ],
    [
      'grant_revoked',
      async (server) => {
        const { access_token, refresh_token, call, revoke } = await connect(server)
        await revoke(refresh_token)
        return call(access_token)
      },
    ],
    [
      'token_expired',
      async (server) => {
        const { access_token, call } = await connect(server)
        later(server, 3599)
        return call(access_token)
      },
    ],
    [
      'refresh_token_presented',
      async (server) => {
        const { refresh_token, call } = await connect(server)
        return call(refresh_token)
      },
    ],
    [
      'token_of_another_resource',
      async (server) => {
        const { access_token, call } = await connect(server, 'https://other.example/mcp')
        return call(access_token)
      },
    ],
  ]
  test.each(calls)('%s', async (reason, act) => {
    const text = await traced(
      async (server) => {
        expect(await act(server)).toEqual({ active: false })
      },
      { failed: true },
    )
    expect(text).toMatch(
      new RegExp(` first_call {4}refused: ${reason} \\(request \\S+\\)\n {2}=> stopped at first_call: ${reason}\n`),
    )
    expect(text).toContain('1 attempts: 0 connected, 0 issued, 1 refused')
  })

  test("but not an hour after the grant, for that is nobody's first call", async () => {
    const text = await traced(async (server) => {
      const { access_token, refresh_token, call } = await connect(server)
      later(server, 3600)
      for (const token of [access_token, refresh_token, 'nonsense']) await call(token)
    })
    expect(text).not.toContain('first_call')
  })

  test('nor a client that looks at its own', async () => {
    const text = await traced(async (server) => {
      const { client_id, client_secret } = await registerClient(server, {
        token_endpoint_auth_method: 'client_secret_post',
      })
      const form = { ...codeForm(client_id, await signInAndAgree(server, client_id)), client_secret }
      const { access_token } = await (await postForm(server, '/oauth/token', form)).json()
      later(server, 1800)
      await postForm(server, '/oauth/introspect', { token: access_token, client_id, client_secret })
    })
    expect(text).not.toContain('first_call')
  })
})
