/**
 * The signing keys as they are stored: private keys only sealed. The public half is inside the seal too, so that whoever can write to
 * the database still cannot make the server publish a key of theirs.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Act, AuditEntry } from '../core/audit.ts'
import type { KeyRecord } from '../core/key-life-cycle.ts'
import { insertEntry } from './audit-entries.ts'
import type { Database, SigningKeyRow } from './schema.ts'

/** One key pair. */
export interface SigningKey extends KeyRecord {
  /** The private JWK, encrypted. */
  readonly sealedJwk: string
}

/** Where signing keys are kept. What is in here is published. */
export interface SigningKeys {
  /** In the order of making. */
  list(): Promise<readonly SigningKey[]>
  /** False: this generation exists already, made by another process. */
  add(key: SigningKey, entry?: AuditEntry<Act>): Promise<boolean>
  /** False: unknown, or it is the one that signs. */
  remove(kid: string, now: number, entry?: AuditEntry<Act>): Promise<boolean>
  /** False: it is not sealed like that any more. */
  reseal(kid: string, before: string, after: string): Promise<boolean>
}

export function createSigningKeys(database: Database): SigningKeys {
  const { db } = database
  const note = insertEntry(database)

  return {
    async list() {
      const rows = await db.selectFrom('signing_keys').selectAll().orderBy('generation').execute()
      return rows.map(toSigningKey)
    },

    async add(key, entry) {
      const insert = db
        .insertInto('signing_keys')
        .values({
          generation: key.generation,
          kid: key.kid,
          algorithm: key.algorithm,
          sealed_jwk: key.sealedJwk,
          created_at: key.createdAt,
          signs_from: key.signsFrom,
        })
        .onConflict((conflict) => conflict.column('generation').doNothing())
        .compile()
      return database.runGuarded(insert, note(entry))
    },

    async remove(kid, now, entry) {
      const remove = db
        .deleteFrom('signing_keys')
        .where('kid', '=', kid)
        // Another has taken over, which then cannot go before it is taken over from, too; or its own time has not come, and another signs.
        .where(
          sql<boolean>`exists (select 1 from signing_keys as other where
          (other.signs_from <= ${now} and (other.signs_from, other.generation) > (signing_keys.signs_from, signing_keys.generation))
          or (signing_keys.signs_from > ${now} and (other.signs_from, other.generation) < (signing_keys.signs_from, signing_keys.generation)))`,
        )
        .compile()
      return database.runGuarded(remove, note(entry))
    },

    async reseal(kid, before, after) {
      const { numUpdatedRows } = await db
        .updateTable('signing_keys')
        .set({ sealed_jwk: after })
        .where('kid', '=', kid)
        .where('sealed_jwk', '=', before)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },
  }
}

const toSigningKey = (row: SigningKeyRow): SigningKey => ({
  generation: row.generation,
  kid: row.kid,
  algorithm: row.algorithm,
  sealedJwk: row.sealed_jwk,
  createdAt: row.created_at,
  signsFrom: row.signs_from,
})
