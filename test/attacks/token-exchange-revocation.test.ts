/**
 * What was exchanged ends with what it was exchanged for, at any hop: at introspection, in this process, and at the next exchange. On both engines.
 *
 * @see RFC 7009 section 2.1
 * @see docs/adr/0180-ids-that-carry-their-ancestors.md
 * @module
 */
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { decodeJwt } from 'jose'
import { ARCHIVE, createExchangeWorld, type ExchangeWorld, MAIL } from '../support/exchange-world.ts'
import { expectError } from '../support/oauth-error.ts'
import { usePostgres } from '../support/postgres.ts'

setDefaultTimeout(60_000)

const postgres = usePostgres()

const databases = { SQLite: async () => 'sqlite::memory:', PostgreSQL: () => postgres.createDatabase() }

/** A chain of three, and a token that was made from the first beside it. */
async function chain(world: ExchangeWorld) {
  const { host, notes, mail, archive, personToken, machineToken, exchange } = world
  const origin = await personToken()
  const acting = await Promise.all([notes, mail, archive].map((by) => machineToken(by)))
  const actor = (index: number) => ({
    actor_token: acting[index],
    actor_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  })
  const one = await exchange(origin.access_token, notes, actor(0))
  const two = await exchange(one.access_token, mail, { resource: ARCHIVE, ...actor(1) })
  const three = await exchange(two.access_token, archive, actor(2))
  const aside = await exchange(origin.access_token, host, { resource: 'https://notes.example/mcp' })
  const all = [origin, one, two, three, aside].map(({ access_token }) => access_token)
  return { origin, acting, all }
}

describe.each(Object.entries(databases))('%s', (_, database) => {
  const worlds: ExchangeWorld[] = []
  const open = async () => {
    const world = await createExchangeWorld({ database: await database() })
    worlds.push(world)
    return world
  }
  afterAll(() => Promise.all(worlds.map((world) => world.close())))

  /** Which of them count: at introspection by their clients, by `isLive`, and at the next exchange. All three agree. */
  async function alive({ introspect, ask, server, host, notes, mail, archive }: ExchangeWorld, all: readonly string[]) {
    const holders = [host, notes, mail, archive, host]
    const next = [
      [notes, MAIL],
      [mail, ARCHIVE],
      [archive, MAIL],
      [mail, ARCHIVE],
      [notes, MAIL],
    ] as const
    const found: boolean[] = []
    for (const [index, token] of all.entries()) {
      const [holder = host, [by, resource] = [notes, MAIL]] = [holders[index], next[index]]
      const { jti = '', client_id } = decodeJwt<{ client_id: string }>(token)
      const { active } = await introspect(token, holder)
      const live = await server.as.isLive({ jti, client_id })
      const answer = await ask(token, by, { resource })
      if (answer.status !== 200 && (await server.store.clients.find(by.id)) !== null)
        await expectError(answer, 400, 'invalid_request')
      expect([index, live]).toEqual([index, active === true])
      if (await server.store.clients.find(by.id)) expect([index, answer.status === 200]).toEqual([index, live])
      found.push(live)
    }
    return found
  }

  test('nothing was revoked: all of them count', async () => {
    const world = await open()
    const { all } = await chain(world)
    expect(await alive(world, all)).toEqual([true, true, true, true, true])
  })

  test('the grant, by its refresh token: none counts', async () => {
    const world = await open()
    const { all, origin } = await chain(world)
    await world.revoke(origin.refresh_token, world.host)
    expect(await alive(world, all)).toEqual([false, false, false, false, false])
  })

  test.each([
    [0, [false, false, false, false, false]],
    [1, [true, false, false, false, true]],
    [2, [true, true, false, false, true]],
    [3, [true, true, true, false, true]],
    [4, [true, true, true, true, false]],
  ])('token %i alone: it, and what was made from it', async (index, expected) => {
    const world = await open()
    const { all } = await chain(world)
    const { host, notes, mail, archive } = world
    await world.revoke(all[index] ?? '', [host, notes, mail, archive, host][index] ?? host)
    expect(await alive(world, all)).toEqual(expected)
  })

  test.each([
    [0, [true, false, false, false, true]],
    [1, [true, true, false, false, true]],
    [2, [true, true, true, false, true]],
  ])('the token of actor %i: what was made with it', async (index, expected) => {
    const world = await open()
    const { all, acting } = await chain(world)
    await world.revoke(acting[index] ?? '', [world.notes, world.mail, world.archive][index] ?? world.notes)
    expect(await alive(world, all)).toEqual(expected)
  })

  test('a client on the way is removed: what it held, and what was made from that', async () => {
    const world = await open()
    const { all } = await chain(world)
    const later = await world.server.store.clients.remove('mail-server', world.server.clock.now)
    expect(later).toBe(true)
    const { server } = world
    const live = all.map((token) => {
      const { jti = '', client_id } = decodeJwt<{ client_id: string }>(token)
      return server.as.isLive({ jti, client_id })
    })
    expect(await Promise.all(live)).toEqual([true, true, false, false, true])
  })

  test('the client that holds it is removed, and nobody is named as the actor', async () => {
    const world = await open()
    const { notes, server } = world
    const { access_token } = await world.exchange((await world.personToken()).access_token, notes)
    const { jti = '', client_id } = decodeJwt<{ client_id: string }>(access_token)
    expect(await server.as.isLive({ jti, client_id })).toBe(true)
    await server.store.clients.remove(notes.id, server.clock.now)
    expect(await server.as.isLive({ jti, client_id })).toBe(false)
  })

  test('the person is disabled: none counts', async () => {
    const world = await open()
    const { all } = await chain(world)
    const { server } = world
    expect(await server.store.users.disable(server.userId, server.clock.now)).toBe(true)
    expect(await alive(world, all)).toEqual([false, false, false, false, false])
  })

  test('a machine as the subject: its token, and its registration', async () => {
    const world = await open()
    const { host, notes, mail, server } = world
    const robot = await world.machineToken(host, { resource: 'https://notes.example/mcp' })
    const { access_token } = await world.exchange(robot, notes)
    const second = await world.exchange(access_token, mail, { resource: ARCHIVE })
    const active = async () =>
      (await Promise.all([world.introspect(access_token, notes), world.introspect(second.access_token, mail)])).map(
        (answer) => answer['active'],
      )
    expect(await active()).toEqual([true, true])
    await world.revoke(robot, host)
    expect(await active()).toEqual([false, false])
    const again = await world.exchange(await world.machineToken(host, { resource: 'https://notes.example/mcp' }), notes)
    await server.store.clients.remove('host', server.clock.now)
    expect(await world.introspect(again.access_token, notes)).toEqual({ active: false })
  })

  test('a revocation is remembered for as long as anything that it ends could count', async () => {
    const world = await open()
    const { all } = await chain(world)
    const { server } = world
    await world.revoke(all[0] ?? '', world.host)
    server.clock.now += 899
    await server.store.purge(server.clock.now, 1000)
    expect(await alive(world, all)).toEqual([false, false, false, false, false])
  })
})
