/**
 * What a request looks up and what is forgotten is found by an index, never by reading a table. Both engines say so themselves, about
 * every statement of the ports.
 *
 * @see docs/adr/0027-a-little-at-a-time.md
 * @module
 */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { type CompiledQuery, type KyselyPlugin, sql } from 'kysely'
import {
  client,
  code,
  consent,
  grant,
  identity,
  NOW,
  pendingSignIn,
  refreshToken,
  registrationToken,
  resource,
  user,
} from '../../server/store/conformance/records.ts'
import { connect } from '../../server/store/connect.ts'
import { migrate } from '../../server/store/migrate.ts'
import { createStore, type OpenStore } from '../../server/store/open-store.ts'
import type { Database } from '../../server/store/schema.ts'
import { usePostgres } from '../support/postgres.ts'

setDefaultTimeout(60_000)

const server = usePostgres()

/** Few rows, all of which are wanted. */
const SMALL = ['resources', 'signing_keys']

/** The first or the last row of an index, which needs no condition. */
const END_OF_INDEX =
  /^select "id"(, "at")? from "(audit|flow_steps)"( where "id" <= \S+)? order by "id"( asc| desc)? limit \S+$/

/** The same database, and every statement that is made for it. */
function tapped(database: Database): { readonly database: Database; readonly made: Map<string, CompiledQuery> } {
  const made = new Map<string, CompiledQuery>()
  const executor = database.db.getExecutor()
  const tap: KyselyPlugin = {
    transformQuery({ node, queryId }) {
      const query = executor.compileQuery(node, queryId)
      made.set(query.sql, query)
      return node
    },
    transformResult: async ({ result }) => result,
  }
  return { database: { ...database, db: database.db.withPlugin(tap) }, made }
}

