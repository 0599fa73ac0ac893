/**
 * Token answers that never arrive, and processes that refresh with the same token: our client, our server and its replay window.
 *
 * @see docs/adr/0040-refresh-replay-window.md
 * @module
 */
import { afterEach, describe, expect, test } from 'bun:test'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSession, follow, type Session, type SessionOptions } from '../../client/index.ts'
import { fileStore } from '../../client/node/index.ts'
import type { ConfigInput } from '../../server/config.ts'
import { failureOf } from '../support/client.ts'
import { createTestDemo, listenTestDemo, type TestDemo, USER } from '../support/demo.ts'
import { callTool } from '../support/mcp-call.ts'
import { ROOT } from '../support/source-tree.ts'
import { RUNTIMES, run } from '../support/spawn.ts'

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

const MINUTE = 60

/** A lock that was released says so by its time. */
const COPY = { recursive: true, preserveTimestamps: true }

/** A demo without pages, a session at it, and a network between them that loses the next answers of the token endpoint. */
async function start(config: ConfigInput = {}, options: SessionOptions = {}) {
  const demo = await createTestDemo({ dev_login: USER.username, ...config })
  open.push(() => demo.close())
  const network = { lose: 0 }
  const session = createSession(demo.mcpUrl, {
    now: () => demo.clock.now,
    interaction: { ...follow(), unattended: false },
    ...options,
    async fetch(input, init) {
      const response = await demo.fetch(input, init)
      if (network.lose === 0 || !String(input).endsWith('/oauth/token')) return response
      network.lose -= 1
      throw new TypeError('the connection was reset')
    },
  })
  return { demo, network, session }
}

const whoami = (session: Session) => callTool(session.fetch, session.resource, 'whoami')

const refreshes = (demo: TestDemo) =>
  demo.sent('POST', '/oauth/token').filter(({ form }) => form['grant_type'] === 'refresh_token')

const eventTypes = (demo: TestDemo) => demo.events.map(({ type }) => type)

describe('the answer to a refresh is lost', () => {
  test('once: the second request gets the very same answer, and nobody notices', async () => {
    const { demo, network, session } = await start()
    await session.authorize()
    demo.clock.now += 16 * MINUTE

    network.lose = 1
    expect((await whoami(session)).status).toBe(200)

    expect(refreshes(demo).map(({ status }) => status)).toEqual([200, 200])
    expect(eventTypes(demo).filter((type) => type === 'token_refreshed')).toHaveLength(1)
    expect(eventTypes(demo)).toContain('refresh_replayed')
    // The family is whole: the next rotation is an ordinary one.
    demo.clock.now += 16 * MINUTE
    expect((await whoami(session)).status).toBe(200)
    expect(eventTypes(demo)).not.toContain('grant_revoked')
  })

  test('again and again within the window: the credential is kept, and works once an answer arrives', async () => {
    const { demo, network, session } = await start()
    await session.authorize()
    demo.clock.now += 16 * MINUTE

    network.lose = 4
    expect(await failureOf(whoami(session))).toMatchObject({ code: 'refresh_unavailable', retryable: true })
    demo.clock.now += 3
    expect(await failureOf(whoami(session))).toMatchObject({ code: 'refresh_unavailable', retryable: true })
    demo.clock.now += 3
    expect((await whoami(session)).status).toBe(200)

    expect(refreshes(demo)).toHaveLength(5)
    expect(eventTypes(demo).filter((type) => type === 'token_refreshed')).toHaveLength(1)
    expect(eventTypes(demo)).not.toContain('grant_revoked')
  })

  test('until after the window: the family is over, and a person signs in again', async () => {
    const { demo, network, session } = await start()
    await session.authorize()
    demo.clock.now += 16 * MINUTE

    network.lose = 2
    await failureOf(whoami(session))
    demo.clock.now += 11
    expect(await failureOf(whoami(session))).toMatchObject({ reason: 'refresh_rejected', oauthError: 'invalid_grant' })
    expect(demo.events).toContainEqual(expect.objectContaining({ type: 'grant_revoked', reason: 'refresh_reused' }))

    await session.authorize()
    expect((await whoami(session)).status).toBe(200)
  })

  test('with a longer window set, later', async () => {
    const { demo, network, session } = await start({ refresh: { replay_window: 60 } })
    await session.authorize()
    demo.clock.now += 16 * MINUTE
    network.lose = 2
    await failureOf(whoami(session))
    demo.clock.now += 59
    expect((await whoami(session)).status).toBe(200)
  })

  test('without a window: one lost answer costs a sign-in', async () => {
    const { demo, network, session } = await start({ refresh: { replay_window: 0 } })
    await session.authorize()
    demo.clock.now += 16 * MINUTE
    network.lose = 1
    expect(await failureOf(whoami(session))).toMatchObject({ reason: 'refresh_rejected' })
    expect(demo.events).toContainEqual(expect.objectContaining({ type: 'grant_revoked', reason: 'refresh_reused' }))
  })
})

