/**
 * The job that forgets what expired.
 *
 * @see docs/adr/0027-a-little-at-a-time.md
 * @module
 */
import type { Clock, Keep, Store } from '../core/ports.ts'
import type { Job } from './run-jobs.ts'

/** Rows of each kind in one step. SQLite does nothing else meanwhile: with these it takes a few milliseconds, most of which is the wait for the disk. */
const STEP = 25

/** A step is followed by so many times what it took, for everyone else; in milliseconds at least and at most. */
const PAUSE = { times: 4, least: 20, most: 1000 }

export const purgeJob = (store: Pick<Store, 'purge'>, now: Clock, keep?: Keep): Job => ({
  name: 'purge',
  every: 60,
  async run(goOn) {
    for (;;) {
      const began = performance.now()
      if ((await store.purge(now(), STEP, keep)) === 0) return
      const pause = pauseAfter(performance.now() - began)
      await new Promise((resolve) => setTimeout(resolve, pause))
      if (!(await goOn())) return
    }
  },
})

/** In milliseconds. A database that is busy gets more time to itself. */
export const pauseAfter = (took: number): number => Math.min(Math.max(took * PAUSE.times, PAUSE.least), PAUSE.most)
