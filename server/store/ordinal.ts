/**
 * What new rows are ordered by, so that they are stored side by side: milliseconds, and a number within them.
 *
 * @module
 */
import type { Ordinal } from '../core/ports.ts'

let last = 0
let count = 0

export const ordinal: Ordinal = () => {
  const now = Date.now()
  // A clock that was set back does not take the order along.
  if (now > last) [last, count] = [now, 0]
  else count += 1
  return last.toString(36).padStart(9, '0') + count.toString(36).padStart(3, '0')
}
