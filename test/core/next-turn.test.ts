/**
 * Requests that arrive together go on together.
 *
 * @module
 */
import { expect, test } from 'bun:test'
import { setImmediate } from 'node:timers/promises'
import { nextTurn, oncePerTurn } from '../../server/http/next-turn.ts'

test('everyone who asks in one turn goes on in the same one, a step at a time', async () => {
  const steps: string[] = []
  const answer = async (name: string): Promise<void> => {
    await nextTurn()
    steps.push(`${name} reads`)
    await null
    steps.push(`${name} answers`)
  }
  await Promise.all(['a', 'b', 'c'].map(answer))
  expect(steps).toEqual(['a reads', 'b reads', 'c reads', 'a answers', 'b answers', 'c answers'])
})

test('whatever is ready comes first, and who asks later waits for a turn of its own', async () => {
  const first = nextTurn()
  let ready = 0
  const chain = (async () => {
    for (; ready < 100; ready += 1) await null
  })()
  await first
  expect(ready).toBe(100)
  await chain
  expect(nextTurn()).not.toBe(first)
})

test('what is read once a turn is read anew in the next, and a failure is not kept', async () => {
  let readings = 0
  const read = oncePerTurn(async () => {
    readings += 1
    if (readings === 2) throw new Error('down')
    return readings
  })
  expect(await Promise.all([read(), read(), read()])).toEqual([1, 1, 1])
  await setImmediate()
  const failed = await Promise.allSettled([read(), read()])
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await setImmediate()
  expect(await read()).toBe(3)
})
