/**
 * The audit log: every token that is issued without anything else being stored has its own row, however many there are, soon after.
 *
 * @see docs/adr/0115-observations-are-batched.md
 * @module
 */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { AuditEntry, AuditFilter, Issue } from '../../server/core/audit.ts'
import type { Claimed } from '../../server/core/claimed.ts'
import { StoreUnavailable } from '../../server/core/ports.ts'
import { createIssues } from '../../server/records/issues.ts'
import { createObservations } from '../../server/records/observations.ts'
import { writeBehind } from '../../server/records/write-behind.ts'
import { openStore } from '../../server/store/open-store.ts'
import {
  createTestServer,
  obtainTokens,
  postForm,
  RESOURCE,
  registerClient,
  type TestServer,
} from '../support/authorization-server.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { usePostgres } from '../support/postgres.ts'

setDefaultTimeout(60_000)

const postgres = usePostgres()

const databases = { SQLite: async () => 'sqlite::memory:', PostgreSQL: () => postgres.createDatabase() }

const rows = async ({ store }: Pick<TestServer, 'store'>, wanted: AuditFilter = {}) =>
  (await store.audit.readBack(null, wanted)).records.toReversed()

const issue = (index: number): AuditEntry<Issue> => ({
  event: { type: 'machine_token_issued', clientId: `client-${index % 3}`, resource: RESOURCE },
  at: 1_800_000_000 + index,
  requestId: `request-${index}`,
})

describe.each(Object.entries(databases))('%s', (_, database) => {
  test('SEC-043 each of two hundred machine tokens of a minute has its row: client, resource, request', async () => {
    const server = await createTestServer({
      database: await database(),
      client_credentials: { enabled: true },
    })
    const clients = [await addSecretClient(server), await addSecretClient(server)]
    const expected: object[] = []
    for (let round = 0; round < 100; round += 1) {
      for (const { id, basic } of clients) {
        const form = { grant_type: 'client_credentials', resource: RESOURCE, scope: 'notes:read' }
        const response = await postForm(server, '/oauth/token', form, basic)
        expect(response.status).toBe(200)
        expected.push({ clientId: id, resource: RESOURCE, requestId: response.headers.get('x-request-id'), count: 1 })
      }
    }
    await server.flush()
    const found = await rows(server, { type: 'machine_token_issued' })
    expect(found.map(({ clientId, resource, requestId, count }) => ({ clientId, resource, requestId, count }))).toEqual(
      expected.map((row) => expect.objectContaining(row)),
    )
    await server.close()
  })

  test('any number is stored in its order, with every member', async () => {
    const store = await openStore({ database: await database() })
    for (const count of [1, 50, 51, 52, 151]) {
      const before = (await rows({ store })).length
      await store.audit.append(Array.from({ length: count }, (_, index) => issue(index)))
      const stored = (await rows({ store })).slice(before)
      expect(stored.map(({ id: _, ...row }) => row)).toEqual(
        Array.from({ length: count }, (_, index) => ({
          ...{
            type: 'machine_token_issued',
            reason: null,
            userId: null,
            grantId: null,
            scopes: null,
            agents: null,
            count: 1,
          },
          ...{ clientId: `client-${index % 3}`, resource: RESOURCE },
          ...{ at: 1_800_000_000 + index, requestId: `request-${index}` },
        })),
      )
    }
    await store.close()
  })
})

test('they are there a tenth of a second later, without anybody asking', async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const issues = createIssues({ append: async (entries) => resolve(entries) }, () => {})
  issues.add(issue(0))
  // Timers end in their order, however late.
  setTimeout(resolve, 900, 'later')
  expect(await promise).toEqual([issue(0)])
})

test('they wait while the database does not answer, are tried again by themselves, and what is too many is told loudly', async () => {
  const appended: unknown[] = []
  const failures: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  let tries = 0
  const append = async (entries: readonly unknown[]) => {
    tries += 1
    if (tries === 1) throw new Error('down')
    appended.push(...entries)
    if (appended.length === 200_000) resolve()
  }
  const issues = createIssues({ append }, (error) => failures.push(String(error)))
  for (let index = 0; index < 200_007; index += 1) issues.add(issue(index))
  await promise
  expect(failures).toEqual(['Error: down', 'Error: 7 tokens were issued that the audit log could not be told of'])
  expect(appended.at(-1)).toEqual(issue(199_999))
})

