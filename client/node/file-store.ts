/**
 * A store in files: one per record, readable by its owner only, replaced in one step, locked between processes.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { SallyportError } from '../errors.ts'
import { createMutex } from '../stores/mutex.ts'
import type { Store, StoredRecord } from '../stores/store.ts'
import { isCode } from './is-code.ts'
import { LEASE_TIMES, type LeaseTimes, withLease } from './lease-lock.ts'
import { RECORD, readLatest, TEMPORARY, writeNext } from './record-files.ts'

/** Where a file store keeps its records. */
export interface FileStoreOptions {
  /**
   * Default `$XDG_STATE_HOME/sallyport`, else `~/.local/state/sallyport`. Created with mode 0700 where it is missing. One that is
   * there keeps its mode, and is refused where others may write to it. The file system must have hard links.
   */
  readonly directory?: string
  /** The clock, in seconds since the epoch; only decides when abandoned flows are swept. */
  readonly now?: () => number
  /** How the lock between processes behaves, in milliseconds. */
  readonly lease?: Partial<LeaseTimes>
}

/** What a record looks like in its file: a JSON object, with `dropAfter` as the record has it, so that it can be swept. */
export interface Writing {
  readonly toText: (key: string, record: StoredRecord) => Promise<string>
  /** `undefined` where it cannot be read, and for a deletion. */
  readonly toRecord: (key: string, text: string) => Promise<StoredRecord | undefined>
}

const PLAIN: Writing = {
  toText: async (_key, record) => JSON.stringify(record),
  toRecord: async (_key, text) => readRecord(text),
}

/**
 * Keeps records in `directory`, in files of mode 0600. The content is not encrypted: whoever can read the owner's files can read the
 * tokens, as with an SSH key without a passphrase. `sallyport/client/keychain` has a store that encrypts it.
 *
 * @throws {SallyportError} from the store's methods: `configuration` where others than the owner may write to the directory, or
 *   the file system has no hard links, `store_busy` where another process does not let go of a lock; the file system's own errors
 *   otherwise
 * @example const session = createSession(url, { store: fileStore(), interaction: loopback() })
 */
export function fileStore(options: FileStoreOptions = {}): Store {
  return recordStore(options, PLAIN)
}

/** A file store whose records are written in a way of their own. */
export function recordStore(options: FileStoreOptions, writing: Writing): Store {
  const directory = options.directory ?? defaultDirectory()
  const now = options.now ?? (() => Math.floor(Date.now() / 1000))
  const times = { ...LEASE_TIMES, ...options.lease }
  const mutex = createMutex()

  let swept = false
  /** Each time: somebody may have removed it, or opened it to others. */
  const ready = async (): Promise<void> => {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await refuseShared(directory)
    if (swept) return
    swept = true
    for (const name of await readdir(directory)) await sweepTemporary(directory, name, times.stale)
  }

  /** Decides by what is there, and writes; decides anew where somebody else was faster. */
  const commit = async (
    key: string,
    decide: (present: StoredRecord | undefined) => string | undefined,
  ): Promise<boolean> => {
    await ready()
    const name = nameOf(key)
    for (;;) {
      const latest = await readLatest(directory, name)
      const text = decide(latest && (await writing.toRecord(key, latest.text)))
      if (text === undefined) return false
      if (await writeNext(directory, name, latest?.number ?? 0, text)) return true
    }
  }

  return {
    // Reading makes no directory.
    async get(key) {
      await refuseShared(directory)
      const latest = await readLatest(directory, nameOf(key))
      return latest && writing.toRecord(key, latest.text)
    },

    async set(key, record, ifGeneration) {
      const text = await writing.toText(key, record)
      const written = await commit(key, (present) =>
        ifGeneration === undefined || present?.generation === ifGeneration ? text : undefined,
      )
      if (record.dropAfter !== undefined) await sweep(directory, kindOf(key), now(), times.stale)
      return written
    },

    delete: (key, ifGeneration) =>
      commit(key, (present) => {
        if (present === undefined) return undefined
        return ifGeneration === undefined || present.generation === ifGeneration ? deletionOf(present) : undefined
      }),

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

export function defaultDirectory(): string {
  return join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'sallyport')
}

const kindOf = (key: string): string => /^[a-z]*/.exec(key)?.[0] ?? ''

/** Keys hold URLs and ids of any length: a digest makes a file name of them. */
const nameOf = (key: string): string => `${kindOf(key)}-${createHash('sha256').update(key).digest('hex').slice(0, 40)}`

/** What may be forgotten some day, may be forgotten after it was deleted as well. */
const deletionOf = ({ dropAfter }: StoredRecord): string =>
  dropAfter === undefined ? '' : JSON.stringify({ dropAfter })

/** What cannot be read as a record counts as absent: the person signs in again, and it is replaced. */
export function readRecord(text: string): StoredRecord | undefined {
  const value = parse(text)
  return isRecord(value) ? value : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is StoredRecord {
  return typeof value === 'object' && value !== null && 'generation' in value && typeof value.generation === 'string'
}

/** Whoever may write there can have this session use a token of theirs. Elsewhere than on POSIX the mode means nothing. */
async function refuseShared(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  try {
    const { mode } = await stat(directory)
    if ((mode & 0o022) === 0) return
  } catch (error) {
    if (isCode(error, 'ENOENT')) return
    throw error
  }
  const cause = new Error('Others may write to the directory of the file store. Take that from them: chmod go-w')
  throw new SallyportError('configuration', { cause })
}

/** What a process that died while writing has left behind: it has a whole record in it, tokens and all. */
async function sweepTemporary(directory: string, name: string, stale: number): Promise<void> {
  if (!TEMPORARY.test(name)) return
  const path = join(directory, name)
  const written = await stat(path).catch(() => undefined)
  if (written !== undefined && Date.now() - written.mtimeMs > stale) await rm(path, { force: true })
}

/** Forgets records of one kind whose time is over: flows that nobody came back from. */
async function sweep(directory: string, kind: string, now: number, stale: number): Promise<void> {
  for (const name of await readdir(directory)) {
    await sweepTemporary(directory, name, stale)
    if (!name.startsWith(`${kind}-`) || !RECORD.test(name)) continue
    const value = parse(await readFile(join(directory, name), 'utf8').catch(() => ''))
    const dropAfter = typeof value === 'object' && value !== null && 'dropAfter' in value ? value.dropAfter : undefined
    if (typeof dropAfter === 'number' && dropAfter < now) await rm(join(directory, name), { force: true })
  }
}