/** Every verb that a request or a job uses; what lists whole tables for an administrator is left out. */
async function useEverything(store: OpenStore): Promise<void> {
  await store.clients.create(client())
  await store.clients.find('client-1')
  await store.clients.replaceSecrets('client-1', [], [])
  const url = 'https://app.example/client.json'
  const described = { client_id: url, client_name: 'App', redirect_uris: ['http://127.0.0.1/'] }
  const times = { clientId: url, fetchedAt: NOW, freshUntil: NOW, keptUntil: NOW }
  await store.clientDocuments.put({ ...times, document: described, pinned: false, etag: null }, null)
  await store.clientDocuments.find(url)
  await store.clientDocuments.logo(url)
  await store.clientDocuments.confirm(times)
  await store.clientDocuments.keep(url, NOW)
  await store.clientDocuments.unpin(url, NOW)
  await store.clientDocuments.remove(url, NOW)
  const jwksUri = 'https://app.example/jwks.json'
  await store.publishedKeys.put({ jwksUri, jwks: { keys: [] }, fetchedAt: NOW, keptUntil: NOW })
  await store.publishedKeys.find(jwksUri)
  await store.publishedKeys.keep(jwksUri, NOW)
  await store.clients.keep('client-1', NOW)
  await store.clients.recordUse('client-1', { at: NOW, expiresAt: NOW })
  await store.registrationTokens.create(registrationToken())
  await store.registrationTokens.use('hash', NOW)
  await store.registrationTokens.remove('laptop')
  // Some that are over, so that all of what follows is asked.
  await store.clients.create(client({ id: 'client-2', expiresAt: NOW }))
  await store.resources.put(resource())
  await store.resources.list()
  await store.users.create(user())
  await store.users.find('user-1')
  await store.users.findByUsername('anna')
  await store.users.setPassword('user-1', 'hash')
  await store.users.remove('user-2', NOW)
  await store.sessions.create({ hash: 'cookie-hash', userId: 'user-1', createdAt: NOW, expiresAt: NOW + 59 })
  await store.sessions.find('cookie-hash', NOW)
  await store.sessions.remove('cookie-hash')
  const { issuer, subject } = identity()
  await store.sessions.removeUpstream({ issuer, sid: 'sid', subject })
  await store.sessions.removeUpstream({ issuer, sid: 'sid' })
  await store.sessions.removeUpstream({ issuer, subject })
  await store.users.disable('user-1', NOW)
  await store.users.enable('user-1')
  await store.identities.admit(
    user({ id: 'user-3', username: 'cleo' }),
    identity({ subject: 'cleo', userId: 'user-3' }),
  )
  await store.identities.link(identity({ checkAt: NOW }))
  await store.identities.find(issuer, subject)
  await store.identities.list('user-1')
  await store.identities.takeDue(NOW, NOW + 60, 10)
  await store.identities.listSealed({ issuer, subject }, 10)
  await store.identities.reseal({ issuer, subject }, 'before', 'after')
  await store.identities.seen(identity())
  await store.identities.seen(identity({ sealedRefreshToken: 'sealed' }))
  await store.identities.answered(identity({ sealedRefreshToken: 'sealed', checkAt: NOW }), identity())
  await store.identities.lose(identity({ sealedRefreshToken: 'sealed' }), NOW)
  await store.identities.unlink(issuer, subject)
  await store.pendingSignIns.create(pendingSignIn())
  await store.pendingSignIns.find('state-hash', NOW)
  await store.pendingSignIns.take('state-hash', 'cookie-hash', NOW)
  await store.consents.remember(consent())
  await store.consents.find('user-1', 'client-1', consent().resource)
  await store.consents.forget('user-1', 'client-1', consent().resource)
  await store.revokedTokens.remember('jti-1', NOW + 59)
  await store.revokedTokens.has('jti-1')
  await store.replays.remember('assertion-1', NOW + 59, NOW)
  await store.proofs.remember('proof-1', NOW + 59)
  await store.signInAttempts.take('key', { attempts: 5, window: 900 }, NOW)
  await store.signInAttempts.giveBack('key', { attempts: 5, window: 900 })
  await store.signInAttempts.forget('key')
  await store.sharedLimits.exchange([{ key: 'key', seconds: 1 }], NOW, 500)
  await store.grants.create(grant(), code())
  await store.grants.create(grant(), code(), 'cookie-hash')
  await store.grants.find('grant-1')
  await store.grants.listLive('user-1', NOW)
  await store.grants.listLive('user-1', NOW, { after: 20, limit: 20 })
  await store.grants.hasLive('user-1', 'client-1', grant().resource, NOW)
  await store.codes.find(code().hash)
  const proof = { key: 'proof-2', expiresAt: NOW + 59 }
  await store.codes.redeem(code().hash, refreshToken(), NOW)
  await store.codes.redeem(code().hash, refreshToken(), NOW, proof)
  await store.refreshTokens.find(refreshToken().hash)
  const successor = refreshToken({ hash: 'token-hash-2' })
  for (const _ of [1, 2]) {
    await store.refreshTokens.rotate({ hash: refreshToken().hash, successor, now: NOW })
  }
  await store.grants.revoke('grant-1', NOW)
  await store.clients.remove('client-1', NOW)
  await store.leases.acquire('purge', 'holder', NOW + 60, NOW)
  await store.leases.release('purge', 'holder')
  await store.signingKeys.list()
  await store.signingKeys.remove('kid', NOW)
  await store.purge(NOW, 500, { audit: 500, flows: 500 })
  await store.audit.readBack(null, { clientId: 'client-1', since: NOW })
  await store.flows.append([])
  await store.flows.since(NOW)
  await store.audit.readOn(1, { type: 'sign_in' })
}

