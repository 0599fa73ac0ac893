/**
 * A lock between processes, made of files: a lease with an owner, a heartbeat and a way to take over from the dead.
 *
 * Each holder owns a numbered file, and the highest number is the lease. It is acquired by creating the next number, which the file
 * system grants to one process; its modification time is the heartbeat; releasing sets that time to zero. The highest file is never
 * removed, so that a slow process cannot create a number that was used up long ago and believe itself the owner.
 *
 * @module
 */
import { open, readdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { SallyportError } from '../errors.ts'

/** Times in milliseconds. */
export interface LeaseTimes {
  /** How often the holder says that it is alive. */
  readonly heartbeat: number
  /** A lease without a heartbeat for this long is free. */
  readonly stale: number
  /** How long to wait for another holder. */
  readonly wait: number
  /** How often to look whether the lease is free. */
  readonly poll: number
}

/** A holder may be inside two requests of 30 s each; the wait is longer than that. */
export const LEASE_TIMES: LeaseTimes = { heartbeat: 2000, stale: 15_000, wait: 90_000, poll: 50 }

/**
 * Runs `work` while holding the lease `name` in `directory`. The signal given to `work` aborts when the lease was taken over (after
 * this machine slept, for example).
 *
 * @throws {SallyportError} `store_busy` when another holder does not let go in time
 */
export async function withLease<Value>(
  directory: string,
  name: string,
  work: (lost: AbortSignal) => Promise<Value>,
  options: { readonly signal?: AbortSignal | undefined; readonly times?: LeaseTimes } = {},
): Promise<Value> {
  const times = options.times ?? LEASE_TIMES
  const number = await acquire(directory, name, times, options.signal)
  const lost = new AbortController()
  const beat = setInterval(() => {
    renew(directory, name, number).catch(() => lost.abort())
  }, times.heartbeat)
  beat.unref()
  try {
    return await work(lost.signal)
  } finally {
    clearInterval(beat)
    // Time zero is "stale for ever"; a file that a successor has removed needs no release.
    await utimes(pathOf(directory, name, number), 0, 0).catch(() => {})
  }
}

async function acquire(
  directory: string,
  name: string,
  { stale, wait, poll }: LeaseTimes,
  signal: AbortSignal | undefined,
): Promise<number> {
  for (const deadline = Date.now() + wait; ; ) {
    signal?.throwIfAborted()
    const numbers = await numbersOf(directory, name)
    const highest = numbers.at(-1)
    if (highest === undefined || (await isStale(pathOf(directory, name, highest), stale))) {
      const taken = await take(directory, name, (highest ?? 0) + 1)
      if (taken !== undefined) return taken
      continue
    }
    if (Date.now() >= deadline) throw new SallyportError('store_busy')
    await pause(poll, signal)
  }
}

/** Creates the file of `number`. Ours only if it is still the highest then; what lies below is swept. */
async function take(directory: string, name: string, number: number): Promise<number | undefined> {
  try {
    const file = await open(pathOf(directory, name, number), 'wx', 0o600)
    await file.close()
  } catch (error) {
    if (isCode(error, 'EEXIST')) return undefined
    throw error
  }
  const numbers = await numbersOf(directory, name)
  if (numbers.at(-1) !== number) {
    await rm(pathOf(directory, name, number), { force: true })
    return undefined
  }
  await Promise.all(numbers.slice(0, -1).map((old) => rm(pathOf(directory, name, old), { force: true })))
  return number
}

async function renew(directory: string, name: string, number: number): Promise<void> {
  const now = new Date()
  await utimes(pathOf(directory, name, number), now, now)
  if ((await numbersOf(directory, name)).at(-1) !== number) throw new SallyportError('store_busy')
}

async function isStale(path: string, stale: number): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > stale
  } catch (error) {
    // Swept by a successor between listing and looking: look again.
    if (isCode(error, 'ENOENT')) return false
    throw error
  }
}

/** The numbers of all files of a lease, ascending. */
async function numbersOf(directory: string, name: string): Promise<readonly number[]> {
  const prefix = `${name}.lease-`
  return (await readdir(directory))
    .filter((file) => file.startsWith(prefix))
    .map((file) => Number(file.slice(prefix.length)))
    .filter((number) => Number.isSafeInteger(number))
    .sort((a, b) => a - b)
}

const pathOf = (directory: string, name: string, number: number): string => join(directory, `${name}.lease-${number}`)

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(finish, milliseconds)
    function finish(): void {
      signal?.removeEventListener('abort', abort)
      resolve()
    }
    function abort(): void {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/** Whether a thrown value is a file system error of that code. */
export const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
