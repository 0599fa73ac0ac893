/**
 * The job that forgets what expired.
 *
 * @see docs/adr/0027-a-little-at-a-time.md
 * @module
 */
import type { Clock, Keep, Store } from '../core/ports.ts'
import type { Job } from './run-jobs.ts'

/** Rows of each kind in one step: few enough that nobody notices on SQLite, which does nothing else meanwhile. */
const STEP = 100

/** Milliseconds between two steps, for everyone else. */
const PAUSE = 20

export const purgeJob = (store: Pick<Store, 'purge'>, now: Clock, keep?: Keep): Job => ({
  name: 'purge',
  every: 60,
  async run(goOn) {
    while ((await store.purge(now(), STEP, keep)) > 0) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE))
      if (!(await goOn())) return
    }
  },
})
