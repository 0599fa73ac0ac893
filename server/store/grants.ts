/**
 * Grants: the families of everything that was issued from one authorization.
 *
 * @module
 */
import type { Grants } from '../core/ports.ts'
import type { Grant } from '../core/records.ts'
import { codeToRow } from './codes.ts'
import { fromJson, toJson } from './json.ts'
import type { Database, GrantRow } from './schema.ts'

export const createGrants = ({ db }: Database): Grants => ({
  async create(grant, code) {
    await db.transaction().execute(async (transaction) => {
      await transaction.insertInto('grants').values(toRow(grant)).execute()
      await transaction.insertInto('codes').values(codeToRow(code)).execute()
    })
  },

  async find(id) {
    const row = await db.selectFrom('grants').selectAll().where('id', '=', id).executeTakeFirst()
    return row === undefined ? null : toGrant(row)
  },

  async listLive(userId, now) {
    const rows = await db
      .selectFrom('grants')
      .selectAll()
      .where('user_id', '=', userId)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', now)
      .orderBy('created_at', 'desc')
      .orderBy('id')
      .execute()
    return rows.map(toGrant)
  },

  async revoke(id, now) {
    const { numUpdatedRows } = await db
      .updateTable('grants')
      .set({ revoked_at: now })
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  },
})

const toRow = (grant: Grant): GrantRow => ({
  id: grant.id,
  user_id: grant.userId,
  client_id: grant.clientId,
  resource: grant.resource,
  scopes: toJson(grant.scopes),
  created_at: grant.createdAt,
  expires_at: grant.expiresAt,
  revoked_at: grant.revokedAt,
})

const toGrant = (row: GrantRow): Grant => ({
  id: row.id,
  userId: row.user_id,
  clientId: row.client_id,
  resource: row.resource,
  scopes: fromJson(row.scopes),
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at,
})
