/**
 * The database file belongs to its owner alone, and so do the files that SQLite keeps beside it.
 *
 * @see https://www.sqlite.org/tempfiles.html: what SQLite keeps beside a database
 * @module
 */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'

/** A new file is never anyone else's, not even for a moment. SQLite gives its side files the mode of the main one. */
export function createPrivately(path: string): void {
  if (existsSync(path)) return
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
}

/**
 * Takes from others what they may do with a file that came from somewhere else: a backup that was restored, a file that was made by hand. Gives
 * what the operator should know; null: nothing.
 *
 * To be called when SQLite has opened it: what a mistake in a setting names is left as it is, unless it is a database.
 */
export function keepPrivate(path: string): string | null {
  // There modes say nothing.
  if (process.platform === 'win32') return null
  const main = realpathSync(path)
  const files = ['', '-wal', '-shm', '-journal'].map((suffix) => main + suffix)
  const open = files.filter(isOpenToOthers)
  if (open.length === 0) return null
  for (const file of open) tighten(file)
  const still = open.filter(isOpenToOthers)
  return still.length === 0
    ? `Other users of this machine could use ${open.join(', ')}. Now only the owner can (mode 600).`
    : `Other users of this machine can use ${still.join(', ')}, and this process may not change that: its owner can, with chmod 600.`
}

/** One that is gone in the meantime is not. */
function isOpenToOthers(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false })
  return found?.isFile() === true && (found.mode & 0o077) !== 0
}

/** Some file systems have no modes, and say so in various ways: whether it helped is seen afterwards. */
function tighten(file: string): void {
  try {
    chmodSync(file, 0o600)
  } catch {
    // It is another user's.
  }
}
