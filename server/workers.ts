/**
 * `--workers N`: N processes that listen on one port. The parent serves nothing; it starts them, starts those again that end, and
 * stops all of them together. The kernel spreads the connections.
 *
 * @see https://man7.org/linux/man-pages/man7/socket.7.html, `SO_REUSEPORT`
 * @see docs/adr/0083-workers-share-the-port.md
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import process from 'node:process'
import { err, ok, type Result } from '../shared/result.ts'
import { type Problem, refusal } from './config/problem.ts'
import type { Settings } from './config.ts'
import { log } from './logging.ts'
import { serve } from './serve.ts'
import { WORKER_PORT } from './worker-role.ts'

/** Milliseconds until an ended worker is started again: the first time, and at most. */
const BACKOFF = { first: 100, most: 10_000 }

/** A worker that lived so long, in milliseconds, was well: the next time begins with the first delay again. */
const WELL = 30_000

/** Seconds that workers get to end beyond what they give their requests. */
const PATIENCE = 5

export interface Workers {
  readonly port: number
  /** Passes the signal on; resolves when all have ended. */
  stop(signal: 'SIGINT' | 'SIGTERM'): Promise<void>
}

/** Starts this very program once more for each worker; resolves when all of them listen. */
export async function startWorkers(settings: Settings): Promise<Result<Workers, Problem>> {
  const { workers, host, shutdown } = settings
  if (process.platform !== 'linux') return err(refusal('workers: several processes on one port need Linux.'))
  if ('Deno' in globalThis) return err(refusal('workers: Deno does not share ports. Use Bun or Node.'))
  // Workers share the port with anyone who shares it too: only now can be seen that it is someone else's.
  const probe = await serve({ host, port: settings.port, fetch: () => new Response(null, { status: 503 }) })
  if (!probe.ok) return probe
  const { port } = probe.value
  await probe.value.close(0)

  const slots: Slot[] = []
  // The first alone: it migrates the database and makes the first key.
  const first = await addWorker(slots, port)
  if (first === 'ended') return err(refusal('A worker could not start: see above.'))
  const others = await Promise.all(Array.from({ length: workers - 1 }, () => addWorker(slots, port)))
  const stop: Workers['stop'] = (signal) => stopAll(slots, signal, shutdown.drain + shutdown.limit + PATIENCE)
  if (!others.includes('ended')) return ok({ port, stop })
  await stop('SIGINT')
  return err(refusal('A worker could not start: see above.'))
}

/** The place of one worker, whichever process fills it. */
interface Slot {
  child: ChildProcess | null
  stopping: boolean
  restart: ReturnType<typeof setTimeout> | null
}

/** Resolves when the first process of the slot listens, or when it has ended without. */
function addWorker(slots: Slot[], port: number): Promise<'listening' | 'ended'> {
  const slot: Slot = { child: null, stopping: false, restart: null }
  slots.push(slot)
  const { promise, resolve } = Promise.withResolvers<'listening' | 'ended'>()
  let well = false
  let delay = BACKOFF.first
  const start = (): void => {
    const started = performance.now()
    const child = startProcess(port)
    slot.child = child
    child.on('message', () => {
      well = true
      resolve('listening')
    })
    child.on('exit', (code, signal) => {
      slot.child = null
      resolve('ended')
      if (slot.stopping || !well) return
      if (performance.now() - started > WELL) delay = BACKOFF.first
      log.error('worker ended', { pid: child.pid, code, signal, startingAgainAfterMs: delay })
      slot.restart = setTimeout(start, delay)
      delay = Math.min(2 * delay, BACKOFF.most)
    })
  }
  start()
  return promise
}

function startProcess(port: number): ChildProcess {
  const [, program = '', ...args] = process.argv
  // In the compiled executable, the program is the runtime.
  const compiled = program.startsWith('/$bunfs/')
  return spawn(process.execPath, [...process.execArgv, ...(compiled ? [] : [program]), ...args], {
    env: { ...process.env, [WORKER_PORT]: String(port) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

/** Passes the signal on, and ends by force what has not ended after `limit` seconds. */
async function stopAll(slots: readonly Slot[], signal: NodeJS.Signals, limit: number): Promise<void> {
  await Promise.all(
    slots.map(async (slot) => {
      slot.stopping = true
      if (slot.restart !== null) clearTimeout(slot.restart)
      const { child } = slot
      if (child === null) return
      const { promise, resolve } = Promise.withResolvers<void>()
      child.once('exit', () => resolve())
      child.kill(signal)
      const force = setTimeout(() => child.kill('SIGKILL'), limit * 1000)
      await promise
      clearTimeout(force)
    }),
  )
}
