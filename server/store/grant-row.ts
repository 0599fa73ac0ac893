/**
 * A grant as a row: by itself, and beside the row of something that belongs to it.
 *
 * @module
 */
import type { Grant } from '../core/records.ts'
import { fromJson, toJson } from './json.ts'
import type { GrantRow } from './schema.ts'

/** The columns of a grant that is read together with what belongs to it. */
export const grantColumns = [
  'grants.id',
  'grants.user_id',
  'grants.client_id',
  'grants.resource',
  'grants.scopes',
  'grants.created_at as granted_at',
  'grants.expires_at as ends_at',
  'grants.revoked_at',
] as const

type GrantBeside = Omit<GrantRow, 'created_at' | 'expires_at'> & {
  readonly granted_at: GrantRow['created_at']
  readonly ends_at: GrantRow['expires_at']
}

export const toGrantBeside = (row: GrantBeside): Grant =>
  toGrant({ ...row, created_at: row.granted_at, expires_at: row.ends_at })

export const grantToRow = (grant: Grant): GrantRow => ({
  id: grant.id,
  user_id: grant.userId,
  client_id: grant.clientId,
  resource: grant.resource,
  scopes: toJson(grant.scopes),
  created_at: grant.createdAt,
  expires_at: grant.expiresAt,
  revoked_at: grant.revokedAt,
})

export const toGrant = (row: GrantRow): Grant => ({
  id: row.id,
  userId: row.user_id,
  clientId: row.client_id,
  resource: row.resource,
  scopes: fromJson(row.scopes),
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at,
})
