/**
 * The one place that tells an outage from a defect: what the drivers throw when the database cannot be used becomes
 * `StoreUnavailable` (503, try again), everything else stays what it is.
 *
 * @see https://www.sqlite.org/rescode.html
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 * @module
 */
import { StoreUnavailable } from '../core/ports.ts'

/** Wraps a port: every method rejects with `StoreUnavailable` when the database cannot be used. */
export function reportingOutages<Port extends object>(port: Port): Port {
  const wrapped = new Map<string | symbol, unknown>()
  const wrap = (member: unknown): unknown =>
    typeof member !== 'function'
      ? member
      : async (...parameters: unknown[]): Promise<unknown> => {
          try {
            return await Reflect.apply(member, port, parameters)
          } catch (error) {
            throw toUnavailable(error)
          }
        }
  return new Proxy(port, {
    get(target, name) {
      if (!wrapped.has(name)) wrapped.set(name, wrap(Reflect.get(target, name)))
      return wrapped.get(name)
    },
  })
}

/** `StoreUnavailable` for an outage, the error itself otherwise. */
export function toUnavailable(error: unknown): unknown {
  if (error instanceof StoreUnavailable || !isOutage(error)) return error
  return new StoreUnavailable(describe(error), { cause: error })
}

/** For the log: what the operator has to do, where that is known; else the words of whoever asks. */
export const describe = (error: unknown, otherwise = 'The database cannot be used right now.'): string =>
  isDiskFull(error) ? 'The disk of the database is full: nothing can be stored until there is space.' : otherwise

function isDiskFull(error: unknown): boolean {
  const sqlite = sqliteCode(error)
  if (sqlite !== null) return (sqlite & PRIMARY) === SQLITE_FULL || sqlite === SQLITE_IOERR_SHMSIZE
  return NO_SPACE.has(codeOf(error) ?? '')
}

const SQLITE_FULL = 13
/** There is no space for the index of the write-ahead log, which is made when the first process opens a database. */
const SQLITE_IOERR_SHMSIZE = 4874
/** PostgreSQL's disk_full, and what the file system says when a file or its folder is made. */
const NO_SPACE: ReadonlySet<string> = new Set(['53100', 'ENOSPC', 'EDQUOT'])

/** SQLITE_BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB. */
const SQLITE_OUTAGES = new Set([5, 6, 8, 10, 11, 13, 14, 15, 26])

/**
 * SQLSTATE classes: connection exception, transaction rollback (a deadlock, a serialization failure), insufficient resources, operator
 * intervention, system error; and a server that has become read-only.
 */
const SQLSTATE_OUTAGES = /^(08|40|53|57|58)[0-9A-Z]{3}$|^25006$/

/** A closed database, and network trouble as sockets and the PostgreSQL driver report it. */
const CODE_OUTAGES =
  /^(ERR_INVALID_STATE|CONNECTION_CLOSED|CONNECTION_ENDED|CONNECTION_DESTROYED|CONNECT_TIMEOUT|ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/

function isOutage(error: unknown): boolean {
  const sqlite = sqliteCode(error)
  if (sqlite !== null) return SQLITE_OUTAGES.has(sqlite & PRIMARY)
  const code = codeOf(error)
  if (code !== null) return SQLSTATE_OUTAGES.test(code) || CODE_OUTAGES.test(code)
  return error instanceof Error && error.message === KYSELY_CLOSED
}

/** The low byte is the primary code; the rest tells its variants. */
const PRIMARY = 0xff

const sqliteCode = (error: unknown): number | null =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : null

const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null

/** Kysely has no class for it. */
const KYSELY_CLOSED = 'driver has already been destroyed'
