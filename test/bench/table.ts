/**
 * The results as a Markdown table.
 *
 * @module
 */
import type { Measured, Report } from './measure.ts'

/** `floor`: its microseconds. */
export function formatReport(reports: readonly Report[], floor: number | null): string {
  const rows = reports.flatMap(({ measured }) => measured).map((row) => cells(row, floor))
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

/** An operation in floors. */
export const inFloors = ({ cpu }: Measured, floor: number | null): number | null =>
  cpu === null || floor === null ? null : cpu / floor

function cells(row: Measured, floor: number | null): readonly string[] {
  const { scenario, program, operationsPerSecond, p50, p99, cpu, memory, target } = row
  const number = (value: number | null, digits: number): string => value?.toFixed(digits) ?? '-'
  return [
    scenario,
    program,
    number(operationsPerSecond, 0),
    number(p50, 2),
    number(p99, 2),
    number(cpu, 1),
    number(memory, 0),
    number(inFloors(row, floor), 2),
    number(target, 1),
  ]
}
