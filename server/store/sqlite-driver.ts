/**
 * SQLite for Kysely: reads go to a connection of their own, writes are committed in groups.
 *
 * @see docs/adr/0070-group-commit.md
 * @module
 */
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely'
import { type GroupCommit, groupCommit, type Unit } from './group-commit.ts'
import { openSqliteFile, type SqliteConnection, type Synchronous } from './sqlite-file.ts'
import { whenFree } from './when-free.ts'

export interface SqliteOptions {
  /** How long a statement waits while another process writes, in seconds. */
  readonly timeout: number
  /** Default: full. */
  readonly synchronous?: Synchronous
}

/** The database is opened when the driver is made, so that a file that cannot be opened is known at once. */
export function sqliteDriver(path: string, options: SqliteOptions): Driver {
  const { writer, reader } = openSqliteFile(path, options.synchronous ?? 'full')
  const commits = groupCommit(writer, { timeout: options.timeout, grouped: reader !== null })
  const units = new WeakMap<DatabaseConnection, Unit>()

  const finish = (connection: DatabaseConnection): Unit | undefined => {
    const unit = units.get(connection)
    units.delete(connection)
    return unit
  }

  return {
    init: async () => {},

    async acquireConnection() {
      const connection: DatabaseConnection = {
        async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
          if (units.has(connection)) return writer.run(sql, parameters)
          if (reader !== null && READS.test(sql)) return read(reader, options, sql, parameters)
          return alone(commits, () => writer.run(sql, parameters))
        },
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
}

const READS = /^\s*select\b/i

const read = <Row>(
  reader: SqliteConnection,
  { timeout }: SqliteOptions,
  sql: string,
  parameters: readonly unknown[],
): Promise<QueryResult<Row>> => whenFree(() => reader.run(sql, parameters), performance.now() + timeout * 1000)

/** A statement that is a transaction by itself. */
async function alone<Result>(commits: GroupCommit, run: () => Result): Promise<Result> {
  const unit = await commits.begin()
  let result: Result
  try {
    result = run()
  } catch (error) {
    unit.rollback()
    throw error
  }
  await unit.commit()
  return result
}
