/**
 * The report as CI systems read it: JUnit's XML, a suite for each server, warnings as output of a test that passed.
 *
 * @module
 */
import { type CheckResult, countOf, type Report } from '../core/report.ts'
import { printable, receivedOf, sentOf } from './wire.ts'

export function toJunit(reports: readonly Report[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${reports.map(suite).join('\n')}\n</testsuites>\n`
}

function suite(report: Report): string {
  const { target, role, results, startedAt } = report
  const counts = `tests="${results.length}" failures="${countOf(report, 'fail')}" skipped="${countOf(report, 'skipped')}"`
  const cases = results.map((result) => testCase(result)).join('\n')
  return `  <testsuite name="${xml(`${target} (${role})`)}" ${counts} timestamp="${xml(startedAt)}">\n${cases}\n  </testsuite>`
}

function testCase(result: CheckResult): string {
  const open = `    <testcase classname="${xml(`${result.spec} ${result.section}`)}" name="${xml(`${result.id}: ${result.title}`)}"`
  const inner = outcome(result)
  return inner === '' ? `${open}/>` : `${open}>${inner}</testcase>`
}

function outcome({ status, note, expected, received, mend, exchange }: CheckResult): string {
  if (status === 'pass') return ''
  if (status === 'skipped') return `<skipped message="${xml(note ?? '')}"/>`
  const wire = exchange === undefined ? '' : `\n\n${sentOf(exchange)}\n\n${receivedOf(exchange)}`
  const told = xml(`expected ${expected}, received ${received}\n${mend}${wire}`)
  return status === 'fail'
    ? `<failure message="${xml(`expected ${expected}, received ${received}`)}">${told}</failure>`
    : `<system-out>${told}</system-out>`
}

const xml = (text: string): string =>
  printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;')
