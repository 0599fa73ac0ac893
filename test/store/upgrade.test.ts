/**
 * Databases of earlier schema versions, kept as SQL: upgraded once, by whoever comes first, and nothing of them is lost.
 *
 * @module
 */
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import postgres from 'postgres'
import { publishedKeySet } from '../../server/store/conformance/published-keys.ts'
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
import { digest } from '../../server/store/hash.ts'
import { appliedTo } from '../../server/store/migrate.ts'
import { migrateDatabase, planMigrations } from '../../server/store/migrate-database.ts'
import { migrations } from '../../server/store/migrations/all.ts'
import { openStore } from '../../server/store/open-store.ts'
import { createSigner } from '../../server/store/signer.ts'
import { usePostgres } from '../support/postgres.ts'
import { ROOT } from '../support/source-tree.ts'
import {
  ASSERTION,
  agentClient,
  assertionRedeemed,
  clientDocument,
  disabledPerson,
  FIXTURE_CLAIMS,
  FIXTURE_SECRET,
  flowStep,
  grantOfAssertion,
  identityElsewhere,
  personElsewhere,
  REVOKED_ANCESTOR,
  sessionElsewhere,
} from './fixtures/make-fixture.ts'

setDefaultTimeout(60_000)

const folder = await mkdtemp(join(tmpdir(), 'sallyport-upgrade-'))
afterAll(() => rm(folder, { recursive: true }))
const server = usePostgres()

interface TestEngine {
  readonly name: 'sqlite' | 'postgres'
  empty(): Promise<string>
  run(database: string, script: string): Promise<void>
}

const engines: readonly TestEngine[] = [
  {
    name: 'sqlite',
    empty: async () => `sqlite:${join(folder, `${crypto.randomUUID()}.db`)}`,
    async run(database, script) {
      const file = new DatabaseSync(database.replace('sqlite:', ''))
      file.exec(script)
      file.close()
    },
  },
  {
    name: 'postgres',
    empty: () => server.createDatabase(),
    async run(database, script) {
      const connection = postgres(database, { max: 1, onnotice: () => {} })
      await connection.unsafe(script)
      await connection.end()
    },
  },
]

const fixture = (migration: string, { name }: TestEngine): Promise<string> =>
  Bun.file(new URL(`./fixtures/${migration}.${name}.sql`, import.meta.url)).text()

/** The names that a database remembers. */
async function migrationsOf(database: string): Promise<readonly string[]> {
  const connected = connect(database, { connections: 1, timeout: 5 })
  return appliedTo(connected).finally(() => connected.db.destroy())
}

const names = migrations.map(({ name }) => name)
const isKept = (name: string): boolean => existsSync(new URL(`./fixtures/${name}.sqlite.sql`, import.meta.url))
/** Every version but the newest must have been kept, and that one may be already. */
const earlier = names.filter((name) => name !== names.at(-1) || isKept(name))

