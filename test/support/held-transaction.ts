/**
 * A transaction of PostgreSQL that is held open, so that the order of two is forced.
 *
 * @module
 */
import postgres from 'postgres'

/** Begins with the statement, starts the call, ends the transaction once the call is seen waiting for it (or is done). */
export async function during<Value>(
  url: string,
  statement: string,
  call: () => Promise<Value>,
  end: 'commit' | 'rollback' = 'commit',
): Promise<Value> {
  const holder = postgres(url, { max: 1 })
  const observer = postgres(url, { max: 1 })
  await holder.unsafe('begin')
  await holder.unsafe(statement)
  let done = false
  const called = call().finally(() => {
    done = true
  })
  while (!done) {
    const waiting = await observer`
      select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    if (waiting.length > 0) break
  }
  await holder.unsafe(end)
  await Promise.all([holder.end(), observer.end()])
  return called
}
