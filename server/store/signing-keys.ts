/**
 * The signing keys as they are stored: private keys only sealed. The public half is inside the seal too, so that whoever can write to
 * the database still cannot make the server publish a key of theirs.
 *
 * @module
 */
import type { Database, SigningKeyRow } from './schema.ts'

/** One key pair. */
export interface SigningKey {
  /** 1, 2, 3, ...: the highest signs. */
  readonly generation: number
  /** RFC 7638 thumbprint. */
  readonly kid: string
  readonly algorithm: string
  /** The private JWK, encrypted. */
  readonly sealedJwk: string
  readonly createdAt: number
}

/** Where signing keys are kept. */
export interface SigningKeys {
  /** Oldest first. */
  list(): Promise<readonly SigningKey[]>
  /** False: this generation exists already, made by another process. */
  add(key: SigningKey): Promise<boolean>
}

export const createSigningKeys = ({ db }: Database): SigningKeys => ({
  async list() {
    const rows = await db.selectFrom('signing_keys').selectAll().orderBy('generation').execute()
    return rows.map(toSigningKey)
  },

  async add(key) {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('signing_keys')
      .values({
        generation: key.generation,
        kid: key.kid,
        algorithm: key.algorithm,
        sealed_jwk: key.sealedJwk,
        created_at: key.createdAt,
      })
      .onConflict((conflict) => conflict.column('generation').doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  },
})

const toSigningKey = (row: SigningKeyRow): SigningKey => ({
  generation: row.generation,
  kid: row.kid,
  algorithm: row.algorithm,
  sealedJwk: row.sealed_jwk,
  createdAt: row.created_at,
})
