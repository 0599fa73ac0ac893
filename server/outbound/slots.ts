/**
 * So many at a time, so many waiting, and no more.
 *
 * @module
 */

/** Runs work as soon as there is room for it; null: even the queue is full. Work must come to an end by itself. */
export type Slots = <Value>(work: () => Promise<Value>) => Promise<Value> | null

export function createSlots(limit: number, queue: number): Slots {
  let running = 0
  const waiting: (() => void)[] = []
  const leave = (): void => {
    const next = waiting.shift()
    // The place goes over to the next in line, so that nobody slips in between.
    if (next === undefined) running -= 1
    else next()
  }
  return (work) => {
    if (running < limit) {
      running += 1
      return work().finally(leave)
    }
    if (waiting.length >= queue) return null
    return new Promise<void>((resolve) => waiting.push(resolve)).then(work).finally(leave)
  }
}
