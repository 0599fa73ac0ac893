/**
 * The benchmark still runs: every scenario answers as it should, a few times. Nothing here looks at a clock.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { formatLap, type Lap, measureEndurance } from './endurance.ts'
import { measureProgram, startFloor } from './measure.ts'
import { formatMoments, measureRegistrations } from './registrations.ts'
import { scenarios } from './scenarios.ts'
import { formatReport } from './table.ts'

describe('bun run bench', () => {
  test('--registrations runs: what nobody uses is purged', async () => {
    const options = { registrations: 200, days: 2, backlog: 500, operations: 64 }
    const moments = await measureRegistrations(options)
    // Two that stay; those of the last 23 hours; and those that the measurements register.
    const [first, flooded, filled, , purged] = moments.map(({ clients }) => clients)
    expect([first, flooded, filled]).toEqual([2 + 64, 2 + 96, 2 + 96 + 64 + 500])
    expect(purged).toBeLessThan(300)
    expect(formatMoments(moments).split('\n')).toHaveLength(7)
  }, 60_000)

  test('--requests runs: every kind in turns, until there were so many', async () => {
    const laps: Lap[] = []
    await measureEndurance({ requests: 100, users: 2, turn: 0.05 }, (lap) => laps.push(lap))
    expect(laps.at(-1)?.requests).toBeGreaterThanOrEqual(100)
    expect(laps.map(formatLap).join()).toMatch(/million operations: \d+ to \d+ MB$/)
  }, 60_000)

  for (const program of new Set(scenarios.map((scenario) => scenario.program))) {
    test(`every scenario of ${program} runs`, async () => {
      const own = scenarios.filter((scenario) => scenario.program === program)
      const rows = program === 'sqlite' ? 1000 : 0
      const options = { seconds: 0.05, slices: 2, users: 2, rows, coldStarts: 1 }
      const floor = await startFloor(options)
      const report = await measureProgram(program, own, floor, options).finally(() => floor.stop())
      expect(report.measured.map(({ scenario }) => scenario)).toEqual(own.map(({ name }) => name))
      for (const { operationsPerSecond } of report.measured) expect(operationsPerSecond).toBeGreaterThan(0)
      expect(formatReport([report])).toContain(own[0]?.name ?? '-')
    }, 60_000)
  }
})
