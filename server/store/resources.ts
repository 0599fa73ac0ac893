/**
 * Registered resources.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Resources } from '../core/ports.ts'
import type { Resource } from '../core/records.ts'
import { insertEntry } from './audit-entries.ts'
import { fromJson, listOrNull, toJson } from './json.ts'
import { recent } from './recent.ts'
import type { Database, ResourceRow } from './schema.ts'
import { statement } from './statement.ts'

export function createResources(database: Database): Resources {
  const { db } = database
  const list = statement(() => db.selectFrom('resources').selectAll().orderBy('position').orderBy('identifier'))
  const listed = recent(async () => (await database.run(list({}))).rows.map(toResource))

  const note = insertEntry(database)

  return {
    list: listed.get,

    async put(resource, entry) {
      const described = {
        aliases: toJson(resource.aliases),
        name: resource.name,
        scopes: toJson(resource.scopes),
        scope_hierarchy: toJson(resource.scopeHierarchy),
        default_scopes: toJson(resource.defaultScopes),
        access_token_lifetime: resource.accessTokenLifetime,
        dpop: resource.dpop,
      }
      const put = db
        .insertInto('resources')
        .values({
          identifier: resource.identifier,
          position: sql<number>`(select coalesce(max(position), 0) + 1 from resources)`,
          ...described,
        })
        .onConflict((conflict) => conflict.column('identifier').doUpdateSet(described))
        .compile()
      await database.runGuarded(put, note(entry)).finally(listed.forget)
    },

    async remove(identifier, entry) {
      const remove = db.deleteFrom('resources').where('identifier', '=', identifier).compile()
      return database.runGuarded(remove, note(entry)).finally(listed.forget)
    },
  }
}

const toResource = (row: ResourceRow): Resource => ({
  identifier: row.identifier,
  aliases: fromJson(row.aliases),
  name: row.name,
  scopes: fromJson(row.scopes),
  scopeHierarchy: fromJson(row.scope_hierarchy),
  defaultScopes: listOrNull(row.default_scopes),
  accessTokenLifetime: row.access_token_lifetime,
  dpop: row.dpop,
})
