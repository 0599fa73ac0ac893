/**
 * `bun run bench`: what each hot path costs, in microseconds of the server's processor and in floors.
 *
 * @see docs/performance.md
 * @module
 */
import { writeFile } from 'node:fs/promises'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { formatLap, measureEndurance } from './endurance.ts'
import { type Measured, measureProgram, type Report } from './measure.ts'
import { formatMoments, measureRegistrations } from './registrations.ts'
import { BOUND_MACHINE, PROVEN_FLOOR, type Program, scenarios } from './scenarios.ts'
import { formatReport, inFloors } from './table.ts'
import { canPin, pinDriver } from './target.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    scenario: { type: 'string' },
    engine: { type: 'string' },
    rows: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '3' },
    users: { type: 'string', default: '64' },
    registrations: { type: 'string' },
    days: { type: 'string', default: '10' },
    backlog: { type: 'string', default: '0' },
    requests: { type: 'string' },
  },
})
const { scenario: wanted = '', engine, json } = values
const [seconds, users, rows] = [Number(values.seconds), Number(values.users), Number(values.rows)]

if (values.registrations !== undefined) {
  const moments = await measureRegistrations({
    registrations: Number(values.registrations),
    days: Number(values.days),
    backlog: Number(values.backlog),
    operations: 5000,
  })
  console.log(formatMoments(moments))
  process.exit()
}

if (values.requests !== undefined) {
  pinDriver()
  await measureEndurance({ requests: Number(values.requests), users, turn: seconds }, (lap) =>
    console.log(formatLap(lap)),
  )
  process.exit()
}

const chosen = scenarios.filter(({ name, program }) => {
  if (program === 'floor') return true
  // Rows are for SQLite: what they cost there is the question.
  if (rows > 0 && program !== 'sqlite') return false
  return name.includes(wanted) && (engine === undefined || engine === program)
})

if (!canPin()) console.error('Processes cannot be pinned here: the figures will be noisy.')
pinDriver()
const reports: Report[] = []
for (const program of consecutive(chosen.map((scenario) => scenario.program))) {
  const again = reports.some(({ measured }) => measured[0]?.program === program)
  const own = chosen.filter(
    (scenario) => scenario.program === program && (program !== 'floor' || (scenario.name === 'floor again') === again),
  )
  const options = {
    seconds,
    users,
    rows,
    coldStarts: (program === 'sqlite' || program === 'executable') && wanted === '' ? 7 : 0,
  }
  reports.push(await measureProgram(program, own, options))
  for (const { scenario, cpu } of reports.at(-1)?.measured ?? []) {
    console.error(`${program}: ${scenario}: ${cpu?.toFixed(1) ?? '-'} us`)
  }
}

const measured = reports.flatMap((report) => report.measured)
const floor = mean(measured.filter(({ program, scenario }) => program === 'floor' && scenario !== PROVEN_FLOOR))
console.log(formatReport(reports, floor))
const proven = measured.find(({ scenario }) => scenario === PROVEN_FLOOR)?.cpu
for (const { program, scenario, cpu } of measured) {
  if (scenario !== BOUND_MACHINE || cpu === null || proven == null) continue
  console.log(`- ${scenario}, ${program}: ${(cpu / proven).toFixed(2)} times ${PROVEN_FLOOR} (at most 1.6)`)
}
if (json !== undefined) {
  const results = measured.map((row) => ({ ...row, floors: inFloors(row, floor) }))
  const coldStart = reports.find((report) => report.coldStart !== null)?.coldStart ?? null
  await writeFile(json, `${JSON.stringify({ floor, seconds, users, rows, coldStart, results }, null, 2)}\n`)
}

/** Each run of equal neighbours once. */
function consecutive(programs: readonly Program[]): readonly Program[] {
  return programs.filter((program, index) => program !== programs[index - 1])
}

function mean(rows: readonly Measured[]): number | null {
  const known = rows.flatMap(({ cpu }) => (cpu === null ? [] : [cpu]))
  return known.length === 0 ? null : known.reduce((sum, cpu) => sum + cpu, 0) / known.length
}
