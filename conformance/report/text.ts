/**
 * The report for a terminal, grouped by specification. What is wrong is shown whole; what is right takes a line.
 *
 * @module
 */
import { bySection, type CheckResult, countOf, type Report, type Status } from '../core/report.ts'
import { printable, receivedOf, sentOf } from './wire.ts'

const MARKS: Readonly<Record<Status, string>> = { pass: 'ok  ', fail: 'FAIL', warning: 'warn', skipped: 'skip' }

/** `exchanges`: whether what was sent and received is shown, too. */
export function toText(reports: readonly Report[], { exchanges = true } = {}): string {
  return `${reports.map((report) => reportText(report, exchanges)).join('\n\n')}\n`
}

function reportText(report: Report, exchanges: boolean): string {
  const groups = bySection(report).map(([spec, results]) =>
    [spec, ...results.map((result) => resultText(result, exchanges))].join('\n'),
  )
  return [`${report.target} (${report.role})`, ...groups, summaryOf(report)].join('\n\n')
}

function resultText(result: CheckResult, exchanges: boolean): string {
  const { status, title, section, id, note, exchange } = result
  const lines = [`  ${MARKS[status]} ${title} [${section}; ${id}]`]
  const add = (name: string, text: string | undefined): void => {
    if (text !== undefined) lines.push(`       ${name.padEnd(9)}${printable(text).replaceAll('\n', '\n       ')}`)
  }
  if (status === 'skipped') add('because', note)
  if (status === 'fail' || status === 'warning') {
    add('expected', result.expected)
    add('received', result.received)
    add('mend', result.mend)
    if (exchanges && exchange !== undefined) {
      lines.push(indent(`> ${sentOf(exchange).replaceAll('\n', '\n> ')}`))
      lines.push(indent(`< ${receivedOf(exchange).replaceAll('\n', '\n< ')}`))
    }
  }
  return lines.join('\n')
}

const indent = (text: string): string => text.replace(/^/gm, '         ')

/** `82 passed, 1 failed, 2 warnings, 12 skipped` */
function summaryOf(report: Report): string {
  const [passed, failed, warnings, skipped] = (['pass', 'fail', 'warning', 'skipped'] as const).map((status) =>
    countOf(report, status),
  )
  return `${passed} passed, ${failed} failed, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}, ${skipped} skipped`
}
