/**
 * One connection to PostgreSQL, used until it breaks and never repaired: a statement of a transaction must not reach another session.
 *
 * @see docs/adr/0021-a-postgres-pool-of-our-own.md
 * @module
 */
import type { PostgresCursor, PostgresQueryResult } from 'kysely'
import postgres from 'postgres'
import { StoreUnavailable } from '../core/ports.ts'
import { toStored } from './value.ts'
import { within } from './within.ts'

/** The members that Kysely uses, and what the pool needs to know. */
export interface PostgresConnection {
  query<Row>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<Row>>
  query<Row>(cursor: PostgresCursor<Row>): PostgresCursor<Row>
  /** True once it was lost; it never comes back. */
  broken(): boolean
  close(): Promise<void>
}

/** In seconds. */
export interface PostgresTimeouts {
  readonly connectTimeout: number
  readonly statementTimeout: number
}

/** Connects, or throws `StoreUnavailable`. */
export async function connectToPostgres(
  url: string,
  { connectTimeout, statementTimeout }: PostgresTimeouts,
): Promise<PostgresConnection> {
  let lost = false
  const lose = () => {
    lost = true
  }
  const client = createClient(url, { ...CLIENT_OPTIONS, connect_timeout: connectTimeout, onclose: lose })

  const close = async () => {
    // The driver would wait for ever to end a connection that is gone.
    if (lost) return
    lose()
    await client.end({ timeout: 1 })
  }

  const run = async <Row>(
    sql: string,
    parameters: readonly unknown[],
    seconds = statementTimeout,
  ): Promise<PostgresQueryResult<Row>> => {
    if (lost) throw new StoreUnavailable('The connection to PostgreSQL was lost.')
    try {
      const answer = client.unsafe<Row[]>(sql, parameters.map(toStored), { prepare: true })
      const result = await within(seconds, answer, 'PostgreSQL did not answer in time.')
      return { command: toCommand(result.command), rowCount: result.count ?? 0, rows: [...result] }
    } catch (error) {
      if (!leavesSessionUsable(error)) void close()
      throw error
    }
  }

  try {
    await run(
      `select ${SESSION.map((name, index) => `set_config('${name}', $${index + 1}, false)`).join(', ')}`,
      [`${statementTimeout}s`, `${statementTimeout}s`, 'read committed'],
      connectTimeout,
    )
  } catch (cause) {
    void close()
    throw new StoreUnavailable(whyNot(cause), { cause })
  }

  function query<Row>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<Row>>
  function query<Row>(cursor: PostgresCursor<Row>): PostgresCursor<Row>
  function query<Row>(statement: string | PostgresCursor<Row>, parameters: readonly unknown[] = []): unknown {
    if (typeof statement !== 'string') throw new TypeError('Cursors are not used here.')
    return run<Row>(statement, parameters)
  }
  return { query, close, broken: () => lost }
}

/** What the operator can mend is said; what PostgreSQL said is not, since it may quote the URL. */
function whyNot(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  // SQLSTATE classes: https://www.postgresql.org/docs/current/errcodes-appendix.html
  if (code.startsWith('28')) return 'PostgreSQL refused the user or the password of the database setting.'
  if (code === '3D000') return 'PostgreSQL has no database of the name in the database setting.'
  if (code === '53300') return 'PostgreSQL has no connection left.'
  return 'PostgreSQL cannot be reached.'
}

function createClient(url: string, options: typeof CLIENT_OPTIONS & { connect_timeout: number; onclose: () => void }) {
  try {
    return postgres(url, options)
  } catch {
    // Without the cause: it quotes the URL, and the URL holds a password.
    throw new TypeError('The postgres:// URL is malformed.')
  }
}

const CLIENT_OPTIONS = {
  max: 1,
  // Either would end the connection by itself, also in the middle of a transaction.
  idle_timeout: 0,
  max_lifetime: null,
  fetch_types: false,
  onnotice: () => {},
  connection: { application_name: 'sallyport' },
  // Seconds since the epoch are far below 2^53.
  types: { int8: { to: 20, from: [20], serialize: String, parse: Number } },
}

/**
 * The server must not hold locks for a process that is gone. And whoever has waited for another transaction must see what it stored: in a database whose
 * default is `repeatable read`, who disables a person would not find the grant that they waited for.
 */
const SESSION = ['statement_timeout', 'idle_in_transaction_session_timeout', 'default_transaction_isolation']

/** After an ERROR the session goes on; after anything else (FATAL, a socket's trouble, our own impatience) it is gone. */
const leavesSessionUsable = (error: unknown): boolean =>
  error instanceof postgres.PostgresError && error.severity === 'ERROR'

/** Kysely tells by it whether rows were changed, and whether a commit was one. */
const toCommand = (command: string) => command as PostgresQueryResult<unknown>['command']