test('the answer to a code is lost: the code is not tried twice, and the next sign-in works', async () => {
  const { demo, network, session } = await start()
  network.lose = 1
  expect(await failureOf(session.authorize())).toMatchObject({ code: 'network_error', retryable: true })
  expect(demo.sent('POST', '/oauth/token')).toHaveLength(1)
  expect(eventTypes(demo)).not.toContain('grant_revoked')

  await session.authorize()
  expect((await whoami(session)).status).toBe(200)
})

describe('processes that share nothing but a refresh token', () => {
  /** A session whose credential lies in a directory. */
  async function inDirectory(config: ConfigInput = {}) {
    const directory = await mkdtemp(join(tmpdir(), 'sallyport-race-'))
    open.push(() => rm(directory, { recursive: true }))
    const { demo, session } = await start(config, { store: fileStore({ directory: join(directory, 'first') }) })
    await session.authorize()
    /** Another host, which was given a copy, and knows no lock of the first. */
    const copy = async (name: string): Promise<Session> => {
      await cp(join(directory, 'first'), join(directory, name), COPY)
      const store = fileStore({ directory: join(directory, name) })
      return createSession(demo.mcpUrl, { store, fetch: demo.fetch, now: () => demo.clock.now })
    }
    return { demo, session, copy }
  }

  test('both refresh at once: both go on, with one successor', async () => {
    const { demo, session, copy } = await inDirectory()
    const other = await copy('second')
    demo.clock.now += 16 * MINUTE

    const answers = await Promise.all([whoami(session), whoami(other)])

    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(refreshes(demo).map(({ status }) => status)).toEqual([200, 200])
    expect(eventTypes(demo).filter((type) => type === 'token_refreshed')).toHaveLength(1)
    // The successor is one, the access tokens are two: both hold the same refresh token now, and go on with it.
    const tokens = demo.sent('POST', '/mcp').slice(-2)
    expect(new Set(tokens.map(({ headers }) => headers.get('authorization'))).size).toBe(2)
    demo.clock.now += 16 * MINUTE
    const later = await Promise.all([whoami(session), whoami(other)])
    expect(later.map(({ status }) => status)).toEqual([200, 200])
  })

  test('one refreshes a minute after the other: that looks like theft, and ends the family', async () => {
    const { demo, session, copy } = await inDirectory()
    const other = await copy('second')
    demo.clock.now += 16 * MINUTE
    expect((await whoami(session)).status).toBe(200)
    demo.clock.now += MINUTE
    expect(await failureOf(whoami(other))).toMatchObject({ reason: 'refresh_rejected' })
    // The first hears of it with its next request: the demo asks whether the grant lives.
    expect(await failureOf(whoami(session))).toMatchObject({ reason: 'refresh_rejected' })
  })

  test('one is late, but the other has used the successor: the window is over early', async () => {
    const { demo, session, copy } = await inDirectory({ access_token: { lifetime: 2 } })
    const other = await copy('second')
    demo.clock.now += 3
    expect((await whoami(session)).status).toBe(200)
    demo.clock.now += 3
    expect((await whoami(session)).status).toBe(200)
    demo.clock.now += 2
    // Its token was consumed five seconds ago: within the window, were it not for the second rotation.
    expect(await failureOf(whoami(other))).toMatchObject({ reason: 'refresh_rejected' })
  })
})

describe('real processes, over a socket', () => {
  /** A demo, and a directory with a credential whose access token has expired at the server. */
  async function withExpiredCredential() {
    const demo = await listenTestDemo({ dev_login: USER.username })
    const directory = await mkdtemp(join(tmpdir(), 'sallyport-processes-'))
    open.push(
      () => demo.close(),
      () => rm(directory, { recursive: true }),
    )
    const store = fileStore({ directory: join(directory, 'first') })
    // The demo's clock is not that of the processes, which proofs would need.
    await createSession(demo.mcpUrl, { store, interaction: follow(), dpop: 'off' }).authorize()
    demo.clock.now += 16 * MINUTE
    return { demo, directory }
  }

  const callIn = (demo: TestDemo, directory: string) =>
    run([...RUNTIMES.bun, `${ROOT}test/support/one-call.ts`, demo.mcpUrl, directory])

  test('R1 four with one store: one refreshes, the others adopt', async () => {
    const { demo, directory } = await withExpiredCredential()
    const ended = await Promise.all(Array.from({ length: 4 }, () => callIn(demo, join(directory, 'first'))))
    expect(ended.map(({ out }) => out.trim())).toEqual(['200', '200', '200', '200'])
    expect(refreshes(demo).map(({ status }) => status)).toEqual([200])
  })

  test('four with stores of their own: the replay window gives all of them the same answer', async () => {
    const { demo, directory } = await withExpiredCredential()
    const names = ['first', 'second', 'third', 'fourth']
    for (const name of names.slice(1)) await cp(join(directory, 'first'), join(directory, name), COPY)
    const ended = await Promise.all(names.map((name) => callIn(demo, join(directory, name))))
    expect(ended.map(({ out }) => out.trim())).toEqual(['200', '200', '200', '200'])
    expect(refreshes(demo).map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(eventTypes(demo).filter((type) => type === 'token_refreshed')).toHaveLength(1)
    expect(eventTypes(demo).filter((type) => type === 'refresh_replayed')).toHaveLength(3)
  })
})
