/**
 * Queries that are built and compiled once: a call only fills in what differs. Building one anew costs more than running it on SQLite.
 *
 * @see docs/adr/0071-statements-are-compiled-once.md
 * @module
 */
import { type Compilable, type CompiledQuery, type RawBuilder, sql } from 'kysely'

/** What is stored. */
type Value = string | number | null

/** Stands in a query for a value that each call brings. */
export type Parameter<Values> = <Name extends keyof Values & string>(name: Name) => RawBuilder<Values[Name]>

/** The query with its values, ready to run. */
export type Statement<Values, Row> = (values: Values) => CompiledQuery<Row>

/**
 * Compiles a query.
 *
 * @example
 * const find = statement((value: Parameter<{ id: string }>) =>
 *   database.db.selectFrom('clients').selectAll().where('id', '=', value('id')))
 * const { rows } = await database.run(find({ id }))
 */
export function statement<Values extends Readonly<Record<keyof Values, Value>>, Row>(
  build: (value: Parameter<Values>) => Compilable<Row>,
): Statement<Values, Row> {
  let prepared: Prepared<Values, Row> | undefined
  return (values) => {
    // At the first call: a start would take 10 ms longer for statements that no one has asked for yet.
    prepared ??= prepare(build)
    const { query, queryId, sql, fill } = prepared
    return { query, queryId, sql, parameters: fill.map((parameter) => parameter(values)) }
  }
}

interface Prepared<Values, Row> extends Omit<CompiledQuery<Row>, 'parameters'> {
  readonly fill: readonly ((values: Values) => unknown)[]
}

function prepare<Values extends Readonly<Record<keyof Values, Value>>, Row>(
  build: (value: Parameter<Values>) => Compilable<Row>,
): Prepared<Values, Row> {
  const { parameters, ...compiled } = build((name) => sql<Values[typeof name]>`${new Placeholder(name)}`).compile()
  const fill = parameters.map((parameter) =>
    parameter instanceof Placeholder
      ? (values: Readonly<Record<string, Value>>) => values[parameter.name]
      : () => parameter,
  )
  return { ...compiled, fill }
}

class Placeholder {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}