describe('audit.before_answer', () => {
  const form = { grant_type: 'client_credentials', resource: RESOURCE, scope: 'notes:read' }
  const config = { client_credentials: { enabled: true }, audit: { before_answer: true } }

  test('SEC-043 a token that is handed out has its row already, of 32 at once each', async () => {
    const server = await createTestServer(config)
    const { basic } = await addSecretClient(server)
    const answers = await Promise.all(Array.from({ length: 32 }, () => postForm(server, '/oauth/token', form, basic)))
    expect(answers.map(({ status }) => status)).toEqual(Array(32).fill(200))
    // Nobody has flushed anything.
    expect(await rows(server, { type: 'machine_token_issued' })).toHaveLength(32)
    await server.close()
  })

  test('SEC-043 a refresh that is told again has its row already', async () => {
    const server = await createTestServer(config)
    const { client_id } = await registerClient(server)
    const { refresh_token } = await obtainTokens(server, client_id)
    const again = () => postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token, client_id })
    expect([(await again()).status, (await again()).status]).toEqual([200, 200])
    expect(await rows(server, { type: 'refresh_replayed' })).toHaveLength(1)
    await server.close()
  })

  test('no token is handed out while the log cannot be written, and what was to be written is tried again', async () => {
    const appended: unknown[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    let isDown = true
    const append = async (entries: readonly unknown[]) => {
      if (isDown) throw new Error('down')
      appended.push(...entries)
      resolve()
    }
    const issues = createIssues({ append }, () => {})
    issues.add(issue(0))
    await expect(issues.stored()).rejects.toBeInstanceOf(StoreUnavailable)
    isDown = false
    await promise
    expect(appended).toEqual([issue(0)])
    issues.add(issue(1))
    await issues.stored()
    expect(appended).toEqual([issue(0), issue(1)])
  })

  test('a token whose row found no place is not handed out, while one whose row did is, whoever else asks meanwhile', async () => {
    const release = Promise.withResolvers<void>()
    const appended: unknown[] = []
    const append = async (entries: readonly unknown[]) => {
      await release.promise
      appended.push(...entries)
    }
    const behind = writeBehind({ write: append, most: 2, onFailure: () => {} })
    const handOut = (row: string): Promise<boolean> => {
      behind.add(row)
      return behind.push()
    }
    const [one, two] = [handOut('one'), handOut('two')]
    const three = handOut('three')
    release.resolve()
    // The write that `one` waits for is the one at whose end it is told how many were dropped.
    expect(await Promise.all([one, two, three])).toEqual([true, true, false])
    expect(appended).toEqual(['one', 'two'])
    expect(await handOut('four')).toBe(true)
  })

  test('a token whose row found no place is not handed out, and the loss is told of', async () => {
    const release = Promise.withResolvers<void>()
    const told = Promise.withResolvers<number>()
    const write = (): Promise<void> => release.promise
    const behind = writeBehind({ write, most: 1, delay: 1, onFailure: () => {}, onLost: told.resolve })
    behind.add('one')
    behind.add('two')
    const two = behind.push()
    release.resolve()
    expect(await told.promise).toBe(1)
    expect(await two).toBe(false)
    expect(await behind.push()).toBe(true)
  })

  test('off, which is the default, nobody waits: the row comes after the answer', async () => {
    const server = await createTestServer({ client_credentials: { enabled: true } })
    const { basic } = await addSecretClient(server)
    const began = performance.now()
    expect((await postForm(server, '/oauth/token', form, basic)).status).toBe(200)
    const early = await rows(server, { type: 'machine_token_issued' })
    // It may have come by itself since then, where the test was held up.
    if (performance.now() - began < 90) expect(early).toHaveLength(0)
    // As SIGTERM does.
    await server.flush()
    expect(await rows(server, { type: 'machine_token_issued' })).toHaveLength(1)
    await server.close()
  })
})

describe('a number of refusals', () => {
  const tallyOf = async (
    refusals: readonly { readonly clientId?: string; readonly resource?: string; readonly claims?: Claimed }[],
  ) => {
    const appended: unknown[] = []
    const observations = createObservations({ append: async (entries) => void appended.push(...entries) }, () => {})
    const refuse = ({ claims, ...known }: (typeof refusals)[number]) => {
      const event = { type: 'token_rejected', reason: 'unknown_code', ...known } as const
      observations.add({ event, at: 60, requestId: 'r', ...(claims === undefined ? {} : { claimed: claims }) })
    }
    // Enough for all that get a row of their own.
    for (let index = 0; index < 100; index += 1) refuse({ clientId: `other-${index}` })
    refusals.forEach(refuse)
    await observations.close()
    return appended.at(-1)
  }
  const event = { type: 'token_rejected', reason: 'unknown_code' }

  test('keeps the client and the resource that all of them have', async () => {
    const same = { clientId: 'c', resource: 'https://r/mcp' }
    expect(await tallyOf([same, same, same])).toMatchObject({ count: 3, event: { ...event, ...same } })
    expect(await tallyOf([{ claims: same }, { claims: same }])).toMatchObject({ count: 2, claimed: same })
  })

  test('and no other', async () => {
    const one = { clientId: 'c', resource: 'https://r/mcp' }
    expect(await tallyOf([one, { ...one, clientId: 'd' }, one])).toEqual({
      ...{ event: { ...event, resource: one.resource }, claimed: {} },
      ...{ at: 60, requestId: null, count: 3 },
    })
    expect(await tallyOf([{ claims: one }, { claims: { clientId: 'c' } }, {}])).toMatchObject({ event, claimed: {} })
  })
})
