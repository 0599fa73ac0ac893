/**
 * A value that is kept for a while, and that somebody else may have loaded.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { type Loaded, remember } from '../../shared/remember.ts'

const RULES = { maxAge: 300, maxStale: 3600, cooldown: 30, retryDelay: 10, onFailure: () => {} }

/** A memory with a clock, what others know, and what loading gives; null: it fails. */
function createMemory() {
  const world = {
    now: 0,
    others: null as Loaded<string> | null,
    source: 'one' as string | null,
    asked: 0,
  }
  const load = async (): Promise<string> => {
    world.asked += 1
    if (world.source === null) throw new Error('down')
    return world.source
  }
  const memory = remember(load, { ...RULES, now: () => world.now }, async () => world.others)
  return { world, memory }
}

describe('what somebody else has loaded', () => {
  test('serves instead of loading, for as long as it is young', async () => {
    const { world, memory } = createMemory()
    world.others = { value: 'theirs', at: -299 }
    expect([await memory.current(), world.asked]).toEqual(['theirs', 0])
    world.now = 1
    expect([await memory.current(), world.asked]).toEqual(['one', 1])
  })

  test('serves on while loading fails, counted from when it was loaded', async () => {
    const { world, memory } = createMemory()
    world.others = { value: 'theirs', at: -300 }
    world.source = null
    expect([await memory.current(), world.asked]).toEqual(['theirs', 1])
    // And is not asked about with every request.
    expect([await memory.current(), world.asked]).toEqual(['theirs', 1])
    world.now = 3600
    await expect(memory.current()).rejects.toThrow('down')
  })

  test('does not go back behind what is held', async () => {
    const { world, memory } = createMemory()
    expect(await memory.current()).toBe('one')
    world.now = 300
    world.others = { value: 'older', at: -1 }
    world.source = null
    expect(await memory.current()).toBe('one')
  })

  test('serves whom the current value failed, if it is as young as one that was just loaded would be', async () => {
    const { world, memory } = createMemory()
    expect(await memory.current()).toBe('one')
    world.now = 100
    world.others = { value: 'theirs', at: 71 }
    expect([await memory.newer(), world.asked]).toEqual(['theirs', 1])
    world.now = 200
    world.source = 'two'
    expect([await memory.newer(), world.asked]).toEqual(['two', 2])
  })

  test('is not enough for whom it failed, though others who come at the same time are content with it', async () => {
    const { world, memory } = createMemory()
    world.others = { value: 'theirs', at: -100 }
    expect(await Promise.all([memory.current(), memory.newer(), memory.newer()])).toEqual(['theirs', 'one', 'one'])
    expect(world.asked).toBe(1)
  })
})
