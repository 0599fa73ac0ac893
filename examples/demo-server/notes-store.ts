/**
 * The notes of each user, in SQLite. Every statement names the owner: no call can reach another user's notes.
 *
 * @see https://nodejs.org/api/sqlite.html: the one driver that Bun, Deno and Node all bring along
 * @module
 */
import { DatabaseSync } from 'node:sqlite'

/** `createdAt` in seconds since the epoch. */
export interface Note {
  readonly id: number
  readonly text: string
  readonly createdAt: number
}

/** An owner is the `sub` of a verified token. */
export interface NotesStore {
  /** The newest 100, newest first. */
  list(owner: string): readonly Note[]
  add(owner: string, text: string, createdAt: number): Note
  /** How many there were. */
  clear(owner: string): number
  close(): void
}

/** Opens or creates the database file; `:memory:` for one that is gone with the process. */
export function openNotesStore(path: string): NotesStore {
  const database = new DatabaseSync(path)
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS notes (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      owner TEXT NOT NULL,
      text TEXT NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS notes_by_owner ON notes (owner, id);
  `)
  const select = database.prepare('SELECT id, text, created_at FROM notes WHERE owner = ? ORDER BY id DESC LIMIT 100')
  const insert = database.prepare('INSERT INTO notes (owner, text, created_at) VALUES (?, ?, ?)')
  const remove = database.prepare('DELETE FROM notes WHERE owner = ?')

  return {
    list: (owner) =>
      select.all(owner).map((row) => ({
        id: Number(row['id']),
        text: String(row['text']),
        createdAt: Number(row['created_at']),
      })),
    add(owner, text, createdAt) {
      const { lastInsertRowid } = insert.run(owner, text, createdAt)
      return { id: Number(lastInsertRowid), text, createdAt }
    },
    clear: (owner) => Number(remove.run(owner).changes),
    close: () => database.close(),
  }
}
