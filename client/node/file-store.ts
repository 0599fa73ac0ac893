/**
 * A store in files: one per record, readable by its owner only, replaced in one step, locked between processes.
 *
 * @module
 */
import { createHash, randomUUID } from 'node:crypto'
import { chmod, mkdir, open, readdir, readFile, rename, rm, unlink } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createMutex } from '../stores/mutex.ts'
import type { Store, StoredRecord } from '../stores/store.ts'
import { isCode, LEASE_TIMES, type LeaseTimes, withLease } from './lease-lock.ts'

/** Where a file store keeps its records. */
export interface FileStoreOptions {
  /** Default `$XDG_STATE_HOME/sallyport`, else `~/.local/state/sallyport`. Created with mode 0700. */
  readonly directory?: string
  /** The clock, in seconds since the epoch; only decides when abandoned flows are swept. */
  readonly now?: () => number
  /** How the lock between processes behaves, in milliseconds. */
  readonly lease?: Partial<LeaseTimes>
}

/**
 * Keeps records in `directory`, mode 0700, in files of mode 0600. The content is not encrypted: whoever can read the owner's files
 * can read the tokens, as with an SSH key without a passphrase.
 *
 * @example const session = createSession(url, { store: fileStore(), interaction: loopback() })
 */
export function fileStore(options: FileStoreOptions = {}): Store {
  const directory = options.directory ?? defaultDirectory()
  const now = options.now ?? (() => Math.floor(Date.now() / 1000))
  const times = { ...LEASE_TIMES, ...options.lease }
  const mutex = createMutex()
  const pathOf = (key: string): string => join(directory, `${nameOf(key)}.json`)

  let created: Promise<void> | undefined
  const ready = (): Promise<void> => {
    created ??= createPrivateDirectory(directory).catch((error) => {
      created = undefined
      throw error
    })
    return created
  }

  return {
    get: (key) => readRecord(pathOf(key)),

    async set(key, record) {
      await ready()
      await replaceFile(pathOf(key), JSON.stringify(record))
      if (record.dropAfter !== undefined) await sweep(directory, kindOf(key), now())
    },

    async delete(key, ifGeneration) {
      // Whoever deletes by generation holds the key's lock, so nobody writes between these two steps.
      if (ifGeneration !== undefined && (await readRecord(pathOf(key)))?.generation !== ifGeneration) return false
      return removeFile(pathOf(key))
    },

    // The mutex first: sessions of one process queue without touching the disk.
    lock: (key, work, { signal } = {}) =>
      mutex(
        key,
        async () => {
          await ready()
          return withLease(directory, nameOf(key), work, { signal, times })
        },
        signal,
      ),
  }
}

function defaultDirectory(): string {
  return join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'sallyport')
}

const kindOf = (key: string): string => /^[a-z]*/.exec(key)?.[0] ?? ''

/** Keys hold URLs and ids of any length: a digest makes a file name of them. */
const nameOf = (key: string): string => `${kindOf(key)}-${createHash('sha256').update(key).digest('hex').slice(0, 40)}`

async function createPrivateDirectory(directory: string): Promise<void> {
  const made = await mkdir(directory, { recursive: true, mode: 0o700 })
  // Not ours alone before: make it so. Elsewhere than on POSIX the mode means nothing.
  if (made === undefined && process.platform !== 'win32') await chmod(directory, 0o700)
}

/** A file that is gone or not readable as JSON counts as absent: the person signs in again, and it is replaced. */
async function readRecord(path: string): Promise<StoredRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isRecord(value) ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError || isCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function isRecord(value: unknown): value is StoredRecord {
  return typeof value === 'object' && value !== null && 'generation' in value && typeof value.generation === 'string'
}

/** Written beside, made durable, then moved into place: a crash leaves the old record or the new one. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Not `rm`: Node's tells everybody who called it at once that the file was theirs to remove. */
async function removeFile(path: string): Promise<boolean> {
  try {
    await unlink(path)
    return true
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false
    throw error
  }
}

/** Forgets records of one kind whose time is over: flows that nobody came back from. */
async function sweep(directory: string, kind: string, now: number): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(`${kind}-`) || !name.endsWith('.json')) continue
    const record = await readRecord(join(directory, name))
    if (record?.dropAfter !== undefined && record.dropAfter < now) await removeFile(join(directory, name))
  }
}
