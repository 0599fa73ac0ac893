/**
 * The job that asks companies' providers whether people are still theirs. Of several processes one does it at a time; that nobody is asked about twice,
 * whose refresh token would then count as stolen, is guarded where it is stored.
 *
 * @see docs/adr/0193-who-has-left.md
 * @module
 */
import type { Job } from './run-jobs.ts'

export const revalidateJob = (revalidateDue: (goOn: () => Promise<boolean>) => Promise<void>): Job => ({
  name: 'revalidate',
  every: 30,
  run: revalidateDue,
})
