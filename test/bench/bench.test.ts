/**
 * The benchmark still runs: every scenario answers as it should, a few times. Nothing here looks at a clock.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { measureProgram } from './measure.ts'
import { scenarios } from './scenarios.ts'
import { formatReport } from './table.ts'

describe('bun run bench', () => {
  for (const program of new Set(scenarios.map((scenario) => scenario.program))) {
    test(`every scenario of ${program} runs`, async () => {
      const own = scenarios.filter((scenario) => scenario.program === program)
      const rows = program === 'sqlite' ? 1000 : 0
      const report = await measureProgram(program, own, { seconds: 0.05, users: 2, rows, coldStarts: 1 })
      expect(report.measured.map(({ scenario }) => scenario)).toEqual(own.map(({ name }) => name))
      for (const { operationsPerSecond } of report.measured) expect(operationsPerSecond).toBeGreaterThan(0)
      expect(formatReport([report], 1)).toContain(own[0]?.name ?? '-')
    }, 60_000)
  }
})
