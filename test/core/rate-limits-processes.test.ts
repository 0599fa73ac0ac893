/**
 * What several processes let through together.
 *
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Debt } from '../../server/core/ports.ts'
import { UNASKED_SHARE } from '../../server/core/rate-limits/bucket.ts'
import { createRateLimiter, type RateLimiter } from '../../server/core/rate-limits/rate-limiter.ts'
import { NO_LIMITS } from '../../server/core/rate-limits/rate-limits.ts'
import type { Rule } from '../../server/core/rate-limits/rule.ts'
import { digest } from '../../server/store/hash.ts'
import { type OpenStore, openStore } from '../../server/store/open-store.ts'

const NOW = 1_800_000_000

/** Processes on one database: an endpoint with one limit per address, and a second that ends when the test says so. */
async function cluster(count: number, rule: Rule) {
  const store = await openStore({ database: 'sqlite::memory:' })
  const clock = { now: NOW }
  const failures: unknown[] = []
  let planned: (() => void)[] = []
  const start = (shared: OpenStore['sharedLimits'] = store.sharedLimits): RateLimiter =>
    createRateLimiter({
      limits: { ...NO_LIMITS, token: { ...NO_LIMITS.token, perAddress: rule } },
      now: () => clock.now,
      digest,
      onLimited: () => {},
      meeting: {
        shared,
        inASecond: (run) => planned.push(run),
        onFailure: (error) => failures.push(error),
      },
    })
  const processes = Array.from({ length: count }, () => start())
  return {
    store,
    clock,
    failures,
    processes,
    start,
    /** A second passes: what was planned happens, and whatever is under way ends. */
    async second() {
      clock.now += 1
      for (const run of planned.splice(0)) run()
      planned = []
      for (const process of processes) await process.exchange()
    },
  }
}

const fail = (error: unknown): never => {
  throw error
}

/** So many requests at once; how many passed. */
async function send(process: RateLimiter | undefined, requests: number, from = '192.0.2.1'): Promise<number> {
  const waits = await Promise.all(Array.from({ length: requests }, () => process?.token.arrive(from)))
  return waits.filter((wait) => wait === 0).length
}

/** So many at once at each; how many passed in all. */
async function sendToEach(processes: readonly RateLimiter[], requests: number | readonly number[]): Promise<number> {
  const of = (index: number): number => (typeof requests === 'number' ? requests : (requests[index] ?? 0))
  const passed = await Promise.all(processes.map((process, index) => send(process, of(index))))
  return passed.reduce((sum, count) => sum + count, 0)
}

/** What processes let through unasked when nobody owes anything. */
const unasked = (limit: number): number => Math.floor(limit * UNASKED_SHARE)

