/**
 * The results as a Markdown table.
 *
 * @module
 */
import type { Measured, Report } from './measure.ts'

export function formatReport(reports: readonly Report[]): string {
  const rows = reports.flatMap(({ measured }) => measured).map(cells)
  const header = ['scenario', 'on', 'op/s', 'p50 ms', 'p99 ms', 'CPU us/op', 'RSS MB', 'floors', 'at most']
  const line = (cell: readonly string[]): string => `| ${cell.join(' | ')} |`
  const starts = reports.flatMap(({ coldStart, measured }) =>
    coldStart === null
      ? []
      : [`cold start to ready, ${measured[0]?.program}: ${coldStart.toFixed(0)} ms (at most 150)`],
  )
  return [
    line(header),
    line(header.map((_, index) => (index < 2 ? '---' : '--:'))),
    ...rows.map(line),
    '',
    ...starts.map((start) => `- ${start}`),
    '',
  ].join('\n')
}

function cells({
  scenario,
  program,
  operationsPerSecond,
  p50,
  p99,
  cpu,
  floors,
  memory,
  target,
}: Measured): readonly string[] {
  const number = (value: number | null, digits: number): string => value?.toFixed(digits) ?? '-'
  return [
    scenario,
    program,
    number(operationsPerSecond, 0),
    number(p50, 2),
    number(p99, 2),
    number(cpu, 1),
    number(memory, 0),
    number(floors, 2),
    number(target, 1),
  ]
}
