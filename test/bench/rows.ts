/**
 * Fills a SQLite database with tokens that are nobody's, spread evenly over the key space. Half of them have expired, and are purged while
 * the load runs: that is part of the price.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite'

/** base64url's characters in the order in which text is compared: rows then arrive sorted, which is the only fast way. */
const SORTED = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'

const TOKENS_PER_GRANT = 10

/** `count` refresh tokens, and the grants that they belong to. */
export async function addRows(database: string, count: number): Promise<void> {
  const path = /^sqlite:(.+)$/.exec(database)?.[1]
  if (path === undefined) throw new TypeError('Rows can be added to SQLite only.')
  const db = new DatabaseSync(path)
  const now = Math.floor(Date.now() / 1000)
  const grants = Math.ceil(count / TOKENS_PER_GRANT)
  db.exec('pragma synchronous = off; pragma foreign_keys = off; pragma cache_size = -500000; begin')
  db.exec(`
    with recursive n(i) as (select 0 union all select i + 1 from n where i < ${grants - 1})
    insert into grants (id, user_id, client_id, resource, scopes, created_at, expires_at, revoked_at)
    select ${key('i', grants)} || substr(hex(randomblob(9)), 1, 18), 'bench-user-' || (i / 10), 'bench-client',
      'https://notes.example/mcp', '["notes:read"]', ${now - 1000}, ${now + 7_776_000}, null from n`)
  db.exec(`
    with recursive n(i) as (select 0 union all select i + 1 from n where i < ${count - 1})
    insert into refresh_tokens (hash, grant_id, created_at, expires_at, consumed_at)
    select (select id from grants where rowid = 1 + i / ${TOKENS_PER_GRANT}) || printf('.%06d.', i % ${TOKENS_PER_GRANT})
        || hex(randomblob(21)),
      (select id from grants where rowid = 1 + i / ${TOKENS_PER_GRANT}), ${now - 1000},
      ${now} + iif((i / ${TOKENS_PER_GRANT}) % 2, 2592000, -60), iif(i % ${TOKENS_PER_GRANT}, ${now - 500}, null) from n`)
  db.exec('commit; pragma wal_checkpoint(truncate)')
  db.close()
}

/** Four characters that grow with `i` from 0 to `count`, over the whole range. */
function key(i: string, count: number): string {
  const scaled = `(${i} * ${64 ** 4} / ${count})`
  return [64 ** 3, 64 ** 2, 64, 1].map((unit) => `substr('${SORTED}', 1 + (${scaled} / ${unit}) % 64, 1)`).join(' || ')
}
