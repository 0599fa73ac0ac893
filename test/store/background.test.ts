/**
 * What runs beside the requests: one process at a time, in small steps, until it is told to stop.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { pauseAfter, purgeJob } from '../../server/background/purge.ts'
import { type Job, type JobContext, runJobs, runOnce } from '../../server/background/run-jobs.ts'
import { type Leases, StoreUnavailable } from '../../server/core/ports.ts'
import { client, NOW, people } from '../../server/store/conformance/records.ts'
import { type OpenStore, openStore } from '../../server/store/open-store.ts'

let store: OpenStore
let failures: unknown[]
let at = NOW
beforeEach(async () => {
  store = await openStore({ database: 'sqlite::memory:' })
  failures = []
  at = NOW
})
afterEach(() => store.close())

const context = (holder: string): JobContext => ({
  leases: store.leases,
  holder,
  now: () => at,
  onFailure: (error) => failures.push(error),
})

const job = (run: Job['run']): Job => ({ name: 'work', every: 60, run })

describe('a job', () => {
  test('is done by one process of two, and by the other one after that is gone', async () => {
    const done: string[] = []
    const work = (holder: string) =>
      runOnce(
        job(async () => void done.push(holder)),
        context(holder),
      )
    await work('a')
    await work('b')
    at += 60
    await work('b')
    await work('a')
    expect(done).toEqual(['a', 'a'])
    at += 120
    await work('b')
    expect(done).toEqual(['a', 'a', 'b'])
  })

  test('hears between steps that another process has taken over', async () => {
    const heard: boolean[] = []
    const slow = job(async (goOn) => {
      heard.push(await goOn())
      at += 121
      await store.leases.acquire('work', 'b', at + 60, at)
      heard.push(await goOn())
    })
    await runOnce(slow, context('a'))
    expect(heard).toEqual([true, false])
  })

  test('writes that it is still at work now and then only, and in time', async () => {
    const asked: number[] = []
    const acquire: Leases['acquire'] = (name, holder, until, now) => {
      asked.push(now - NOW)
      return store.leases.acquire(name, holder, until, now)
    }
    const slow = job(async (goOn) => {
      for (const second of [0, 29, 30, 31, 59, 60, 50]) {
        at = NOW + second
        expect(await goOn()).toBe(true)
      }
    })
    await runOnce(slow, { ...context('a'), leases: { ...store.leases, acquire } })
    // A clock that was set back is asked about, too.
    expect(asked).toEqual([0, 30, 60, 50])
    expect(await store.leases.acquire('work', 'b', NOW + 300, NOW + 50 + 119)).toBe(false)
    expect(await store.leases.acquire('work', 'b', NOW + 300, NOW + 50 + 120)).toBe(true)
  })

  test('hears that the server stops', async () => {
    let stopping = false
    const heard: boolean[] = []
    const slow = job(async (goOn) => {
      stopping = true
      heard.push(await goOn())
    })
    await runOnce(slow, context('a'), () => stopping)
    await runOnce(
      job(async () => void heard.push(true)),
      context('a'),
      () => stopping,
    )
    expect(heard).toEqual([false])
  })

  test('that fails is reported, and so is a lease that cannot be had', async () => {
    const trouble = new Error('trouble')
    await runOnce(
      job(() => Promise.reject(trouble)),
      context('a'),
    )
    expect(failures).toEqual([trouble])
    const closed = await openStore({ database: 'sqlite::memory:' })
    await closed.close()
    await runOnce(
      job(async () => {}),
      { ...context('a'), leases: closed.leases },
    )
    expect(failures[1]).toBeInstanceOf(StoreUnavailable)
  })
})

describe('runJobs', () => {
  test('stop ends what was not begun, gives the leases back, and leaves nothing behind', async () => {
    await store.leases.acquire('work', 'a', NOW + 60, NOW)
    const background = runJobs([job(async () => {})], context('a'))
    await background.stop()
    expect(await store.leases.acquire('work', 'b', NOW + 60, NOW)).toBe(true)
    expect(failures).toEqual([])
  })

  test('stop does not fail when the database is away', async () => {
    const closed = await openStore({ database: 'sqlite::memory:' })
    await closed.close()
    await runJobs([job(async () => {})], { ...context('a'), leases: closed.leases }).stop()
    expect(failures).toHaveLength(1)
  })
})

describe('the purge job', () => {
  const session = (index: number) => ({ hash: `${index}`, userId: 'user-1', createdAt: NOW, expiresAt: NOW + 1 })

  test('goes on in small steps until nothing is left', async () => {
    await people(store)
    for (let index = 0; index < 250; index++) await store.sessions.create(session(index))
    at = NOW + 1
    const counts: number[] = []
    const purge = async (now: number, limit: number): Promise<number> => {
      const count = await store.purge(now, limit)
      counts.push(count)
      return count
    }
    await runOnce(
      purgeJob({ purge }, () => at),
      context('a'),
    )
    expect(counts).toEqual([...Array(10).fill(25), 0])
    expect(failures).toEqual([])
  })

  test('forgets the registrations that nobody used, in steps as small, and no other', async () => {
    for (let index = 0; index < 250; index++) {
      await store.clients.create(client({ id: `client-${index}`, expiresAt: NOW + (index < 240 ? 1 : 2) }))
    }
    at = NOW + 1
    const counts: number[] = []
    const purge = async (now: number, limit: number): Promise<number> => {
      const count = await store.purge(now, limit)
      counts.push(count)
      return count
    }
    await runOnce(
      purgeJob({ purge }, () => at),
      context('a'),
    )
    expect(counts).toEqual([...Array(9).fill(25), 15, 0])
    expect((await store.clients.list()).length).toBe(10)
    expect(failures).toEqual([])
  })

  test('gives others four times what a step took, and waits neither too little nor too long', () => {
    expect([0, 5, 6, 100, 5000].map(pauseAfter)).toEqual([20, 20, 24, 400, 1000])
  })

  test('pauses between two steps', async () => {
    const began: number[] = []
    const ended: number[] = []
    const purge = async (): Promise<number> => {
      began.push(performance.now())
      while (performance.now() - (began.at(-1) ?? 0) < 10);
      ended.push(performance.now())
      return began.length < 4 ? 25 : 0
    }
    await runOnce(
      purgeJob({ purge }, () => at),
      context('a'),
    )
    const pauses = began.slice(1).map((start, index) => start - (ended[index] ?? 0))
    expect(pauses.length).toBe(3)
    // Timers may be a millisecond early.
    for (const pause of pauses) expect(pause).toBeGreaterThan(36)
  })

  test('stops after the step in which the server stops', async () => {
    let stopping = false
    let steps = 0
    const purge = async (): Promise<number> => {
      steps++
      stopping = true
      return 200
    }
    await runOnce(
      purgeJob({ purge }, () => at),
      context('a'),
      () => stopping,
    )
    expect(steps).toBe(1)
  })
})
