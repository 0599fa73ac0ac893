/**
 * Queries that are built and compiled once: a call only fills in what differs. Building one anew costs more than running it on SQLite.
 *
 * @see docs/adr/0071-statements-are-compiled-once.md
 * @module
 */
import { type Compilable, type Kysely, type QueryResult, type RawBuilder, sql } from 'kysely'
import type { Tables } from './schema.ts'

/** What is stored. */
type Value = string | number | null

/** Stands in a query for a value that each call brings. */
export type Parameter<Values> = <Name extends keyof Values & string>(name: Name) => RawBuilder<Values[Name]>

/** Runs the query, in `transaction` where there is one. */
export type Statement<Values, Row> = (values: Values, transaction?: Kysely<Tables>) => Promise<QueryResult<Row>>

/**
 * Compiles a query for the database of `db`.
 *
 * @example
 * const find = statement(db, (value: Parameter<{ id: string }>) =>
 *   db.selectFrom('clients').selectAll().where('id', '=', value('id')))
 * const { rows } = await find({ id })
 */
export function statement<Values extends Readonly<Record<keyof Values, Value>>, Row>(
  db: Kysely<Tables>,
  build: (value: Parameter<Values>) => Compilable<Row>,
): Statement<Values, Row> {
  const compiled = build((name) => sql<Values[typeof name]>`${new Placeholder(name)}`).compile()
  const fill = compiled.parameters.map((parameter) =>
    parameter instanceof Placeholder
      ? (values: Readonly<Record<string, Value>>) => values[parameter.name]
      : () => parameter,
  )
  return (values, transaction = db) =>
    transaction.executeQuery({ ...compiled, parameters: fill.map((parameter) => parameter(values)) })
}

/** Whether a statement changed exactly one row. */
export const changedOne = ({ numAffectedRows }: QueryResult<unknown>): boolean => numAffectedRows === 1n

class Placeholder {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}