describe('several processes', () => {
  const stores: OpenStore[] = []
  afterAll(() => Promise.all(stores.map((store) => store.close())))
  const three = async (rule: Rule) => {
    const started = await cluster(3, rule)
    stores.push(started.store)
    return started
  }

  test('let through the limit, and a sixteenth of it for each but one', async () => {
    const some = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60 }))
    const load = fc.array(fc.tuple(some, some, some), { minLength: 1, maxLength: 40 })
    const limits = fc.record({ limit: fc.integer({ min: 1, max: 100 }), window: fc.constantFrom(20, 60, 3600) })
    await fc.assert(
      fc.asyncProperty(limits, load, async (rule, seconds) => {
        const { store, processes, second } = await cluster(3, rule)
        const passed: number[] = []
        for (const requests of seconds) {
          passed.push(await sendToEach(processes, requests))
          await second()
        }
        await store.close()
        for (const from of passed.keys()) {
          let sum = 0
          for (let to = from; to < passed.length; to += 1) {
            sum += passed[to] ?? 0
            const forgiven = ((to - from) * rule.limit) / rule.window
            expect(sum).toBeLessThanOrEqual(rule.limit + forgiven + 2 * unasked(rule.limit) + 0.5)
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  test('all at once: of a small limit nobody passes too many, of a large one the share that each lets through unasked', async () => {
    for (const limit of [1, 2, 5, 15, 16, 100, 1000]) {
      const { processes } = await three({ limit, window: 3600 })
      const passed = await sendToEach(processes, 2 * limit)
      expect(passed).toBeGreaterThanOrEqual(limit)
      expect(passed).toBeLessThanOrEqual(limit + 2 * unasked(limit))
    }
  })

  test('in turn, one after the other, a small limit is exact', async () => {
    const { processes } = await three({ limit: 5, window: 3600 })
    const answers: number[] = []
    for (let turn = 0; turn < 12; turn += 1) answers.push(await send(processes[turn % 3], 1))
    expect(answers).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
  })

  test('a caller who asks all of them as fast as one may be asked passes as fast as one may be asked', async () => {
    // One a second, which none of them would ever have to tell.
    const { processes, second } = await three({ limit: 320, window: 320 })
    let passed = 0
    for (let time = 0; time < 600; time += 1) {
      passed += await sendToEach(processes, 1)
      await second()
    }
    expect(passed).toBeGreaterThanOrEqual(600)
    expect(passed).toBeLessThanOrEqual(320 + 600 + 2 * unasked(320))
  })

  test('within the limit nobody is refused, at whichever of them', async () => {
    const { processes, second } = await three({ limit: 120, window: 60 })
    let passed = 0
    for (let time = 0; time < 300; time += 1) {
      passed += await send(processes[time % 3], 2)
      await second()
    }
    expect(passed).toBe(2 * 300)
  })

  test('far below a limit no request waits for the others, and near it they are asked', async () => {
    const { processes } = await three({ limit: 160, window: 3600 })
    const answers = Array.from({ length: 11 }, () => processes[0]?.token.arrive('192.0.2.1'))
    expect(answers.slice(0, 10)).toEqual(Array<number>(10).fill(0))
    expect(answers[10]).toBeInstanceOf(Promise)
    expect(await answers[10]).toBe(0)
  })

  test('what counts afterwards is asked for before, when it may have been too much', async () => {
    const { store } = await three({ limit: 1, window: 60 })
    const limits = { ...NO_LIMITS, token: { ...NO_LIMITS.token, perClient: { limit: 5, window: 3600 } } }
    const meeting = { shared: store.sharedLimits, inASecond: () => {}, onFailure: () => {} }
    const start = () => createRateLimiter({ limits, now: () => NOW, digest, onLimited: () => {}, meeting })
    const processes = [start(), start(), start()]
    let passed = 0
    for (let turn = 0; turn < 30; turn += 1) {
      const limiter = processes[turn % 3]?.token
      if ((await limiter?.waitFor('client-1', null)) !== 0) continue
      limiter?.succeeded('client-1')
      passed += 1
    }
    expect(passed).toBeGreaterThanOrEqual(5)
    expect(passed).toBeLessThanOrEqual(5 + 2)
  })

  test('one person counts once a minute at all of them together, and at once or in turn alike', async () => {
    const { store, clock } = await three({ limit: 1, window: 60 })
    const limits = { ...NO_LIMITS, sign_in: { ...NO_LIMITS.sign_in, perClient: { limit: 4, window: 60_000 } } }
    const planned: (() => void)[] = []
    const meeting = { shared: store.sharedLimits, inASecond: (run: () => void) => planned.push(run), onFailure: fail }
    const start = () => createRateLimiter({ limits, now: () => clock.now, digest, onLimited: () => {}, meeting })
    const processes = [start(), start(), start()]
    const everybody = async (): Promise<void> => {
      for (let round = 0; round < 2; round += 1) for (const process of processes) await process.exchange()
    }
    const isWelcome = async (process: RateLimiter | undefined): Promise<boolean> =>
      (await process?.sign_in.waitFor('client-1', null)) === 0
    /** Ada, often, at each. */
    const knock = async (): Promise<void> => {
      for (const process of [...processes, ...processes]) process.sign_in.succeeded('client-1', 'ada')
      await everybody()
      for (const process of processes) {
        process.sign_in.succeeded('client-1', 'ada')
        await everybody()
      }
    }
    await knock()
    for (const person of ['bea', 'cleo']) processes[0]?.sign_in.succeeded('client-1', person)
    await everybody()
    expect(await Promise.all(processes.map(isWelcome))).toEqual([true, true, true])
    // A minute later she counts once more, which is one too many.
    clock.now += 60
    await knock()
    expect(await Promise.all(processes.map(isWelcome))).toEqual([false, false, false])
  })

  test('who is refused by one limit has used up no other, also when the others had to be asked', async () => {
    const { store } = await three({ limit: 1, window: 60 })
    const limits = {
      ...NO_LIMITS,
      token: { ...NO_LIMITS.token, perAddress: { limit: 5, window: 3600 }, total: { limit: 8, window: 3600 } },
    }
    const meeting = { shared: store.sharedLimits, inASecond: () => {}, onFailure: () => {} }
    const start = () => createRateLimiter({ limits, now: () => NOW, digest, onLimited: () => {}, meeting })
    const processes = [start(), start(), start()]
    expect(await sendToEach(processes, 5)).toBe(5)
    await Promise.all(processes.map((process) => process.exchange()))
    expect(await send(processes[1], 5, '192.0.2.2')).toBe(3)
    // Each key is owed what has passed.
    const debts = new Map((await store.sharedLimits.exchange([], NOW, 500)).map(({ key, seconds }) => [key, seconds]))
    expect([debts.get('token.per_address 192.0.2.1'), debts.get('token.total ')]).toEqual([3600, 3600])
  })

  test('who is refused by one is refused by all a second later, also where it never was before', async () => {
    const { store, processes, second } = await cluster(3, { limit: 8, window: 3600 })
    stores.push(store)
    const [one, two, last] = processes
    expect(await send(one, 20)).toBe(8)
    await second()
    expect([await send(two, 20), await send(last, 20)]).toEqual([0, 0])
    // Nobody else has to wait.
    expect(await send(two, 20, '192.0.2.2')).toBe(8)
  })

  test('what was let through too much is paid back', async () => {
    const { store, processes, clock, second } = await cluster(3, { limit: 60, window: 60 })
    stores.push(store)
    // Three for each process but one are too many, and one is forgiven each second.
    const passed = await sendToEach(processes, 100)
    expect(passed).toBe(60 + 2 * 3)
    await second()
    clock.now = NOW + 6
    expect(await sendToEach(processes, 1)).toBe(0)
    clock.now = NOW + 7
    expect(await sendToEach(processes, 1)).toBe(1)
  })

  test('those who stay well below a limit leave no row', async () => {
    const { processes, store, second } = await three({ limit: 640, window: 60 })
    for (let time = 0; time < 10; time += 1) {
      await sendToEach(processes, 1)
      await second()
    }
    expect(await store.sharedLimits.exchange([], NOW, 500)).toEqual([])
    await send(processes[0], 1)
    await second()
    expect(await store.sharedLimits.exchange([], NOW, 500)).toHaveLength(1)
  })

  test('a store that fails for a while loses no count and stops no request', async () => {
    const { store, processes, start, second, failures } = await cluster(1, { limit: 8, window: 3600 })
    stores.push(store)
    let broken = true
    const failing = start({
      exchange: (added: readonly Debt[], now: number, most: number) =>
        broken ? Promise.reject(new Error('gone')) : store.sharedLimits.exchange(added, now, most),
    })
    expect(await send(failing, 20)).toBe(8)
    expect(failures).toContainEqual(new Error('gone'))
    broken = false
    await failing.exchange()
    await second()
    expect(await send(processes[0], 20)).toBe(0)
  })

  test('while a store fails each process keeps the limit by itself, and asks once a second', async () => {
    const { start, clock, failures } = await three({ limit: 120, window: 60 })
    const failing = start({ exchange: () => Promise.reject(new Error('gone')) })
    expect(await send(failing, 200)).toBe(120)
    let passed = 0
    for (let second = 1; second <= 300; second += 1) {
      clock.now += 1
      for (let time = 0; time < 5; time += 1) passed += await send(failing, 1)
    }
    expect(passed).toBe(2 * 300)
    expect(failures.length).toBeLessThanOrEqual(2 * 301)
  })

  test('what strangers named is told in short and plain words', async () => {
    const told: string[] = []
    const limiter = createRateLimiter({
      limits: { ...NO_LIMITS, token: { ...NO_LIMITS.token, failures: { limit: 4, window: 60 } } },
      now: () => NOW,
      digest,
      onLimited: () => {},
      meeting: {
        shared: {
          async exchange(added) {
            told.push(...added.map(({ key }) => key))
            return []
          },
        },
        inASecond: () => {},
        onFailure: () => {},
      },
    })
    const names = ['client-1', '\0', '', 'a b', '\ud800', 'x'.repeat(100_000), `${'x'.repeat(100_000)}y`]
    for (const client of names) {
      for (const _ of [1, 2]) limiter.token.failed(client, '192.0.2.1')
    }
    await limiter.exchange()
    expect(told[0]).toBe('token.failures 192.0.2.1 client-1')
    for (const key of told.slice(1)) expect(key).toMatch(/^token\.failures 192\.0\.2\.1 long:[\w-]{43}$/)
    // What is long is no other's for that.
    expect(new Set(told).size).toBe(names.length)
  })

  test('and alone, with nobody to meet, counts for itself', async () => {
    const limits = { ...NO_LIMITS, token: { ...NO_LIMITS.token, total: { limit: 3, window: 60 } } }
    const limiter = createRateLimiter({ limits, now: () => NOW, digest, onLimited: () => {}, meeting: null })
    await limiter.exchange()
    expect([await send(limiter, 2), await send(limiter, 2, '192.0.2.2')]).toEqual([2, 1])
  })
})
