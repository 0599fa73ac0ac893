/**
 * That a person or a session is there, as a condition of what is stored for them: until the transaction ends, whoever would remove it waits. SQLite has one
 * writer at a time and needs no lock.
 *
 * @see docs/adr/0086-what-rests-on-a-person.md
 * @module
 */
import type { RawBuilder } from 'kysely'
import type { Database } from './schema.ts'

/** A person who is not disabled. */
export const enabledPerson = (database: Database, id: RawBuilder<string>) =>
  person(database, id).where('users.disabled_at', 'is', null)

/** Disabled or not. */
export const person = ({ db, engine }: Database, id: RawBuilder<string>) =>
  db
    .selectFrom('users')
    .select('users.id')
    .where('users.id', '=', id)
    .$if(engine === 'postgres', (query) => query.forShare())

/** A session that has not been ended. Where there is one, its person is enabled: whoever disables them ends it. */
export const sessionOf = ({ db, engine }: Database, userId: RawBuilder<string>, hash: RawBuilder<string>) =>
  db
    .selectFrom('sessions')
    .select('sessions.hash')
    .where('sessions.hash', '=', hash)
    .where('sessions.user_id', '=', userId)
    .$if(engine === 'postgres', (query) => query.forShare())
