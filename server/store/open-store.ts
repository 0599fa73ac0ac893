/**
 * Opens the database that a setting names, brings its schema up to date, and hands out every storage port.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Keep, Store } from '../core/ports.ts'
import { createAuditLog } from './audit-log.ts'
import { createClientDocuments } from './client-documents.ts'
import { createClients } from './clients.ts'
import { createCodes } from './codes.ts'
import { connect } from './connect.ts'
import { createConsents } from './consents.ts'
import { createFlowLog } from './flow-log.ts'
import { createGrants } from './grants.ts'
import { createIdentities } from './identities.ts'
import { createLeases } from './leases.ts'
import { migrate } from './migrate.ts'
import { MIGRATION_TIMEOUT } from './migrate-database.ts'
import { createPendingSignIns } from './pending-sign-ins.ts'
import { createProofs } from './proofs.ts'
import { createPublishedKeys } from './published-keys.ts'
import { purge } from './purge.ts'
import { createRefreshTokens } from './refresh-tokens.ts'
import { createRegistrationTokens } from './registration-tokens.ts'
import { createReplays } from './replays.ts'
import { createResources } from './resources.ts'
import { createRevokedTokens } from './revoked-tokens.ts'
import type { Database } from './schema.ts'
import { createSessions } from './sessions.ts'
import { createSharedLimits } from './shared-limits.ts'
import { createSignInAttempts } from './sign-in-attempts.ts'
import { createSigningKeys, type SigningKeys } from './signing-keys.ts'
import type { Synchronous } from './sqlite-file.ts'
import { reportingOutages, toUnavailable } from './unavailable.ts'
import { createUsers } from './users.ts'

export interface StoreOptions {
  /** `sqlite:PATH`, `sqlite::memory:`, or a `postgres://` URL. */
  readonly database: string
  /** PostgreSQL: the most connections at once (default 10). */
  readonly connections?: number
  /** SQLite: whether a commit waits for the disk (`full`, the default), or a power failure may lose the last ones (`normal`). */
  readonly synchronous?: Synchronous
  /** How long to wait for the database, in seconds (default 5): for a connection, for a lock, for the answer to a statement. */
  readonly timeout?: number
  /** SQLite: told what the operator should know, such as that others could read the file. Default: nobody is. */
  readonly onWarning?: (message: string) => void
}

/** A store, and the signing keys that live in the same database. */
export interface OpenStore extends Store {
  readonly signingKeys: SigningKeys
}

/**
 * Opens (on SQLite: creates) and migrates the database.
 *
 * @throws {StoreUnavailable} when it cannot be reached or opened.
 * @throws {DatabaseTooNew} when a later version has migrated it.
 * @throws {TypeError} when `database` is neither of the two, or names a SQLite database by a URI.
 * @example
 * const store = await openStore({ database: 'sqlite:.sallyport/sallyport.db' })
 */
export async function openStore(options: StoreOptions): Promise<OpenStore> {
  const { database, connections = 10, synchronous = 'full', timeout = 5, onWarning = () => {} } = options
  const once = { connections: 1, statementTimeout: MIGRATION_TIMEOUT }
  const migrating = connect(database, { ...once, synchronous, timeout, onWarning })
  await migrateOrClose(migrating)
  if (migrating.engine === 'sqlite') return createStore(migrating)
  await migrating.db.destroy()
  return createStore(connect(database, { connections, timeout }))
}

async function migrateOrClose(database: Database): Promise<void> {
  try {
    await migrate(database, Math.floor(Date.now() / 1000))
  } catch (error) {
    await database.db.destroy()
    throw toUnavailable(error)
  }
}

/** Every port, on a database that is open and up to date. */
export function createStore(database: Database): OpenStore {
  const { forget, ...clients } = createClients(database)
  return {
    clients: reportingOutages(clients),
    clientDocuments: reportingOutages(createClientDocuments(database)),
    publishedKeys: reportingOutages(createPublishedKeys(database)),
    registrationTokens: reportingOutages(createRegistrationTokens(database)),
    resources: reportingOutages(createResources(database)),
    grants: reportingOutages(createGrants(database)),
    codes: reportingOutages(createCodes(database)),
    refreshTokens: reportingOutages(createRefreshTokens(database)),
    revokedTokens: reportingOutages(createRevokedTokens(database)),
    replays: reportingOutages(createReplays(database)),
    proofs: reportingOutages(createProofs(database)),
    consents: reportingOutages(createConsents(database)),
    users: reportingOutages(createUsers(database)),
    identities: reportingOutages(createIdentities(database)),
    pendingSignIns: reportingOutages(createPendingSignIns(database)),
    sessions: reportingOutages(createSessions(database)),
    signInAttempts: reportingOutages(createSignInAttempts(database)),
    sharedLimits: reportingOutages(createSharedLimits(database)),
    leases: reportingOutages(createLeases(database)),
    audit: reportingOutages(createAuditLog(database)),
    flows: reportingOutages(createFlowLog(database)),
    signingKeys: reportingOutages(createSigningKeys(database)),
    ...reportingOutages({
      ping: async () => {
        await sql`select 1`.execute(database.db)
      },
      purge: (now: number, limit: number, keep?: Keep) => purge(database, now, limit, keep).finally(forget),
      close: () => database.db.destroy(),
    }),
  }
}
