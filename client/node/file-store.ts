/**
 * A store in files: one per record, readable by its owner only, replaced in one step, locked between processes.
 *
 * @module
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { SallyportError } from '../errors.ts'
import { createMutex } from '../stores/mutex.ts'
import type { Store, StoredRecord } from '../stores/store.ts'
import { isCode, LEASE_TIMES, type LeaseTimes, withLease } from './lease-lock.ts'

/** Where a file store keeps its records. */
export interface FileStoreOptions {
  /**
   * Default `$XDG_STATE_HOME/sallyport`, else `~/.local/state/sallyport`. Created with mode 0700 where it is missing. One that is
   * there keeps its mode, and is refused where others may write to it.
   */
  readonly directory?: string
  /** The clock, in seconds since the epoch; only decides when abandoned flows are swept. */
  readonly now?: () => number
  /** How the lock between processes behaves, in milliseconds. */
  readonly lease?: Partial<LeaseTimes>
}

/**
 * Keeps records in `directory`, in files of mode 0600. The content is not encrypted: whoever can read the owner's files can read the
 * tokens, as with an SSH key without a passphrase.
 *
 * @throws {SallyportError} from the store's methods: `configuration` where others than the owner may write to the directory,
 *   `store_busy` where another process does not let go of a lock; the file system's own errors otherwise
 * @example const session = createSession(url, { store: fileStore(), interaction: loopback() })
 */
export function fileStore(options: FileStoreOptions = {}): Store {
  const directory = options.directory ?? defaultDirectory()
  const now = options.now ?? (() => Math.floor(Date.now() / 1000))
  const times = { ...LEASE_TIMES, ...options.lease }
  const mutex = createMutex()
  const pathOf = (key: string): string => join(directory, `${nameOf(key)}.json`)

  let prepared: Promise<void> | undefined
  const ready = (): Promise<void> => {
    prepared ??= prepare(directory, times.stale).catch((error) => {
      prepared = undefined
      throw error
    })
    return prepared
  }

  return {
    // Reading makes no directory.
    async get(key) {
      await (prepared ?? refuseShared(directory))
      return readRecord(pathOf(key))
    },

    async set(key, record) {
      await ready()
      await replaceFile(pathOf(key), JSON.stringify(record))
      if (record.dropAfter === undefined) return
      await sweep(directory, kindOf(key), now())
      await sweepTemporary(directory, times.stale)
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

/** As `replaceFile` names them. */
const TEMPORARY = /^[a-z]*-[0-9a-f]{40}\.json\.[0-9a-f-]{36}\.tmp$/

const kindOf = (key: string): string => /^[a-z]*/.exec(key)?.[0] ?? ''

/** Keys hold URLs and ids of any length: a digest makes a file name of them. */
const nameOf = (key: string): string => `${kindOf(key)}-${createHash('sha256').update(key).digest('hex').slice(0, 40)}`

async function prepare(directory: string, stale: number): Promise<void> {
  const made = await mkdir(directory, { recursive: true, mode: 0o700 })
  if (made !== undefined) return
  await refuseShared(directory)
  await sweepTemporary(directory, stale)
}

/** Whoever may write there can have this session use a token of theirs. Elsewhere than on POSIX the mode means nothing. */
async function refuseShared(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  const mode = await stat(directory).then(
    (found) => found.mode,
    (error) => {
      if (isCode(error, 'ENOENT')) return 0
      throw error
    },
  )
  if ((mode & 0o022) === 0) return
  const cause = new Error('Others may write to the directory of the file store. Take that from them: chmod go-w')
  throw new SallyportError('configuration', { cause })
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

/** What a process that died while writing has left behind: it has a whole record in it, tokens and all. */
async function sweepTemporary(directory: string, stale: number): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!TEMPORARY.test(name)) continue
    const path = join(directory, name)
    const written = await stat(path).catch(() => undefined)
    if (written !== undefined && Date.now() - written.mtimeMs > stale) await rm(path, { force: true })
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
