/**
 * The audit log: a row for each act, with who, what, client, resource, reason and request; bounded rows for what is refused; no secret in any.
 *
 * @see docs/adr/0114-acts-carry-their-entry.md
 * @see docs/adr/0115-observations-are-batched.md
 * @module
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { administered } from '../../server/admin/administered.ts'
import { followAudit, showAudit } from '../../server/admin/audit.ts'
import type { AuditFilter } from '../../server/core/audit.ts'
import { recordedName } from '../../server/core/claimed.ts'
import { createObservations } from '../../server/records/observations.ts'
import { client, resource, user } from '../../server/store/conformance/records.ts'
import { digest } from '../../server/store/hash.ts'
import {
  authorizationQuery,
  codeForm,
  createTestServer,
  obtainCode,
  obtainTokens,
  postForm,
  RESOURCE,
  registerClient,
  type TestServer,
  USER,
  VERIFIER,
} from '../support/authorization-server.ts'
import { createPerson } from '../support/person.ts'
import { usePostgres } from '../support/postgres.ts'

setDefaultTimeout(60_000)

const postgres = usePostgres()

const rows = async ({ store }: TestServer, wanted: AuditFilter = {}) =>
  (await store.audit.readBack(null, wanted)).records.toReversed()

const databases = { SQLite: async () => 'sqlite::memory:', PostgreSQL: () => postgres.createDatabase() }

describe.each(Object.entries(databases))('%s', (_, database) => {
  let server: TestServer
  let secret = ''
  let client_id = ''
  beforeAll(async () => {
    server = await createTestServer({ database: await database() })
    const client = await registerClient(server, { token_endpoint_auth_method: 'client_secret_post' })
    client_id = client.client_id
    secret = client.client_secret ?? ''
  })
  afterAll(() => server.close())

  test('SEC-043 each act of a whole connection has a row with its parties and its request', async () => {
    const query = await authorizationQuery(client_id)
    const callback = await createPerson(server).visit(`${server.issuer}/oauth/authorize?${query}`)
    const code = callback.searchParams.get('code') ?? ''
    const auth = { client_id, client_secret: secret }
    const answers = [await postForm(server, '/oauth/token', { ...codeForm(client_id, code), client_secret: secret })]
    const { refresh_token, access_token } = await (answers[0]?.clone() ?? new Response('{}')).json()
    answers.push(await postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token, ...auth }))
    const again: { refresh_token: string } = await (answers[1]?.clone() ?? new Response('{}')).json()
    answers.push(await postForm(server, '/oauth/revoke', { token: access_token, ...auth }))
    answers.push(await postForm(server, '/oauth/revoke', { token: again.refresh_token, ...auth }))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])

    const found = await rows(server)
    expect(found.map(({ type }): string => type)).toEqual([
      ...['key_made', 'client_registered', 'sign_in', 'authorization_granted', 'consent_remembered'],
      ...['token_issued', 'token_refreshed', 'token_revoked', 'grant_revoked'],
    ])
    const [made, registered, signIn, ...ofGrant] = found
    expect(made).toMatchObject({ actor: 'server', userId: null, clientId: null, requestId: null })
    expect(registered).toMatchObject({ clientId: client_id, userId: null, at: server.clock.now })
    expect(signIn).toMatchObject({ userId: server.userId, clientId: null })
    for (const row of ofGrant) {
      expect(row).toMatchObject({ userId: server.userId, clientId: client_id, resource: RESOURCE, count: 1 })
    }
    expect(new Set(ofGrant.toSpliced(1, 1).map(({ grantId }) => grantId)).size).toBe(1)
    expect(ofGrant[0]?.scopes).toEqual(['notes:read', 'notes:write'])
    expect(ofGrant.at(-1)?.reason).toBe('revocation_request')
    expect(ofGrant.slice(-4).map(({ requestId }) => requestId)).toEqual(
      answers.map(({ headers }) => headers.get('x-request-id')),
    )
    expect(found.slice(1).every(({ requestId }) => requestId !== null)).toBe(true)
  })

  test('theft is written down in the request that showed it', async () => {
    const code = await obtainCode(server, client_id)
    const redeem = () => postForm(server, '/oauth/token', { ...codeForm(client_id, code), client_secret: secret })
    await redeem()
    const replay = await redeem()
    const requestId = replay.headers.get('x-request-id') ?? ''

    expect(await rows(server, { requestId })).toMatchObject([{ type: 'grant_revoked', reason: 'code_replayed' }])
  })

  test('a withdrawn consent and a revoked grant are two rows', async () => {
    await obtainCode(server, client_id)
    const granted = (await rows(server)).findLast(({ type }) => type === 'authorization_granted')
    await server.as.revokeGrant(granted?.grantId ?? '', server.userId, { requestId: 'by-hand' })
    expect(await rows(server, { requestId: 'by-hand' })).toMatchObject([
      { type: 'consent_forgotten', clientId: client_id },
      { type: 'grant_revoked', reason: 'user', grantId: granted?.grantId },
    ])
  })

  test('the command prints them, and follows', async () => {
    const tools = { store: server.store, now: () => server.clock.now, digest }
    const wanted = { limit: 100, json: false }
    const all = await showAudit(tools, wanted)
    if (!all.ok) throw new Error(all.error.message)
    expect(all.value).toMatch(
      new RegExp(
        `^2027-01-15 08:00:00  key_made  .+\n2027-01-15 08:00:00  client_registered  client=${client_id}  request=\\S+\\n`,
      ),
    )
    const ada = await showAudit(tools, { ...wanted, user: USER.username, type: 'sign_in', json: true })
    expect(ada.ok && JSON.parse(ada.value)).toMatchObject({ outcome: 'done', type: 'sign_in', userId: server.userId })
    expect(await showAudit(tools, { ...wanted, client: 'nobody' })).toEqual({
      ok: true,
      value: 'Nothing of that kind.',
    })
    expect(await showAudit(tools, { ...wanted, since: 'yesterday' })).toMatchObject({ ok: false })
    expect(await showAudit(tools, { ...wanted, limit: 1 })).toMatchObject({ value: expect.not.stringContaining('\n') })

    const lines: string[] = []
    let rounds = 0
    const waiting = async () => {
      rounds += 1
      if (rounds === 2) await server.as.revokeGrant((await newGrant()) ?? '', server.userId)
      return rounds < 4
    }
    const newGrant = async () => {
      await obtainCode(server, client_id)
      return (await rows(server)).findLast(({ type }) => type === 'authorization_granted')?.grantId
    }
    await followAudit(tools, { ...wanted, limit: 1 }, { print: (line) => void lines.push(line), waiting })
    expect(lines.map((line) => line.split('  ')[1])).toEqual([
      ...['grant_revoked', 'authorization_granted', 'consent_remembered', 'consent_forgotten', 'grant_revoked'],
    ])
  })

  test('no row holds a secret', async () => {
    const tokens = await tokensOf(server, client_id, secret)
    for (const [name, value] of Object.entries({ code: 'c', token: 't', refresh_token: 'r', client_secret: 's' })) {
      const canary = `canary-${name}-${value.repeat(30)}`
      const form = { ...codeForm(client_id, 'x'), client_secret: secret, [name]: canary }
      await postForm(server, '/oauth/token', form)
      await postForm(server, '/oauth/token', { ...form, grant_type: 'refresh_token' })
      await postForm(server, '/oauth/revoke', form)
      await server.fetch(`/oauth/authorize?${await authorizationQuery(client_id, { state: canary, [name]: canary })}`)
    }
    await postForm(server, '/oauth/token', { ...codeForm(secret, 'x') })
    await server.flush()
    const stored = JSON.stringify([await rows(server), await server.store.flows.since(0)])
    for (const value of ['canary-', USER.password, secret, tokens.access_token, VERIFIER]) {
      expect(stored.includes(value)).toBe(false)
    }
    expect(stored.includes(tokens.refresh_token.split('.').at(-1) ?? '?')).toBe(false)
    expect(stored).toContain(client_id)
  })
})

const tokensOf = async (server: TestServer, client_id: string, client_secret: string) => {
  const form = { ...codeForm(client_id, await obtainCode(server, client_id)), client_secret }
  const tokens: { access_token: string; refresh_token: string } = await (
    await postForm(server, '/oauth/token', form)
  ).json()
  return tokens
}

describe('what is refused', () => {
  test('is there a second later, with its reason, client and request', async () => {
    const server = await createTestServer()
    const { client_id } = await registerClient(server)
    const response = await postForm(server, '/oauth/token', codeForm(client_id, 'nonsense'))
    expect(await rows(server, { type: 'token_rejected' })).toEqual([])
    await server.flush()
    expect(await rows(server, { type: 'token_rejected' })).toMatchObject([
      { reason: 'unknown_code', clientId: client_id, requestId: response.headers.get('x-request-id'), count: 1 },
    ])
    await server.close()
  })

  test('a flood of it costs few rows and loses no number', async () => {
    const server = await createTestServer()
    const { client_id } = await registerClient(server)
    for (let round = 0; round < 500; round += 1) {
      await postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token: 'x', client_id })
    }
    for (let round = 0; round < 500; round += 1) await server.fetch('/oauth/authorize?client_id=nobody')
    await server.flush()
    const found = await rows(server, {})
    const refused = found.filter(({ type }) => type.endsWith('_rejected'))
    expect(refused.length).toBe(22)
    expect(refused.reduce((sum, { count }) => sum + count, 0)).toBe(1000)
    expect(refused.filter(({ count }) => count === 490)).toMatchObject([
      { clientId: client_id },
      { clientId: `claimed:${recordedName('nobody', digest)}` },
    ])
    await server.close()
  })

  test('of many kinds too, and the next minute begins anew', async () => {
    const appended: { count?: number; at: number }[] = []
    const observations = createObservations({ append: async (entries) => void appended.push(...entries) }, () => {})
    const refuse = (at: number, clientId: string) =>
      observations.add({ event: { type: 'token_rejected', reason: 'unknown_code', clientId }, at, requestId: null })
    for (let index = 0; index < 1000; index += 1) refuse(60, `client-${index}`)
    refuse(120, 'client-1')
    await observations.close()
    expect(appended).toHaveLength(102)
    expect(appended[100]).toMatchObject({ at: 60, count: 900 })
    expect(appended[101]).toMatchObject({ at: 120 })
  })

  test('waits while the database does not answer, within bounds', async () => {
    const appended: unknown[] = []
    const failures: unknown[] = []
    let up = false
    const append = async (entries: readonly unknown[]) => {
      if (!up) throw new Error('down')
      appended.push(...entries)
    }
    const observations = createObservations({ append }, (error) => failures.push(error))
    for (let minute = 0; minute < 20; minute += 1) {
      for (let index = 0; index < 100; index += 1) {
        observations.add({
          event: { type: 'token_rejected', reason: 'unknown_code', clientId: `client-${index}` },
          at: minute * 60,
          requestId: null,
        })
      }
      await observations.close()
    }
    up = true
    await observations.close()
    expect([failures.length, appended.length]).toEqual([20, 1000])
  })
})

test('a refresh by a public client has its row too, and one that is told again, too', async () => {
  const server = await createTestServer()
  const { client_id } = await registerClient(server)
  const { refresh_token } = await obtainTokens(server, client_id)
  for (const _ of [1, 2])
    await postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token, client_id })
  await server.flush()
  expect((await rows(server)).slice(-2).map(({ type }) => type)).toEqual(['token_refreshed', 'refresh_replayed'])
  await server.close()
})

test('what an administrator does has a row with their name', async () => {
  const server = await createTestServer()
  const store = administered(server.store, { actor: 'cli:root', now: () => server.clock.now })
  const { client_id } = await registerClient(server)
  const token = { name: 'laptop', hash: 'hash', createdAt: 0, expiresAt: 1, usesLeft: null }
  await store.resources.put(resource())
  await store.resources.remove(resource().identifier)
  await store.registrationTokens.create(token)
  await store.registrationTokens.remove('laptop')
  await store.users.create(user({ id: 'user-9' }))
  await store.users.setPassword('user-9', 'hash')
  await store.users.remove('user-9', 0)
  await store.clients.create(client({ id: 'client-9' }))
  await store.clients.replaceSecrets('client-9', [], [{ hash: 'x', expiresAt: 0 }])
  await store.clients.remove(client_id, 0)
  await store.clients.remove('nobody', 0)
  const found = (await rows(server)).slice(2)
  expect(found.map(({ type }): string => type)).toEqual([
    ...['resource_stored', 'resource_removed', 'registration_token_created', 'registration_token_removed'],
    ...['user_added', 'password_changed', 'user_removed', 'client_registered', 'client_changed', 'client_removed'],
  ])
  expect(found.every(({ actor, requestId }) => actor === 'cli:root' && requestId === null)).toBe(true)
  expect(found[2]?.reason).toBe('laptop')
  expect(found.at(-1)?.clientId).toBe(client_id)
  await server.close()
})
