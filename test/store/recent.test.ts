/**
 * What is kept for a second.
 *
 * @see docs/adr/0072-read-once-a-second.md
 * @module
 */
import { expect, test } from 'bun:test'
import { recentByKey } from '../../server/store/recent.ts'

function counting(answer: (key: string) => string | null = (key) => key) {
  const asked: string[] = []
  const clock = { now: 0 }
  const load = async (key: string) => {
    asked.push(key)
    return answer(key)
  }
  return { asked, clock, recent: recentByKey(load, () => clock.now) }
}

test('is read once in a second, and again after it', async () => {
  const { asked, clock, recent } = counting()
  await Promise.all([recent.get('a'), recent.get('a'), recent.get('b')])
  clock.now = 999
  expect(await recent.get('a')).toBe('a')
  expect(asked).toEqual(['a', 'b'])
  clock.now = 1000
  await recent.get('a')
  expect(asked).toEqual(['a', 'b', 'a'])
})

test('is read again once this process has changed it, also when it was being read meanwhile', async () => {
  const { asked, recent } = counting()
  const before = recent.get('a')
  recent.forget()
  const after = recent.get('a')
  await Promise.all([before, after])
  await recent.get('a')
  expect(asked).toEqual(['a', 'a'])
})

test('that there is nothing is not kept, and neither is a failure', async () => {
  const { asked, recent } = counting((key) => {
    if (key === 'broken') throw new Error('no database')
    return null
  })
  for (const _ of [1, 2]) {
    expect(await recent.get('nobody')).toBeNull()
    expect(await recent.get('broken').catch(() => 'failed')).toBe('failed')
  }
  expect(asked).toHaveLength(4)
})

test('a flood of keys is not kept', async () => {
  const { asked, recent } = counting()
  for (let index = 0; index <= 1000; index += 1) await recent.get(`key-${index}`)
  asked.length = 0
  await recent.get('key-0')
  await recent.get('key-1000')
  expect(asked).toEqual(['key-0'])
})

test('who is about to be refused has it read again, and a flood of them once in 50 ms', async () => {
  const { asked, clock, recent } = counting()
  await recent.get('a')
  await Promise.all([recent.getAnew('a'), recent.getAnew('a'), recent.get('a')])
  expect(asked).toEqual(['a', 'a'])
  clock.now = 49
  await recent.getAnew('a')
  expect(asked).toHaveLength(2)
  clock.now = 50
  for (let index = 0; index < 100; index += 1) await recent.getAnew('a')
  expect(asked).toHaveLength(3)
})
