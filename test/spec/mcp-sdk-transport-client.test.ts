/**
 * `session.fetch` in the transports of both SDK generations: the host keeps its SDK, and leaves authorization to the session.
 *
 * @see MCP 2026-07-28, streamable HTTP
 * @module
 */
import { afterEach, describe, expect, test } from 'bun:test'
import { AuthorizationRequiredError, type Session } from '../../client/index.ts'
import { approve, attendedSessionIn } from '../support/client.ts'
import { fakeWorld } from '../support/fake-authorization-server.ts'
import { createV2Handler, handleWithV1 } from '../support/fake-mcp-server.ts'
import { hostV1, hostV2, type SessionHost } from '../support/session-hosts.ts'

const v2 =
  (mode: 'legacy' | 'auto') =>
  (session: Session): SessionHost =>
    hostV2(session, mode)

const hosts: readonly [string, (session: Session) => SessionHost, () => (request: Request) => Promise<Response>][] = [
  ['sdk 1.x, server 1.x', hostV1, () => handleWithV1],
  ['sdk 1.x, server 2.x', hostV1, createV2Handler],
  ['client 2.x, server 1.x', v2('legacy'), () => handleWithV1],
  ['client 2.x negotiating, server 1.x', v2('auto'), () => handleWithV1],
  ['client 2.x on the 2026-07-28 wire, server 2.x', v2('auto'), createV2Handler],
]

const open: SessionHost[] = []
afterEach(async () => {
  for (const host of open.splice(0)) await host.close()
})

describe.each(hosts)('%s', (_name, createHost, createHandler) => {
  function start() {
    const world = fakeWorld({ challengeScope: 'use', expiresIn: 900 })
    const handle = createHandler()
    world.mcp.handle = (request) => handle(request)
    const session = attendedSessionIn(world, approve(world))
    const host = createHost(session)
    open.push(host)
    return { world, session, host }
  }

  test('C-100 signs in before, connects, calls a tool; every request carries the token', async () => {
    const { world, session, host } = start()
    await session.authorize()
    const before = world.requests.length
    await host.connect()
    expect(await host.call('greet')).toMatchObject([{ text: 'hello' }])
    const sent = world.requests.slice(before).filter(({ url }) => url === world.resource)
    expect(sent.length).toBeGreaterThan(1)
    for (const { headers } of sent) expect(headers.get('authorization')).toStartWith('Bearer access-')
  })

  test('a person is needed: the error arrives unwrapped, and after authorize the same host connects', async () => {
    const { session, host } = start()
    const failure = await host.connect().catch((error) => error)
    expect(failure).toBeInstanceOf(AuthorizationRequiredError)
    expect(failure).toMatchObject({ reason: 'signed_out', scope: ['use'] })
    await session.authorize()
    const again = createHost(session)
    open.push(again)
    await again.connect()
    expect(await again.call('greet')).toMatchObject([{ text: 'hello' }])
  })

  test('an expired token is refreshed on the way, once for parallel calls', async () => {
    const { world, session, host } = start()
    await session.authorize()
    await host.connect()
    world.clock.now += 900
    expect(await Promise.all([host.call('greet'), host.call('greet'), host.call('greet')])).toHaveLength(3)
    const grants = world.sent('POST', 'https://as.example.com/token').map(({ form }) => form.get('grant_type'))
    expect(grants).toEqual(['authorization_code', 'refresh_token'])
  })

  test('more scope is needed: the call fails with an error that says so, and works after authorize', async () => {
    const { world, session, host } = start()
    await session.authorize()
    await host.connect()
    world.mcp.scope = ['use', 'admin']
    const failure = await host.call('greet').catch((error) => error)
    expect(failure).toBeInstanceOf(AuthorizationRequiredError)
    expect(failure).toMatchObject({ code: 'insufficient_scope', scope: ['use', 'admin'] })
    expect((await session.authorize()).scope).toEqual(['use', 'admin'])
    expect(await host.call('greet')).toMatchObject([{ text: 'hello' }])
  })
})
