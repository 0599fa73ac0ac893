/**
 * SQLite for Kysely, and for queries that are compiled already: one connection, whose writes are committed in groups.
 *
 * @see docs/adr/0070-group-commit.md
 * @module
 */
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely'
import { groupCommit, type LongTransaction } from './group-commit.ts'
import type { Database, Guard } from './schema.ts'
import { openSqliteFile, type Synchronous } from './sqlite-file.ts'
import { isBusy, whenFree } from './when-free.ts'

export interface SqliteOptions {
  /** How long a statement waits while another process writes, in seconds. */
  readonly timeout: number
  /** Default: full. */
  readonly synchronous?: Synchronous
  /** Default: false. */
  readonly readOnly?: boolean
  /** Told what the operator should know, such as that others could read the file. Default: nobody is. */
  readonly onWarning?: (message: string) => void
}

/** The database is opened when the driver is made, so that a file that cannot be opened is known at once. */
export function sqliteDriver(
  path: string,
  { timeout, synchronous = 'full', readOnly = false, onWarning = () => {} }: SqliteOptions,
): Pick<Database, 'run' | 'runGuarded' | 'runInTurn'> & { readonly driver: Driver } {
  const sqlite = openSqliteFile(path, { synchronous, readOnly, onWarning })
  let transaction = 0
  const begun = (): void => {
    transaction += 1
  }
  const commits = groupCommit(sqlite, { timeout, begun })
  const transactions = new WeakMap<DatabaseConnection, LongTransaction>()

  const execute = <Row>({ sql, parameters }: CompiledQuery): QueryResult<Row> => sqlite.run(sql, parameters)

  const read = <Row>(query: CompiledQuery<Row>): readonly Row[] => execute<Row>(query).rows

  async function run<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const work = (): QueryResult<Row> => execute(query)
    if (!READS.test(query.sql)) return commits.run(work, { atomic: true })
    try {
      return await commits.read(work)
    } catch (error) {
      if (!isBusy(error)) throw error
      return whenFree(() => commits.read(work), performance.now() + timeout * 1000)
    }
  }

  const changes = (guard: Guard): boolean => {
    const query = typeof guard === 'function' ? guard({ transaction, read }) : guard
    return query !== null && execute(query).numAffectedRows === 1n
  }

  const finish = (connection: DatabaseConnection): LongTransaction | undefined => {
    const transaction = transactions.get(connection)
    transactions.delete(connection)
    return transaction
  }

  const driver: Driver = {
    init: async () => {},

    async acquireConnection() {
      const connection: DatabaseConnection = {
        executeQuery: async (query) => (transactions.has(connection) ? execute(query) : run(query)),
        streamQuery() {
          throw new TypeError('Streams are not used here.')
        },
      }
      return connection
    },
    releaseConnection: async () => {},

    async beginTransaction(connection) {
      transactions.set(connection, await commits.begin())
    },
    commitTransaction: async (connection) => finish(connection)?.commit(),
    rollbackTransaction: async (connection) => finish(connection)?.rollback(),

    async destroy() {
      await commits.close()
      sqlite.close()
    },
  }

  return {
    driver,
    run,
    runGuarded: (guard, others) =>
      commits.run(
        () => {
          const changed = changes(guard)
          if (changed) for (const query of others) execute(query)
          return changed
        },
        { atomic: others.length === 0 },
      ),
    runInTurn: (guards, others) =>
      commits.run(() => {
        const unchanged = guards.findIndex((guard) => !changes(guard))
        if (unchanged >= 0) return unchanged
        for (const query of others) execute(query)
        return guards.length
      }),
  }
}

const READS = /^\s*select\b/i
