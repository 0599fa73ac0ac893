/**
 * Records as numbered files: each write is the file with the next number, which the file system gives to one writer.
 *
 * That makes a comparison and a write one step, with or without a lock: what was decided by number 7 can only become number 8, and a
 * process that was stopped in between finds 8 taken, or itself below what counts. The highest number is the record, and has its name not
 * before it is whole. A deletion is a number too, so that none is used twice.
 *
 * @see docs/adr/0158-records-are-numbered.md
 * @module
 */
import { randomUUID } from 'node:crypto'
import { link, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SallyportError } from '../errors.ts'
import { isCode } from './is-code.ts'

/** What has the highest number. An empty text is a deletion. */
export interface RecordFile {
  readonly number: number
  readonly text: string
}

/** The name of a record's file. Without a number is how earlier versions wrote. */
export const RECORD = /^([a-z]*-[0-9a-f]{40})(?:\.(\d+))?\.json$/

/** The name of what is being written. */
export const TEMPORARY = /^[a-z]*-[0-9a-f]{40}\.(?:json\.)?[0-9a-f-]{36}\.tmp$/

/** Somebody faster may sweep what was just listed; this often in a row nobody is. */
const MAX_LOOKS = 100

/** The record of that name, or its deletion; `undefined` where there never was one. */
export async function readLatest(directory: string, name: string): Promise<RecordFile | undefined> {
  for (let look = 1; ; look += 1) {
    const latest = (await filesOf(directory, name)).at(-1)
    if (latest === undefined) return undefined
    try {
      return { number: latest.number, text: await readFile(join(directory, latest.file), 'utf8') }
    } catch (error) {
      if (!isCode(error, 'ENOENT') || look === MAX_LOOKS) throw error
    }
  }
}

/**
 * Makes `text` the record in place of number `after`, durably. `false`: somebody else was faster, so what was decided has to be decided
 * anew.
 *
 * @throws {SallyportError} `configuration` on a file system without hard links; the file system's own errors otherwise
 */
export async function writeNext(directory: string, name: string, after: number, text: string): Promise<boolean> {
  const number = after + 1
  const temporary = join(directory, `${name}.${randomUUID()}.tmp`)
  try {
    await writeThrough(temporary, text)
    await link(temporary, join(directory, `${name}.${number}.json`))
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw isCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS') ? withoutLinks(error) : error
  } finally {
    await rm(temporary, { force: true })
  }
  await syncDirectory(directory)
  const files = await filesOf(directory, name)
  const highest = files.at(-1)?.number ?? number
  const below = files.filter((other) => other.number < highest)
  // It is written. What cannot be removed now (on Windows: what is being read) is removed by whoever writes next.
  await Promise.all(below.map(({ file }) => rm(join(directory, file), { force: true }).catch(() => {})))
  // Further ahead: the number was free because somebody had swept it, and this write does not count.
  return highest === number
}

/** The files of one name, ascending. */
async function filesOf(directory: string, name: string) {
  const files: { readonly file: string; readonly number: number }[] = []
  for (const file of await listed(directory)) {
    const [, of, number = '0'] = RECORD.exec(file) ?? []
    if (of === name) files.push({ file, number: Number(number) })
  }
  return files.sort((a, b) => a.number - b.number)
}

async function listed(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return []
    throw error
  }
}

async function writeThrough(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes the new name durable. Systems that cannot do that to a directory do without. */
async function syncDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, 'r')
    await handle.sync().finally(() => handle.close())
  } catch {}
}

function withoutLinks(error: unknown): SallyportError {
  const message =
    'The file system of the store’s directory has no hard links. Put it on another one (option `directory`).'
  return new SallyportError('configuration', { cause: new Error(message, { cause: error }) })
}
