/**
 * A lock between processes, made of files: a lease with an owner, a heartbeat and a way to take over from the dead.
 *
 * Each holder owns a numbered file, and the highest number is the lease. It is acquired by creating the next number, which the file
 * system grants to one process; its modification time is the heartbeat; releasing sets that time to zero. The highest file is never
 * removed, so that a slow process cannot create a number that was used up long ago and believe itself the owner.
 *
 * @see docs/adr/0053-lease-files.md
 * @see docs/adr/0159-the-dead-and-the-stopped.md
 * @module
 */
import { open, readdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { SallyportError } from '../errors.ts'
import { isCode } from './is-code.ts'
import { isRunning, ownName } from './owner.ts'

/** Times in milliseconds. */
export interface LeaseTimes {
  /** How often the holder says that it is alive. */
  readonly heartbeat: number
  /** A lease without a heartbeat for this long is free. */
  readonly stale: number
  /** The same, where it is known that the holder's process still runs: it is stopped or starved, and may have an answer in its hands. */
  readonly stopped: number
  /** How long to wait for another holder. */
  readonly wait: number
  /** How often to look whether the lease is free. */
  readonly poll: number
}

/** A holder may be inside two requests of 30 s each; the wait is longer than that. */
export const LEASE_TIMES: LeaseTimes = { heartbeat: 1000, stale: 3500, stopped: 20_000, wait: 90_000, poll: 50 }

/**
 * Runs `work` while holding the lease `name` in `directory`. The signal given to `work` aborts when the lease was taken over (after this
 * process was stopped, for example).
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
    // A file that a successor has removed needs no release.
    await utimes(pathOf(directory, name, number), RELEASED, RELEASED).catch(() => {})
  }
}

const RELEASED = 0

async function acquire(
  directory: string,
  name: string,
  times: LeaseTimes,
  signal: AbortSignal | undefined,
): Promise<number> {
  const isFree = watch(times)
  for (const deadline = performance.now() + times.wait; ; ) {
    signal?.throwIfAborted()
    const highest = (await numbersOf(directory, name)).at(-1)
    if (highest === undefined || (await isFree(pathOf(directory, name, highest)))) {
      const taken = await take(directory, name, (highest ?? 0) + 1)
      if (taken !== undefined) return taken
      continue
    }
    if (performance.now() >= deadline) throw new SallyportError('store_busy')
    await pause(times.poll, signal)
  }
}

/**
 * Judges leases by their heartbeats. What counts is how long this process has seen none, not what a clock says: clocks differ between
 * machines, and jump when one wakes up. Only of a process that has ended is a time in the past proof enough.
 */
function watch({ stale, stopped }: LeaseTimes): (path: string) => Promise<boolean> {
  let seen = ''
  let since = 0

  return async (path) => {
    const beat = await beatOf(path)
    if (beat === undefined) return false
    if (beat === RELEASED) return true
    const latest = `${path} ${beat}`
    if (latest !== seen) {
      seen = latest
      since = performance.now()
    }
    const silence = performance.now() - since
    if (silence <= stale && Date.now() - beat <= stale) return false
    const running = await isRunning(path)
    if (running === undefined) return silence > stale
    return !running || silence > stopped
  }
}

/** `undefined` for a file that a successor has swept between listing and looking: look again. */
async function beatOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Creates the file of `number`. Ours only if it is still the highest then; what lies below is swept. */
export async function take(directory: string, name: string, number: number): Promise<number | undefined> {
  try {
    const file = await open(pathOf(directory, name, number), 'wx', 0o600)
    await file.writeFile(ownName()).finally(() => file.close())
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
