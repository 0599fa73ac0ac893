/**
 * A connection to a SQLite database. Statements are prepared once.
 *
 * @see https://www.sqlite.org/pragma.html
 * @see https://www.sqlite.org/wal.html
 * @module
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { QueryResult } from 'kysely'
import { StoreUnavailable } from '../core/ports.ts'
import { createPrivately, keepPrivate } from './private-file.ts'
import { describe } from './unavailable.ts'
import { toStored } from './value.ts'
import { isBusy } from './when-free.ts'

/** `full`: a commit waits for the disk. `normal`: a power failure, but no crash of the process, may lose the last commits. */
export type Synchronous = 'full' | 'normal'

export interface SqliteFileOptions {
  readonly synchronous: Synchronous
  /** Whether to look only: what is stored, who else may use the file, and how SQLite keeps it stay as they are. Default: false. */
  readonly readOnly?: boolean
  /** Told what the operator should know, such as that others could read the file. */
  readonly onWarning: (message: string) => void
}

/** Whatever it does, it does at once. */
export interface SqliteConnection {
  run<Row>(sql: string, parameters?: readonly unknown[]): QueryResult<Row>
  /** False also after SQLite gave up a transaction by itself, as it does when the disk is full. */
  inTransaction(): boolean
  close(): void
}

/** Opens (and creates) the file; `:memory:` is a database of its own each time. */
export function openSqliteFile(path: string, options: SqliteFileOptions): SqliteConnection {
  const { synchronous, readOnly = false, onWarning } = options
  try {
    if (path === ':memory:') return connect(path)
    // Not SQLite's own read-only mode, which leaves files behind beside a database that nobody else has open.
    if (readOnly) return connect(path, 'pragma query_only = on')
    createPrivately(path)
    // WAL: readers in other processes never wait, and they see a commit once it is on the disk, not before.
    // What a savepoint may have to undo is kept in memory: it would go to a temporary file, page by page.
    const connection = connect(
      path,
      `pragma journal_mode = wal; pragma synchronous = ${synchronous}; pragma temp_store = memory`,
    )
    const warning = keepPrivate(path)
    if (warning !== null) onWarning(warning)
    return connection
  } catch (cause) {
    throw new StoreUnavailable(describe(cause, `The SQLite database ${path} cannot be opened.`), { cause })
  }
}

function connect(path: string, pragmas = ''): SqliteConnection {
  const database = new DatabaseSync(path, { timeout: OPEN_TIMEOUT, enableForeignKeyConstraints: true })
  try {
    // From here on nobody waits inside SQLite: that would stop the whole process.
    untilFree(() => database.exec(`${pragmas}; pragma busy_timeout = 0`))
  } catch (error) {
    database.close()
    throw error
  }
  const prepare = statements(database)
  return {
    run<Row>(sql: string, parameters: readonly unknown[] = []): QueryResult<Row> {
      const { statement, answers } = prepare(sql)
      const values = parameters.map(toStored)
      // What the columns hold is what the schema says.
      if (answers) return { rows: statement.all(...values) as Row[] }
      const { changes } = statement.run(...values)
      return { rows: [], numAffectedRows: BigInt(changes) }
    },
    inTransaction: () => database.isTransaction,
    close: () => database.close(),
  }
}

/** How long the pragmas wait while another process opens the same file, in milliseconds. */
const OPEN_TIMEOUT = 5000

/**
 * Of processes that turn a new file to WAL at the same time SQLite refuses all but one at once, without waiting as it was told: it
 * sees a deadlock. There are no requests yet that this process could stand in the way of.
 */
function untilFree<Value>(work: () => Value): Value {
  const deadline = performance.now() + OPEN_TIMEOUT
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

interface Prepared {
  readonly statement: StatementSync
  /** Whether it answers with rows. */
  readonly answers: boolean
}

/** More than there are in this program, whose statements hardly vary. */
const MAX_PREPARED = 200

function statements(database: DatabaseSync): (sql: string) => Prepared {
  const known = new Map<string, Prepared>()
  return (sql) => {
    const before = known.get(sql)
    if (before !== undefined) return before
    const statement = database.prepare(sql)
    const prepared = { statement, answers: statement.columns().length > 0 }
    // Changes of the schema are made once, and what was prepared before them may not fit any more.
    if (!/^\s*(select|insert|update|delete|begin|commit|rollback|savepoint|release)\b/i.test(sql)) known.clear()
    else {
      if (known.size >= MAX_PREPARED) known.clear()
      known.set(sql, prepared)
    }
    return prepared
  }
}
