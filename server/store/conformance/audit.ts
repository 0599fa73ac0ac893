/**
 * What the audit log promises: an act and its entry are there both, or neither.
 *
 * @module
 */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import type { Act, AuditEntry, AuditRecord, Observation } from '../../core/audit.ts'
import type { OpenStore } from '../open-store.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { client, code, consent, grant, NOW, redeemedGrant, refreshToken, resource, together, user } from './records.ts'

const parties = { grantId: 'grant-1', userId: 'user-1', clientId: 'client-1', resource: 'https://notes.example/mcp' }
const session = { hash: 'cookie-hash', userId: 'user-1', createdAt: NOW, expiresAt: NOW + 59 }
const entry = (event: Act): AuditEntry<Act> => ({ event, at: NOW, requestId: 'request-1' })

/** What no column takes: the statement that stores the entry fails. */
const unstorable = (event: Act): AuditEntry<Act> => ({ ...entry(event), at: Number.NaN })

/** Verbs that act. `prepare`: what has to be there before. `done`: whether it was done; `again`: whether it can be done twice. */
interface ActCase {
  readonly name: string
  readonly event: Act
  readonly again?: true
  prepare?(store: OpenStore): Promise<unknown>
  act(store: OpenStore, entry: AuditEntry<Act>): Promise<unknown>
  done(store: OpenStore): Promise<boolean>
}

const acts: readonly ActCase[] = [
  {
    name: 'grants.create',
    event: { type: 'authorization_granted', ...parties, scopes: ['notes:read', 'notes:write'] },
    act: (store, entry) => store.grants.create(grant(), code(), null, entry),
    done: async (store) => (await store.grants.find('grant-1')) !== null,
  },
  {
    name: 'grants.revoke',
    event: { type: 'grant_revoked', reason: 'user', ...parties },
    prepare: (store) => store.grants.create(grant(), code()),
    act: (store, entry) => store.grants.revoke('grant-1', NOW, entry),
    done: async (store) => (await store.grants.find('grant-1'))?.revokedAt === NOW,
  },
  {
    name: 'codes.redeem',
    event: { type: 'token_issued', ...parties, agents: ['client-2', 'https://agent.example/client.json'] },
    prepare: (store) => store.grants.create(grant(), code()),
    act: (store, entry) => store.codes.redeem(code().hash, refreshToken(), NOW, null, entry),
    done: async (store) => (await store.refreshTokens.find(refreshToken().hash)) !== null,
  },
  {
    name: 'refreshTokens.rotate',
    event: { type: 'token_refreshed', ...parties },
    prepare: redeemedGrant,
    act: (store, entry) =>
      store.refreshTokens.rotate(
        { hash: refreshToken().hash, successor: refreshToken({ hash: 'token-hash-2' }), now: NOW },
        null,
        entry,
      ),
    done: async (store) => (await store.refreshTokens.find('token-hash-2')) !== null,
  },
  {
    name: 'revokedTokens.remember',
    event: { type: 'token_revoked', ...parties },
    act: (store, entry) => store.revokedTokens.remember('jti-1', NOW + 59, entry),
    done: (store) => store.revokedTokens.has('jti-1'),
  },
  {
    name: 'consents.remember',
    event: {
      type: 'consent_remembered',
      userId: 'user-1',
      clientId: 'client-1',
      resource: parties.resource,
      scopes: [],
    },
    again: true,
    act: (store, entry) => store.consents.remember(consent(), entry),
    done: async (store) => (await store.consents.find('user-1', 'client-1', consent().resource)) !== null,
  },
  {
    name: 'consents.forget',
    event: { type: 'consent_forgotten', userId: 'user-1', clientId: 'client-1', resource: parties.resource },
    prepare: (store) => store.consents.remember(consent()),
    act: (store, entry) => store.consents.forget('user-1', 'client-1', consent().resource, entry),
    done: async (store) => (await store.consents.find('user-1', 'client-1', consent().resource)) === null,
  },
  {
    name: 'clients.create',
    event: { type: 'client_registered', clientId: 'client-1' },
    act: (store, entry) => store.clients.create(client(), entry),
    done: async (store) => (await store.clients.find('client-1')) !== null,
  },
  {
    name: 'clients.remove',
    event: { type: 'client_removed', clientId: 'client-1' },
    prepare: (store) => store.clients.create(client()),
    act: (store, entry) => store.clients.remove('client-1', NOW, entry),
    done: async (store) => (await store.clients.find('client-1')) === null,
  },
  {
    name: 'resources.put',
    event: { type: 'resource_stored', resource: resource().identifier },
    again: true,
    act: (store, entry) => store.resources.put(resource(), entry),
    done: async (store) => (await store.resources.list()).length === 1,
  },
  {
    name: 'resources.remove',
    event: { type: 'resource_removed', resource: resource().identifier },
    prepare: (store) => store.resources.put(resource()),
    act: (store, entry) => store.resources.remove(resource().identifier, entry),
    done: async (store) => (await store.resources.list()).length === 0,
  },
  {
    name: 'users.create',
    event: { type: 'user_added', userId: 'user-3' },
    act: (store, entry) => store.users.create(user({ id: 'user-3', username: 'cleo' }), entry),
    done: async (store) => (await store.users.find('user-3')) !== null,
  },
  {
    name: 'users.setPassword',
    event: { type: 'password_changed', userId: 'user-1' },
    again: true,
    act: (store, entry) => store.users.setPassword('user-1', 'another hash', entry),
    done: async (store) => (await store.users.find('user-1'))?.passwordHash === 'another hash',
  },
  {
    name: 'users.remove',
    event: { type: 'user_removed', userId: 'user-1' },
    act: (store, entry) => store.users.remove('user-1', NOW, entry),
    done: async (store) => (await store.users.find('user-1')) === null,
  },
  {
    name: 'sessions.create',
    event: { type: 'sign_in', userId: 'user-1' },
    act: (store, entry) => store.sessions.create(session, null, entry),
    done: async (store) => (await store.sessions.find('cookie-hash', NOW)) !== null,
  },
  {
    name: 'sessions.remove',
    event: { type: 'sign_out', userId: 'user-1' },
    prepare: (store) => store.sessions.create(session),
    act: (store, entry) => store.sessions.remove('cookie-hash', entry),
    done: async (store) => (await store.sessions.find('cookie-hash', NOW)) === null,
  },
]

