/**
 * Whose a lease is: written into its file, and asked for by those who wait.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import process from 'node:process'
import { isCode } from './is-code.ts'

/** This process, on this machine. */
export const ownName = (): string => `${process.pid} ${machine()}`

/** Whether the process that `path` names still runs; `undefined` where that cannot be told: another machine, no permission. */
export async function isRunning(path: string): Promise<boolean | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const [, pid, host] = /^(\d+) (.+)$/.exec(text) ?? []
  if (pid === undefined || host !== machine()) return undefined
  try {
    process.kill(Number(pid), 0)
    return true
  } catch (error) {
    if (isCode(error, 'ESRCH')) return false
    return isCode(error, 'EPERM') ? true : undefined
  }
}

/** Deno wants to be asked for the permission. */
function machine(): string {
  try {
    return hostname()
  } catch {
    return ''
  }
}
