/**
 * The SQL that a migration would run, from the migrations themselves: they run against a database that only takes notes.
 *
 * @module
 */
import {
  type CompiledQuery,
  type Dialect,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { apply, prepare } from './migrate.ts'
import type { Migration } from './migrations/migration.ts'
import type { Engine, Tables } from './schema.ts'

/** A script that does what `migrate` does. */
export async function migrationScript(engine: Engine, pending: readonly Migration[], now: number): Promise<string> {
  const notes: string[] = []
  const db = new Kysely<Tables>({
    dialect: noteTaking[engine],
    log: ({ query }) => void notes.push(`${withLiterals(query)};`),
  })
  await db.transaction().execute(async (transaction) => {
    await prepare({ engine, db: transaction })
    for (const migration of pending) {
      notes.push(`\n-- ${migration.name}`)
      await apply(transaction, [migration], now)
    }
  })
  await db.destroy()
  return [engine === 'sqlite' ? 'begin immediate;' : 'begin;', ...notes, '\ncommit;'].join('\n')
}

const noteTaking: Readonly<Record<Engine, Dialect>> = {
  sqlite: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
  postgres: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
}

/** Migrations write nothing but names and numbers of our own. */
function withLiterals({ sql, parameters }: CompiledQuery): string {
  let next = 0
  return sql.replace(/\?|\$\d+/g, () => {
    const value = parameters[next++]
    return typeof value === 'number' ? String(value) : `'${String(value).replaceAll("'", "''")}'`
  })
}
