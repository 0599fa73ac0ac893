/**
 * What an authorization server does beside answering: forgets what expired, and changes its signing keys. Programs that embed Sallyport
 * start it beside `createServer`; `main.ts` does.
 *
 * @module
 */
import { purgeJob } from './background/purge.ts'
import { rotateKeysJob } from './background/rotate-keys.ts'
import { type Background, type Job, runJobs } from './background/run-jobs.ts'
import type { Settings } from './config.ts'
import type { Clock, Keep } from './core/ports.ts'
import { systemClock } from './create-server.ts'
import type { OpenStore } from './store/open-store.ts'
import { random } from './store/random.ts'

export interface BackgroundOptions {
  readonly settings: Settings
  /** Stays the caller's: stop this before closing it. */
  readonly store: OpenStore
  /** Told of what failed; it is tried again. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Starts the jobs. Of several processes on one database one does them at a time.
 *
 * @example
 * const background = startBackground({ settings, store, onFailure: console.error })
 * await background.stop()
 */
export function startBackground({ settings, store, onFailure }: BackgroundOptions): Background {
  const { leases } = store
  return runJobs(backgroundJobs(settings, store), { leases, holder: random(16), now: systemClock, onFailure })
}

/** All there are. */
export const backgroundJobs = (settings: Settings, store: OpenStore, now: Clock = systemClock): readonly Job[] => [
  purgeJob(store, now, keepOf(settings)),
  rotateKeysJob(settings, store.signingKeys, now),
]

/** How long records are kept. */
const keepOf = ({ audit, flows }: Settings): Keep => ({
  audit: audit.retention === 0 ? null : audit.retention,
  flows: flows.retention,
})
