/**
 * A diagnosis in plain words, for the person who runs the server.
 *
 * @module
 */
import type { CheckResult, Status } from '../core/report.ts'
import { printable } from '../report/wire.ts'
import type { Diagnosis, StepResult } from './diagnose.ts'

export function toDiagnosisText(diagnosis: Diagnosis): string {
  const { url, first, issuer, registration, steps } = diagnosis
  const lines = [`${url}`, '']
  if (first !== undefined) lines.push(...paragraph(first), '')
  // What the first answer means says more than that it was not a 401.
  const [arrival, ...rest] = steps
  if (arrival !== undefined)
    lines.push(
      ...stepLines(first === undefined ? arrival : { ...arrival, results: arrival.results.map(withoutFinding) }),
      '',
    )
  for (const step of rest) lines.push(...stepLines(step), '')
  if (issuer !== undefined) lines.push(`Authorization server: ${issuer}`)
  if (registration !== undefined) lines.push(...paragraph(registration))
  lines.push(...paragraph(conclusion(diagnosis)))
  return `${printable(lines.join('\n'))}\n`
}

const MARKS = { pass: 'ok  ', fail: 'FAIL', warning: 'warn', skipped: '-   ' } as const

/** The worst that is among them; a step of which nothing could be looked at was not reached. */
function statusOf({ results }: StepResult): Status {
  const has = (status: Status): boolean => results.some((result) => result.status === status)
  if (has('fail')) return 'fail'
  if (has('warning')) return 'warning'
  return has('pass') ? 'pass' : 'skipped'
}

function stepLines(step: StepResult): readonly string[] {
  const status = statusOf(step)
  const wrong = step.results.filter(({ expected }) => expected !== undefined)
  const why = status === 'fail' ? paragraph(step.matters, 5) : []
  const because =
    status === 'skipped'
      ? paragraph(`Not reached: ${step.results[0]?.note ?? 'no authorization server was found'}.`, 5)
      : []
  return [`${MARKS[status]} ${step.title}`, ...why, ...because, ...wrong.flatMap(finding)]
}

/** As it is, without what would be told of it. */
const withoutFinding = ({ id, title, level, spec, section, status }: CheckResult): CheckResult => ({
  id,
  title,
  level,
  spec,
  section,
  status,
})

function finding({ title, spec, section, expected, received, mend }: CheckResult): readonly string[] {
  return [
    '',
    ...paragraph(`Wanted: ${title}.`, 5),
    ...paragraph(`Found: ${received}, where ${expected} was expected.`, 5),
    ...paragraph(`Says: ${spec}, ${section}.`, 5),
    ...paragraph(`To mend it: ${mend}`, 5),
  ]
}

/** What comes of it all. */
function conclusion({ connect, steps, first }: Diagnosis): string {
  const failed = steps.filter((step) => statusOf(step) === 'fail').length
  const warned = steps.flatMap(({ results }) => results).filter(({ status }) => status === 'warning').length
  if (failed > 0)
    return `Hosts will not connect, or not all of them: ${failed} of ${steps.length} steps fail. Begin with the first one.`
  if (first !== undefined) return first
  const better = `${warned === 1 ? 'One thing' : `${warned} things`} could be better.`
  if (connect) return warned > 0 ? `Hosts can connect. ${better}` : 'Nothing is in the way of a host.'
  const seen =
    warned > 0
      ? `Nothing that was looked at keeps a host out. ${better}`
      : 'Nothing that was looked at is in the way of a host.'
  return `${seen} ${UNTRIED}`
}

const UNTRIED =
  'Whether a token can be had, and is accepted, was not tried: --connect does, or --browser where a person must sign in.'

const WIDTH = 100

/** Wrapped at words. */
function paragraph(text: string, indent = 0): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((one) => ' '.repeat(indent) + one)
}
