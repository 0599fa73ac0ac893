/**
 * The database itself, asked past the server.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import postgres from 'postgres'

export type Row = Readonly<Record<string, unknown>>

/** What a statement answers. The server may be running. */
export async function query(database: string, sql: string): Promise<readonly Row[]> {
  if (!database.startsWith('sqlite:')) {
    const client = postgres(database, { max: 1, onnotice: () => {} })
    try {
      return [...(await client.unsafe<Record<string, unknown>[]>(sql))]
    } finally {
      await client.end()
    }
  }
  const file = new DatabaseSync(database.slice('sqlite:'.length), { readOnly: true })
  try {
    return file.prepare(sql).all()
  } finally {
    file.close()
  }
}

/** Statements that must find nothing, and what it would mean. */
const INVARIANTS: Readonly<Record<string, string>> = {
  'families with two live heads':
    'select grant_id from refresh_tokens where consumed_at is null group by grant_id having count(*) > 1',
  'families with two beginnings: a code was redeemed twice': `
    select grant_id from refresh_tokens t
    where not exists (select 1 from refresh_tokens p where p.successor_hash = t.hash)
    group by grant_id having count(*) > 1`,
  'successors that are not stored': `
    select hash from refresh_tokens t where successor_hash is not null
    and not exists (select 1 from refresh_tokens s where s.hash = t.successor_hash)`,
  'tokens whose code was never redeemed': `
    select t.hash from refresh_tokens t join codes c on c.grant_id = t.grant_id where c.consumed_at is null`,
  'grants without a code': 'select id from grants g where not exists (select 1 from codes c where c.grant_id = g.id)',
}

/** What is wrong inside, in words. Nothing, if all is well. */
export async function faultsIn(database: string): Promise<readonly string[]> {
  const found = await Promise.all(
    Object.entries(INVARIANTS).map(async ([meaning, sql]) =>
      (await query(database, sql)).length > 0 ? [meaning] : [],
    ),
  )
  if (!database.startsWith('sqlite:')) return found.flat()
  const [check] = await query(database, 'pragma integrity_check')
  const strays = await query(database, 'pragma foreign_key_check')
  const damaged = check?.['integrity_check'] === 'ok' ? [] : [`integrity_check: ${JSON.stringify(check)}`]
  return [...found.flat(), ...damaged, ...(strays.length > 0 ? ['foreign_key_check'] : [])]
}

/** What must be the same before and after: the schema's steps and the keys. */
export const foundations = async (database: string): Promise<readonly Row[]> => [
  ...(await query(database, 'select name, applied_at from migrations order by name')),
  ...(await query(database, 'select * from signing_keys order by generation')),
]
