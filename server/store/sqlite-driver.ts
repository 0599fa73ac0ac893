/**
 * SQLite for Kysely, and for queries that are compiled already: reads go to a connection of their own, writes are committed in groups.
 *
 * @see docs/adr/0070-group-commit.md
 * @module
 */
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely'
import { groupCommit, type Unit } from './group-commit.ts'
import type { Database } from './schema.ts'
import { openSqliteFile, type Synchronous } from './sqlite-file.ts'
import { isBusy, whenFree } from './when-free.ts'

export interface SqliteOptions {
  /** How long a statement waits while another process writes, in seconds. */
  readonly timeout: number
  /** Default: full. */
  readonly synchronous?: Synchronous
}

/** The database is opened when the driver is made, so that a file that cannot be opened is known at once. */
export function sqliteDriver(
  path: string,
  { timeout, synchronous = 'full' }: SqliteOptions,
): Pick<Database, 'run' | 'runGuarded'> & { readonly driver: Driver } {
  const { writer, reader } = openSqliteFile(path, synchronous)
  const commits = groupCommit(writer, { timeout, grouped: reader !== null })
  const units = new WeakMap<DatabaseConnection, Unit>()

  const write = <Row>({ sql, parameters }: CompiledQuery): QueryResult<Row> => writer.run(sql, parameters)

  async function run<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { sql, parameters } = query
    if (reader === null || !READS.test(sql)) return commits.run(() => write<Row>(query), { atomic: true })
    try {
      return reader.run(sql, parameters)
    } catch (error) {
      if (!isBusy(error)) throw error
      return whenFree(() => reader.run(sql, parameters), performance.now() + timeout * 1000)
    }
  }

  const finish = (connection: DatabaseConnection): Unit | undefined => {
    const unit = units.get(connection)
    units.delete(connection)
    return unit
  }

  const driver: Driver = {
    init: async () => {},

    async acquireConnection() {
      const connection: DatabaseConnection = {
        executeQuery: async (query) => (units.has(connection) ? write(query) : run(query)),
        streamQuery() {
          throw new TypeError('Streams are not used here.')
        },
      }
      return connection
    },
    releaseConnection: async () => {},

    async beginTransaction(connection) {
      units.set(connection, await commits.begin())
    },
    commitTransaction: async (connection) => finish(connection)?.commit(),
    rollbackTransaction: async (connection) => finish(connection)?.rollback(),

    async destroy() {
      await commits.close()
      reader?.close()
      writer.close()
    },
  }

  return {
    driver,
    run,
    runGuarded: (guard, others) =>
      commits.run(
        () => {
          const changed = write(guard).numAffectedRows === 1n
          if (changed) for (const query of others) write(query)
          return changed
        },
        { atomic: others.length === 0 },
      ),
  }
}

const READS = /^\s*select\b/i
