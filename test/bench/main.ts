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
import { measureProgram, type Report, startFloor } from './measure.ts'
import { formatMoments, measureRegistrations } from './registrations.ts'
import { BOUND_MACHINE, PROVEN_FLOOR, type Program, scenarios } from './scenarios.ts'
import { formatSize, measureClientSize } from './size.ts'
import { formatReport } from './table.ts'
import { canPin, pinDriver } from './target.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    scenario: { type: 'string' },
    engine: { type: 'string' },
    rows: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '1' },
    slices: { type: 'string', default: '5' },
    users: { type: 'string', default: '64' },
    registrations: { type: 'string' },
    days: { type: 'string', default: '10' },
    backlog: { type: 'string', default: '0' },
    requests: { type: 'string' },
  },
})
const { scenario: wanted = '', engine, json } = values
const [seconds, slices] = [Number(values.seconds), Number(values.slices)]
const [users, rows] = [Number(values.users), Number(values.rows)]

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
  await measureEndurance({ requests: Number(values.requests), users, turn: 3 * seconds }, (lap) =>
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
const floor = await startFloor({ users, seconds })
const reports: Report[] = []
for (const program of consecutive(chosen.map((scenario) => scenario.program))) {
  const own = chosen.filter((scenario) => scenario.program === program)
  const coldStarts = ['sqlite', 'command', 'executable'].includes(program) && wanted === '' ? 7 : 0
  const report = await measureProgram(program, own, floor, { seconds, slices, users, rows, coldStarts })
  reports.push(report)
  for (const { scenario, cpu, floors } of report.measured)
    console.error(`${program}: ${scenario}: ${cpu?.toFixed(1) ?? '-'} us, ${floors?.toFixed(2) ?? '-'} floors`)
}
await floor.stop()

console.log(formatReport(reports))
console.log(formatSize(await measureClientSize()))
const measured = reports.flatMap((report) => report.measured)
const proven = measured.find(({ scenario }) => scenario === PROVEN_FLOOR)?.floors
for (const { program, scenario, floors } of measured) {
  if (scenario !== BOUND_MACHINE || floors === null || proven == null) continue
  console.log(`- ${scenario}, ${program}: ${(floors / proven).toFixed(2)} times ${PROVEN_FLOOR} (at most 1.6)`)
}
if (json !== undefined) {
  const coldStart = reports.find((report) => report.coldStart !== null)?.coldStart ?? null
  await writeFile(json, `${JSON.stringify({ seconds, slices, users, rows, coldStart, results: measured }, null, 2)}\n`)
}

/** Each run of equal neighbours once. */
function consecutive(programs: readonly Program[]): readonly Program[] {
  return programs.filter((program, index) => program !== programs[index - 1])
}
