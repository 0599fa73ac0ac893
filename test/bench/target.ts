/**
 * A server under load: a process of its own on a core of its own, and what the kernel says that it used.
 *
 * @module
 */
import { existsSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../support/source-tree.ts'

/** What a process has used since it started. */
export interface Usage {
  /** User and system time of all its threads, in microseconds; null where the kernel does not tell. */
  readonly cpu: number | null
  /** Resident memory in megabytes; null where the kernel does not tell. */
  readonly memory: number | null
}

export interface Target {
  readonly port: number
  /** Milliseconds from its start to its first answer. */
  readonly startedIn: number
  usage(): Usage
  stop(): Promise<void>
}

export interface TargetOptions {
  /** A module, from the root of the project; or a command. */
  readonly program: string | readonly string[]
  readonly port: number
  /** A path that answers 200 once the server can serve. */
  readonly ready: string
  /** Where its output goes. */
  readonly log: string
  readonly env?: Readonly<Record<string, string>>
}

/** Servers run on the first core, the driver on the second. */
const SERVER_CORE = '0'
const DRIVER_CORE = '1'

/** Whether processes can be pinned here. */
export const canPin = (): boolean => Bun.which('taskset') !== null && navigator.hardwareConcurrency > 1

/** Moves this process, threads included, away from the servers' core. */
export function pinDriver(): void {
  if (canPin()) Bun.spawnSync(['taskset', '--all-tasks', '--cpu-list', '--pid', DRIVER_CORE, String(process.pid)])
}

/** Starts a program on the servers' core and waits until it answers. */
export async function startTarget({ program, port, ready, log, env = {} }: TargetOptions): Promise<Target> {
  const pin = canPin() ? ['taskset', '--cpu-list', SERVER_CORE] : []
  const output = openSync(log, 'a')
  const began = performance.now()
  const command = typeof program === 'string' ? [process.execPath, ROOT + program] : program
  const child = Bun.spawn([...pin, ...command], {
    env: { PATH: Bun.env['PATH'] ?? '', HOME: Bun.env['HOME'] ?? '', PORT: String(port), ...env },
    stdin: 'ignore',
    stdout: output,
    stderr: output,
  })
  await answers(`http://127.0.0.1:${port}${ready}`, () => {
    if (child.exitCode !== null)
      throw new Error(`${command.join(' ')} ended:\n${readFileSync(log, 'utf8').slice(-2000)}`)
  })
  return {
    port,
    startedIn: performance.now() - began,
    usage: () => readUsage(child.pid),
    async stop() {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}

async function answers(url: string, check: () => void): Promise<void> {
  for (;;) {
    const response = await fetch(url).catch(() => null)
    await response?.body?.cancel()
    if (response?.status === 200) return
    check()
    await sleep(1)
  }
}

/** From the kernel's accounting: proc(5). */
function readUsage(pid: number): Usage {
  if (!existsSync(`/proc/${pid}/stat`)) return { cpu: null, memory: null }
  // After the name, which may hold anything: field 14 is user time, field 15 system time, in hundredths of a second.
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ')
  const pages = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]
  return { cpu: (Number(fields[11]) + Number(fields[12])) * 10_000, memory: (Number(pages) * 4096) / 1e6 }
}
