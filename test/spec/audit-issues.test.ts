/**
 * The audit log: every token that is issued without anything else being stored has its own row, however many there are, soon after.
 *
 * @see docs/adr/0115-observations-are-batched.md
 * @module
 */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { AuditEntry, AuditFilter, Issue } from '../../server/core/audit.ts'
import type { Claimed } from '../../server/core/claimed.ts'
import { createIssues } from '../../server/records/issues.ts'
import { createObservations } from '../../server/records/observations.ts'
import { openStore } from '../../server/store/open-store.ts'
import { createTestServer, postForm, RESOURCE, type TestServer } from '../support/authorization-server.ts'
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
          ...{ type: 'machine_token_issued', reason: null, userId: null, grantId: null, scopes: null, count: 1 },
          ...{ clientId: `client-${index % 3}`, resource: RESOURCE },
          ...{ at: 1_800_000_000 + index, requestId: `request-${index}` },
        })),
      )
    }
    await store.close()
  })
})

test('they are there a tenth of a second later, without anybody asking', async () => {
  const { promise, resolve } = Promise.withResolvers<readonly unknown[]>()
  const issues = createIssues({ append: async (entries) => resolve(entries) }, () => {})
  const began = performance.now()
  issues.add(issue(0))
  expect(await promise).toEqual([issue(0)])
  expect(performance.now() - began).toBeLessThan(900)
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