const readAll = async (store: OpenStore): Promise<readonly AuditRecord[]> =>
  (await store.audit.readBack(null, {})).records
const typesIn = async (store: OpenStore) => (await readAll(store)).map(({ type }) => type)

const refused = (changes: { readonly clientId?: string } = {}): AuditEntry<Observation> => ({
  event: { type: 'token_rejected', reason: 'unknown_code', clientId: 'client-1', ...changes } as const,
  at: NOW,
  requestId: null,
})

export const auditCases: readonly ConformanceCase[] = [
  ...acts.map(
    ({ name, event, again, prepare, act, done }): ConformanceCase => ({
      name: `${name} stores its entry if it acts, and only then`,
      async run(store) {
        await prepare?.(store)
        equal(await done(store), false)
        await act(store, entry(event))
        equal(await done(store), true)
        const { scopes, agents, ...members }: Act & { scopes?: readonly string[]; agents?: readonly string[] } = event
        const [record] = await readAll(store)
        const { id: _, ...stored } = record ?? {}
        deepEqual(stored, {
          ...{ at: NOW, reason: null, userId: null, clientId: null, resource: null, grantId: null },
          ...{ scopes: scopes ?? null, agents: agents ?? null, requestId: 'request-1', count: 1 },
          ...members,
        })
        // Once more changes nothing, except where it does.
        await act(store, entry(event)).catch(() => {})
        equal((await readAll(store)).length, again === true ? 2 : 1)
      },
    }),
  ),
  ...acts.map(
    ({ name, event, prepare, act, done }): ConformanceCase => ({
      name: `${name} does nothing when its entry cannot be stored`,
      async run(store) {
        await prepare?.(store)
        await rejects(act(store, unstorable(event)))
        equal(await done(store), false)
        deepEqual(await readAll(store), [])
        await act(store, entry(event))
        equal(await done(store), true)
      },
    }),
  ),
  {
    name: 'an act that fails after its guard has no entry',
    async run(store) {
      await redeemedGrant(store)
      await store.grants.create(grant({ id: 'grant-2' }), code({ hash: 'code-2', grantId: 'grant-2' }))
      const before = await readAll(store)
      // Its successor is there already.
      await rejects(
        store.refreshTokens.rotate(
          { hash: refreshToken().hash, successor: refreshToken(), now: NOW },
          null,
          entry({ type: 'token_refreshed', ...parties }),
        ),
      )
      await rejects(
        store.codes.redeem('code-2', refreshToken(), NOW, null, entry({ type: 'token_issued', ...parties })),
      )
      deepEqual(await readAll(store), before)
    },
  },
  {
    name: 'of 32 callers one acts, and one entry is stored',
    async run(store) {
      await redeemedGrant(store)
      await together(32, (index) =>
        store.refreshTokens.rotate(
          { hash: refreshToken().hash, successor: refreshToken({ hash: `token-${index}` }), now: NOW },
          null,
          { ...entry({ type: 'token_refreshed', ...parties }), requestId: `request-${index}` },
        ),
      )
      const [record, ...others] = await readAll(store)
      equal(others.length, 0)
      const winner = record?.requestId?.replace('request', 'token') ?? ''
      equal((await store.refreshTokens.find(winner))?.token.hash, winner)
    },
  },
  {
    name: 'audit.append adds all in their order, or none',
    async run(store) {
      await store.audit.append([])
      await store.audit.append([
        refused(),
        { event: { type: 'token_rejected', reason: 'unknown_code' }, at: NOW + 1, requestId: null, count: 7 },
      ])
      const stored = (await readAll(store)).map(({ at, clientId, count }) => ({ at, clientId, count }))
      deepEqual(stored, [
        { at: NOW + 1, clientId: null, count: 7 },
        { at: NOW, clientId: 'client-1', count: 1 },
      ])
      await rejects(store.audit.append([refused(), { ...refused(), at: Number.NaN }]))
      equal((await readAll(store)).length, 2)
    },
  },
  {
    name: 'audit.readBack and readOn find what is wanted',
    async run(store) {
      await store.clients.create(client(), {
        ...entry({ type: 'client_registered', clientId: 'client-1' }),
        at: NOW - 9,
      })
      await store.grants.create(grant(), code(), null, entry({ type: 'authorization_granted', ...parties, scopes: [] }))
      await store.audit.append([refused({ clientId: 'client-2' })])
      const added = { ...entry({ type: 'user_added', userId: 'user-1' }), actor: 'cli:root' }
      await store.users.create(user({ id: 'user-3', username: 'cleo' }), added)
      const find = async (wanted: Parameters<OpenStore['audit']['readBack']>[1]) =>
        (await store.audit.readBack(null, wanted)).records.map(({ type }) => type)
      deepEqual(await find({}), ['user_added', 'token_rejected', 'authorization_granted', 'client_registered'])
      deepEqual(await find({ clientId: 'client-1' }), ['authorization_granted', 'client_registered'])
      deepEqual(await find({ userId: 'user-1' }), ['user_added', 'authorization_granted'])
      deepEqual(await find({ grantId: 'grant-1' }), ['authorization_granted'])
      deepEqual(await find({ requestId: 'nothing' }), [])
      deepEqual(await find({ type: 'token_rejected' }), ['token_rejected'])
      deepEqual(await find({ clientId: 'client-1', since: NOW }), ['authorization_granted'])
      const [last, ...older] = await readAll(store)
      equal(last?.actor, 'cli:root')
      const first = older.at(-1)
      deepEqual(await store.audit.readOn(last?.id ?? 0, {}), { records: [], last: last?.id })
      deepEqual(
        (await store.audit.readOn(first?.id ?? 0, {})).records.map(({ type }) => type),
        ['authorization_granted', 'token_rejected', 'user_added'],
      )
      deepEqual((await store.audit.readBack(first?.id ?? 0, {})).records, [first])
      equal((await store.audit.readBack(null, {})).next, null)
    },
  },
  {
    name: 'purge deletes entries that are older than they have to be kept, the oldest first, a few at a time',
    async run(store) {
      for (const age of [5, 4, 3, 2, 1]) await store.audit.append([{ ...refused(), at: NOW - age }])
      const ages = async () => (await readAll(store)).map(({ at }) => NOW - at)
      equal(await store.purge(NOW + 1_000_000, 500), 0)
      equal(await store.purge(NOW, 500, { audit: null }), 0)
      equal(await store.purge(NOW, 500, { flows: 0 }), 0)
      equal(await store.purge(NOW, 500, { audit: 5 }), 0)
      equal(await store.purge(NOW, 2, { audit: 2 }), 2)
      deepEqual(await ages(), [1, 2, 3])
      equal(await store.purge(NOW, 2, { audit: 2 }), 1)
      equal(await store.purge(NOW, 2, { audit: 2 }), 0)
      deepEqual(await ages(), [1, 2])
    },
  },
  {
    name: 'an audit log that is empty is read as such',
    run: async (store) => deepEqual(await typesIn(store), []),
  },
]