/** So many rows that reading them all would cost more than an index. */
async function fill({ engine, db }: Database): Promise<void> {
  const numbers =
    engine === 'postgres'
      ? sql`select n from generate_series(1, 20000) as n`
      : sql`select value as n from (with recursive counter(value) as
          (select 1 union all select value + 1 from counter where value < 20000) select value from counter) as counted`
  const rows = (table: string, columns: string, values: string) =>
    sql`insert into ${sql.table(table)} (${sql.raw(columns)}) select ${sql.raw(values)} from (${numbers}) as numbers`.execute(
      db,
    )
  const end = `${NOW} - 10000 + n`
  await rows(
    'clients',
    'id, redirect_uris, grant_types, response_types, application_type, metadata, origin, issued_at, expires_at',
    `'c' || n, '', '', '', '', '', '', n, ${end}`,
  )
  await rows(
    'grants',
    'id, user_id, client_id, resource, scopes, created_at, expires_at',
    `'g' || n, 'u' || n, 'c' || n, '', '', n, ${end}`,
  )
  await rows(
    'codes',
    'hash, grant_id, redirect_uri, code_challenge, expires_at, consumed_at',
    `'h' || n, 'g' || n, '', '', ${NOW} - n, case when n % 100 = 0 then null else n end`,
  )
  await rows('refresh_tokens', 'hash, grant_id, created_at, expires_at', `'h' || n, 'g' || n, n, ${end}`)
  await rows('registration_tokens', 'name, hash, created_at, expires_at', `'t' || n, 'h' || n, n, ${end}`)
  await rows('revoked_tokens', 'jti, expires_at', `'j' || n, ${end}`)
  await rows('replays', 'key_hash, expires_at', `'k' || n, ${end}`)
  await rows('proofs', 'key_hash, expires_at', `'k' || n, ${end}`)
  await rows(
    'client_documents',
    'client_id, document, pinned, fetched_at, fresh_until, kept_until',
    `'https://d' || n || '/', '', 0, n, n, ${end}`,
  )
  await rows('published_keys', 'jwks_uri, jwks, fetched_at, kept_until', `'https://d' || n || '/', '', n, ${end}`)
  await rows('consents', 'user_id, client_id, resource, scopes, granted_at', `'u' || n, 'c' || n, '', '', n`)
  await rows('users', 'id, username, username_key, password_hash, created_at', `'u' || n, 'u' || n, 'u' || n, '', n`)
  await rows(
    'sessions',
    'hash, user_id, created_at, expires_at, upstream_issuer, upstream_subject, upstream_sid',
    `'h' || n, '', n, ${end}, 'i', 's' || n, 'd' || n`,
  )
  await rows(
    'identities',
    'issuer, subject, user_id, linked_at, last_seen_at, sealed_refresh_token, check_at',
    `'i', 's' || n, 'u' || n, n, n, 'sealed', ${end}`,
  )
  await rows('pending_sign_ins', 'hash, browser, provider, expires_at', `'h' || n, 'b', 'p', ${end}`)
  await rows('sign_in_attempts', 'key_hash, count, ends_at', `'k' || n, 1, ${end}`)
  await rows('shared_limits', 'key, ends_at', `'k' || n, ${end}`)
  await rows('flow_steps', 'at, step, outcome', `n, 't', 'done'`)
  await rows('audit', 'at, type, count', `n, 't', 1`)
  await rows('leases', 'name, holder, expires_at', `'l' || n, 'h', n`)
  await rows(
    'signing_keys',
    'generation, kid, algorithm, sealed_jwk, created_at, signs_from',
    `n, 'k' || n, '', '', n, n`,
  )
  if (engine === 'postgres') await sql`analyze`.execute(db)
}

/** What an engine says it would read from end to end. */
async function scans(database: Database, query: CompiledQuery): Promise<readonly string[]> {
  // Statements that are compiled once have no values yet: any will do.
  const text = query.sql.replace(/\?|\$\d+/g, "'1'")
  if (database.engine === 'sqlite') {
    const { rows } = await sql<{ detail: string }>`${sql.raw(`explain query plan ${text}`)}`.execute(database.db)
    return rows.flatMap(({ detail }) => /^SCAN (?!CONSTANT)(\S+)/.exec(detail)?.[1] ?? [])
  }
  const { rows } = await sql<{
    'QUERY PLAN': readonly { readonly Plan: Plan }[]
  }>`${sql.raw(`explain (format json) ${text}`)}`.execute(database.db)
  return rows.flatMap((row) => row['QUERY PLAN'].flatMap(({ Plan }) => scansIn(Plan)))
}

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly Plan[]
}

const scansIn = (plan: Plan): readonly string[] => [
  ...(/Scan$/.test(plan['Node Type']) && /Seq|Index/.test(plan['Node Type']) && plan['Index Cond'] === undefined
    ? [plan['Relation Name'] ?? plan['Index Name'] ?? '?']
    : []),
  ...(plan.Plans ?? []).flatMap(scansIn),
]

const engines = {
  SQLite: async () => connect('sqlite::memory:', { connections: 1, timeout: 5 }),
  PostgreSQL: async () => connect(await server.createDatabase(), { connections: 1, timeout: 30 }),
}

test.each(Object.entries(engines))('%s reads no table from end to end', async (_, open) => {
  const database = await open()
  await migrate(database, NOW)
  const tap = tapped(database)
  await useEverything(createStore(tap.database))
  await fill(database)
  const found: [string, readonly string[]][] = []
  for (const query of tap.made.values()) {
    if (!/^\s*(select|update|delete|insert)\b/.test(query.sql)) continue
    if (END_OF_INDEX.test(query.sql)) continue
    const whole = (await scans(database, query)).filter((table) => !SMALL.includes(table) && !/^(other|\()/.test(table))
    if (whole.length > 0) found.push([query.sql, whole])
  }
  expect(found).toEqual([])
  expect(tap.made.size).toBeGreaterThan(40)

  // And it would be seen.
  const unindexed = sql`select id from grants where resource = 'x'`.compile(database.db)
  expect(await scans(database, unindexed)).toEqual(['grants'])
  await database.db.destroy()
})
