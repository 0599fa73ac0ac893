/**
 * Registered resources.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Resources } from '../core/ports.ts'
import type { Resource } from '../core/records.ts'
import { fromJson, listOrNull, toJson } from './json.ts'
import type { Database, ResourceRow } from './schema.ts'

export const createResources = ({ db }: Database): Resources => ({
  async list() {
    const rows = await db.selectFrom('resources').selectAll().orderBy('position').orderBy('identifier').execute()
    return rows.map(toResource)
  },

  async put(resource) {
    const described = {
      aliases: toJson(resource.aliases),
      name: resource.name,
      scopes: toJson(resource.scopes),
      default_scopes: toJson(resource.defaultScopes),
    }
    await db
      .insertInto('resources')
      .values({
        identifier: resource.identifier,
        position: sql<number>`(select coalesce(max(position), 0) + 1 from resources)`,
        ...described,
      })
      .onConflict((conflict) => conflict.column('identifier').doUpdateSet(described))
      .execute()
  },

  async remove(identifier) {
    const { numDeletedRows } = await db.deleteFrom('resources').where('identifier', '=', identifier).executeTakeFirst()
    return numDeletedRows === 1n
  },
})

const toResource = (row: ResourceRow): Resource => ({
  identifier: row.identifier,
  aliases: fromJson(row.aliases),
  name: row.name,
  scopes: fromJson(row.scopes),
  defaultScopes: listOrNull(row.default_scopes),
})
