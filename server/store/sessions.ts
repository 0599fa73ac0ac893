/**
 * Browsers that people signed in with.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Sessions } from '../core/ports.ts'
import type { Session, UpstreamSession } from '../core/records.ts'
import { insertEntry } from './audit-entries.ts'
import { enabledPerson } from './present.ts'
import type { Database, SessionRow } from './schema.ts'
import { type Parameter, statement } from './statement.ts'

export function createSessions(database: Database): Sessions {
  const { db } = database
  const find = statement((value: Parameter<{ hash: string; now: number }>) =>
    db.selectFrom('sessions').selectAll().where('hash', '=', value('hash')).where('expires_at', '>', value('now')),
  )

  const insert = statement((value: Parameter<NewSession>) => {
    const person = enabledPerson(database, value('user_id'))
    const unchanged = person.where(
      'password_hash',
      '=',
      sql<string>`coalesce(${value('password_hash')}, password_hash)`,
    )
    return db
      .insertInto('sessions')
      .columns(COLUMNS)
      .expression(db.selectNoFrom(COLUMNS.map((name) => value(name).as(name))).where(({ exists }) => exists(unchanged)))
  })
  const remove = statement((value: Parameter<{ hash: string }>) =>
    db.deleteFrom('sessions').where('hash', '=', value('hash')),
  )
  const note = insertEntry(database)

  return {
    create: (session, passwordHash = null, entry = undefined) =>
      database.runGuarded(insert({ ...toRow(session), password_hash: passwordHash }), note(entry)),

    async find(hash, now) {
      const [row] = (await database.run(find({ hash, now }))).rows
      return row === undefined ? null : toSession(row)
    },

    async remove(hash, entry) {
      await database.runGuarded(remove({ hash }), note(entry))
    },

    async removeUpstream({ issuer, ...names }, entryOf) {
      return db.transaction().execute(async (transaction) => {
        const ofIssuer = transaction.deleteFrom('sessions').where('upstream_issuer', '=', issuer)
        const { subject } = names
        const ofPerson = subject === undefined ? ofIssuer : ofIssuer.where('upstream_subject', '=', subject)
        const named =
          'sid' in names
            ? ofPerson.where(({ eb, or }) => {
                const isNamed = eb('upstream_sid', '=', names.sid)
                // An ID token need not say which session it is from: of such a person, it may be this one.
                return subject === undefined ? isNamed : or([isNamed, eb('upstream_sid', 'is', null)])
              })
            : ofPerson
        const rows = await named.returning('user_id').execute()
        const users = [...new Set(rows.map(({ user_id }) => user_id))]
        for (const insert of users.flatMap((userId) => note(entryOf?.(userId)))) await transaction.executeQuery(insert)
        return users
      })
    },
  }
}

type NewSession = SessionRow & { readonly password_hash: string | null }

const COLUMNS = [
  'hash',
  'user_id',
  'created_at',
  'expires_at',
  'upstream_issuer',
  'upstream_subject',
  'upstream_sid',
  'sealed_id_token',
] as const satisfies (keyof SessionRow)[]

const toRow = ({ hash, userId, createdAt, expiresAt, upstream }: Session): SessionRow => ({
  hash,
  user_id: userId,
  created_at: createdAt,
  expires_at: expiresAt,
  upstream_issuer: upstream?.issuer ?? null,
  upstream_subject: upstream?.subject ?? null,
  upstream_sid: upstream?.sid ?? null,
  sealed_id_token: upstream?.sealedIdToken ?? null,
})

const toSession = (row: SessionRow): Session => ({
  hash: row.hash,
  userId: row.user_id,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  ...upstreamOf(row),
})

function upstreamOf(row: SessionRow): { readonly upstream?: UpstreamSession } {
  const { upstream_issuer: issuer, upstream_subject: subject, sealed_id_token: sealedIdToken } = row
  if (issuer === null || subject === null || sealedIdToken === null) return {}
  return { upstream: { issuer, subject, sid: row.upstream_sid, sealedIdToken } }
}
