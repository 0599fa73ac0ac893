/**
 * A set of numbers that are spread evenly, such as the beginnings of hashes: 11 to 22 bytes for each, where a `Set` takes a hundred.
 *
 * @module
 */

export interface NumberSet {
  has(number: number): boolean
  add(number: number): void
}

/** Of whole numbers from 1 on. */
export function createNumberSet(): NumberSet {
  let slots = new Float64Array(1024)
  let size = 0

  /** Where it is, or would be: its own place, or the first free one behind. */
  function find(number: number): number {
    const last = slots.length - 1
    let index = number % slots.length
    while (slots[index] !== 0 && slots[index] !== number) index = index === last ? 0 : index + 1
    return index
  }

  function grow(): void {
    const before = slots
    slots = new Float64Array(before.length * 2)
    for (const number of before) if (number !== 0) slots[find(number)] = number
  }

  return {
    has: (number) => slots[find(number)] === number,
    add(number) {
      const index = find(number)
      if (slots[index] === number) return
      slots[index] = number
      size += 1
      if (size > slots.length * FULL) grow()
    },
  }
}

/** Beyond this share of its places being taken, looking for a free one takes long. */
const FULL = 0.7
