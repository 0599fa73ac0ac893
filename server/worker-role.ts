/**
 * What one of the processes of `--workers N` knows of itself.
 *
 * @module
 */
import process from 'node:process'

/** How a worker is told that it is one, and the port: never set by a person. */
export const WORKER_PORT = 'SALLYPORT_WORKER_PORT'

/** What a process is that `startWorkers` started; null in every other. */
export interface WorkerRole {
  readonly port: number
  /** Tells the parent that this worker serves. */
  listening(): void
}

export function workerRole(): WorkerRole | null {
  const port = process.env[WORKER_PORT]
  if (port === undefined || process.send === undefined) return null
  const stop = (): void => void process.kill(process.pid, 'SIGTERM')
  // Without its parent nobody would stop it.
  process.once('disconnect', stop)
  if (!process.connected) stop()
  return { port: Number(port), listening: () => void process.send?.(LISTENING, () => {}) }
}

const LISTENING = 'listening'
