/**
 * What may be used once. One guarded upsert, so that of any number of callers in any number of processes one is the first.
 *
 * @see RFC 7523 section 3: `jti`
 * @module
 */
import type { Replays } from '../core/ports.ts'
import { hash } from './hash.ts'
import type { Database } from './schema.ts'
import { type Parameter, type Statement, statement } from './statement.ts'

export function createReplays(database: Database): Replays {
  const remember = useOnce(database)

  return {
    async remember(key, expiresAt, now) {
      const { numAffectedRows } = await database.run(
        remember({ key_hash: await hash(key), expires_at: expiresAt, now }),
      )
      return numAffectedRows === 1n
    },
  }
}

/** Stores a use, unless it is there. */
export const useOnce = ({ db }: Database): Statement<Use, unknown> =>
  statement((value: Parameter<Use>) =>
    db
      .insertInto('replays')
      .values({ key_hash: value('key_hash'), expires_at: value('expires_at') })
      .onConflict((conflict) =>
        conflict
          .column('key_hash')
          .doUpdateSet({ expires_at: value('expires_at') })
          // What has expired and was not forgotten yet does not count.
          .where('replays.expires_at', '<=', value('now')),
      ),
  )

interface Use {
  readonly key_hash: string
  readonly expires_at: number
  readonly now: number
}
