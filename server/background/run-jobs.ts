/**
 * Jobs beside the requests: each under a lease, one run at a time, and none left when the server stops. What fails is told and tried
 * again the next time.
 *
 * @see docs/adr/0024-leases.md
 * @module
 */
import type { Clock, Leases } from '../core/ports.ts'

export interface Job {
  /** Of its lease, too. */
  readonly name: string
  /** Seconds from the end of a run to the next. */
  readonly every: number
  /** `goOn` is to be asked between steps: false, when the server stops or another process has taken over. */
  run(goOn: () => Promise<boolean>): Promise<void>
}

export interface JobContext {
  readonly leases: Leases
  /** Names this process among all. */
  readonly holder: string
  readonly now: Clock
  readonly onFailure: (error: unknown) => void
}

export interface Background {
  /** Starts nothing any more, waits for the step that runs, gives the leases back. */
  stop(): Promise<void>
}

/** Seconds until the first run: not while the server starts. */
const FIRST = 2

/** Seconds that a lease lasts beyond the next run, so that its holder keeps it. */
const MARGIN = 60

export function runJobs(jobs: readonly Job[], context: JobContext): Background {
  let stopping = false
  const ends = jobs.map((job) => {
    let running = Promise.resolve()
    const schedule = (seconds: number): ReturnType<typeof setTimeout> =>
      setTimeout(() => {
        running = runOnce(job, context, () => stopping).then(() => {
          if (!stopping) timer = schedule(job.every)
        })
      }, seconds * 1000)
    let timer = schedule(FIRST)
    return async () => {
      clearTimeout(timer)
      await running
      await context.leases.release(job.name, context.holder).catch(context.onFailure)
    }
  })
  return {
    async stop() {
      stopping = true
      await Promise.all(ends.map((end) => end()))
    },
  }
}

/** Runs it, if this process gets or has the lease. */
export async function runOnce(job: Job, context: JobContext, stopping: () => boolean = () => false): Promise<void> {
  const { leases, holder, now, onFailure } = context
  const lasting = job.every + MARGIN
  let asked = Number.NEGATIVE_INFINITY
  const goOn = async (): Promise<boolean> => {
    if (stopping()) return false
    const at = now()
    // Nobody else gets it before it has run out, and most steps are shorter than writing that it is still held.
    if (at >= asked && at - asked < lasting / 4) return true
    if (!(await leases.acquire(job.name, holder, at + lasting, at))) return false
    asked = at
    return true
  }
  try {
    if (await goOn()) await job.run(goOn)
  } catch (error) {
    onFailure(error)
  }
}