describe.each(engines.map((engine) => [engine.name, engine] as const))('%s', (_, engine) => {
  test.each(earlier)('a database of %s is upgraded, and every row is there', async (migration) => {
    const database = await engine.empty()
    const script = await fixture(migration, engine)
    await engine.run(database, script)
    const store = await openStore({ database })
    expect(await migrationsOf(database)).toEqual(names)

    // Used when its grant was made, and kept a day longer than that.
    const kept = client({ lastUsedAt: NOW, expiresAt: grant().expiresAt + 86_400 })
    expect(await store.clients.list()).toEqual(migration >= '0011' ? [agentClient(), kept] : [kept])
    expect(await store.resources.list()).toEqual([resource()])
    expect(await store.users.findByUsername('anna')).toEqual(user())
    expect(await store.sessions.find('cookie-hash', NOW)).toMatchObject({ userId: 'user-1', expiresAt: NOW + 59 })
    expect(await store.consents.find('user-1', 'client-1', consent().resource)).toEqual(consent())
    expect(await store.revokedTokens.has('jti-1')).toBe(true)
    expect(await store.grants.find('grant-1')).toEqual(grant())
    expect(await store.codes.find(code().hash)).toEqual({ code: code({ consumedAt: NOW }), grant: grant() })
    expect(await store.codes.redeem(code().hash, null, NOW)).toBe('consumed')
    const used = refreshToken({ consumedAt: NOW + 1, successorHash: 'token-hash-2' })
    expect(await store.refreshTokens.find(refreshToken().hash)).toEqual({ token: used, grant: grant() })
    // Before 0005 it was the whole answer that was sealed, elsewhere.
    const next = refreshToken({ hash: 'token-hash-2', sealedValue: migration < '0005' ? null : 'sealed' })
    expect(await store.refreshTokens.find(next.hash)).toMatchObject({ token: next })
    const successor = refreshToken({ hash: 'token-hash-3' })
    expect(await store.refreshTokens.rotate({ hash: next.hash, successor, now: NOW + 2 })).toBe('rotated')

    if (migration >= '0006') {
      expect(await store.registrationTokens.list()).toEqual([registrationToken()])
      expect(await store.clientDocuments.list()).toEqual([clientDocument()])
      expect(await store.replays.remember('assertion-1', NOW + 60, NOW)).toBe(false)
      expect((await store.audit.readBack(null, {})).records.at(-1)).toMatchObject({
        type: 'sign_in_failed',
        at: NOW,
      })
      expect(await store.flows.since(0)).toEqual([flowStep()])
    }

    if (migration >= '0007') expect(await store.proofs.remember('proof-1', NOW + 60)).toBe(false)
    if (migration >= '0008') expect(await store.publishedKeys.find(publishedKeySet().jwksUri)).not.toBeNull()

    if (migration >= '0010') {
      expect(await store.identities.list('user-1')).toEqual([identity()])
      expect(await store.pendingSignIns.find('state-hash', NOW)).toEqual(pendingSignIn())
    }

    if (migration >= '0011') {
      expect(await store.users.list()).toEqual([user(), personElsewhere(), disabledPerson()])
      expect(await store.identities.takeDue(NOW + 60, NOW + 60, 10)).toEqual([identityElsewhere()])
      expect(await store.sessions.find('cookie-hash-2', NOW)).toEqual(sessionElsewhere())
      expect(await store.grants.find('grant-2')).toEqual(grantOfAssertion())
      const again = { ...grantOfAssertion(), id: 'grant-4' }
      expect(await store.grants.redeem(again, { assertion: ASSERTION, proof: null }, NOW)).toBe('used')
      expect(await store.revokedTokens.has(REVOKED_ANCESTOR)).toBe(true)
      const { type, ...parties } = assertionRedeemed()
      expect((await store.audit.readBack(null, { type })).records).toMatchObject([
        { ...parties, requestId: 'request-2' },
      ])
    }

    const token = /access token: (\S+)/.exec(script)?.[1] ?? ''
    const signer = await createSigner({ keys: store.signingKeys, secret: FIXTURE_SECRET, now: () => NOW + 1 })
    expect(await signer.readAccessToken(token)).toEqual(FIXTURE_CLAIMS)
    const [key] = await store.signingKeys.list()
    expect(key).toMatchObject({ createdAt: NOW, signsFrom: NOW })
    expect(await signer.jwks()).toMatchObject({ keys: [{ kid: key?.kid }] })
    await store.close()
  })

  test('RFC 9449 section 11.1 a proof that was used before an upgrade is used after it, whatever its time and the tolerance then', async () => {
    const database = await engine.empty()
    const used = Array.from({ length: 97 }, (_, index) => ({ key: `proof of ${index}`, iat: NOW + 15 * index }))
    const rows = used.flatMap(({ key, iat }, index) => {
      const tolerance = [5, 60, 300][index % 3] ?? 0
      return `(${iat + tolerance + 1}, '${digest(key).slice(0, 22)}')`
    })
    const script = await fixture('0008-published-keys', engine)
    await engine.run(database, `${script}\ninsert into proofs (expires_at, key_hash) values ${rows.join(', ')};`)
    const store = await openStore({ database })
    const again = await Promise.all(used.map(({ key, iat }) => store.proofs.remember(key, iat + 360)))
    expect(again.filter((first) => first)).toEqual([])
    expect(await store.proofs.remember('proof of nobody', NOW + 360)).toBe(true)
    await store.close()
  })

  test('while a process of 0008 runs on after the upgrade, a proof counts once at it and once at the new ones, and at it once more if it was used before', async () => {
    const database = await engine.empty()
    const [before, after] = ['used before', 'used after'].map((key) => ({
      expires_at: NOW + 61,
      key_hash: digest(key).slice(0, 22),
    }))
    if (before === undefined || after === undefined) throw new Error('there are two')
    const script = await fixture('0008-published-keys', engine)
    await engine.run(
      database,
      `${script}\ninsert into proofs (expires_at, key_hash) values (${before.expires_at}, '${before.key_hash}');`,
    )
    const store = await openStore({ database })
    const { db } = connect(database, { connections: 1, timeout: 5 })
    /** What a process of that version asks. */
    const rememberAsBefore = async (row: typeof before): Promise<boolean> => {
      const insert = db.insertInto('proofs').values(row)
      return (
        (await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirst()).numInsertedOrUpdatedRows === 1n
      )
    }
    expect([await rememberAsBefore(after), await rememberAsBefore(after)]).toEqual([true, false])
    const remember = (key: string): Promise<boolean> => store.proofs.remember(key, NOW + 360)
    expect([await remember('used after'), await remember('used after')]).toEqual([true, false])
    // Rows of before were moved to where the new ones look.
    expect([await remember('used before'), await rememberAsBefore(before), await rememberAsBefore(before)]).toEqual([
      false,
      true,
      false,
    ])
    await Promise.all([store.close(), db.destroy()])
  })

  test('the plan is what an upgrade runs: the script alone gives the same database, and then nothing is left to do', async () => {
    const database = await engine.empty()
    await engine.run(database, (await planMigrations(database, NOW)) ?? '')
    expect(await migrationsOf(database)).toEqual(names)
    expect(await planMigrations(database, NOW)).toBeNull()
    expect(await migrateDatabase(database, NOW)).toEqual([])
    const store = await openStore({ database })
    expect(await store.clients.create(client())).toBe(true)
    await store.close()
  })

  test('the plan of an old database has what it lacks, and changes nothing', async () => {
    const database = await engine.empty()
    await engine.run(database, await fixture('0001-initial', engine))
    const plan = (await planMigrations(database, NOW)) ?? ''
    expect(plan).not.toContain('create table "clients"')
    expect(plan).toContain('create table "leases"')
    expect(await migrationsOf(database)).toEqual(['0001-initial'])
    expect(await migrateDatabase(database, NOW)).toEqual(names.slice(1))
  })

  test('ten processes that open an old database at once upgrade it once', async () => {
    const database = await engine.empty()
    await engine.run(database, await fixture('0001-initial', engine))
    const command = [`${ROOT}node_modules/.bin/bun`, `${ROOT}test/support/store-process.ts`, database]
    const processes = Array.from({ length: 10 }, () =>
      Bun.spawn(command, { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe', env: { PATH: Bun.env['PATH'] ?? '' } }),
    )
    const outputs = processes.map(({ stdout }) => stdout.getReader())
    // All are up, and none has begun.
    await Promise.all(outputs.map((output) => output.read()))
    for (const { stdin } of processes) {
      stdin.write('go\n')
      await stdin.end()
    }
    const said = await Promise.all(outputs.map(async (output) => new TextDecoder().decode((await output.read()).value)))
    const errors = await Promise.all(processes.map(({ stderr }) => new Response(stderr).text()))
    expect({ said, errors }).toEqual({ said: Array(10).fill('opened\n'), errors: Array(10).fill('') })
    expect(await migrationsOf(database)).toEqual(names)
  })

  test('ten processes that open a new database at once make it once', async () => {
    const database = await engine.empty()
    const command = [`${ROOT}node_modules/.bin/bun`, `${ROOT}test/support/store-process.ts`, database]
    const processes = Array.from({ length: 10 }, () =>
      Bun.spawn(command, { stdin: new TextEncoder().encode('go\n'), stdout: 'pipe', stderr: 'pipe' }),
    )
    const errors = await Promise.all(processes.map(({ stderr }) => new Response(stderr).text()))
    const codes = await Promise.all(processes.map(({ exited }) => exited))
    expect({ codes, errors }).toEqual({ codes: Array(10).fill(0), errors: Array(10).fill('') })
    expect(await migrationsOf(database)).toEqual(names)
  })
})

test('a plan for a SQLite file that does not exist does not create it', async () => {
  const path = join(folder, 'never.db')
  expect(await planMigrations(`sqlite:${path}`, NOW)).toStartWith('begin immediate;')
  expect(await Bun.file(path).exists()).toBe(false)
})
