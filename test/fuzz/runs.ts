/**
 * How many generated cases there are, and from which seed. `bun test` runs a small fixed slice; `bun run test:fuzz` a million from a new seed.
 *
 * @module
 */
import { test } from 'bun:test'
import fc from 'fast-check'

/** In all, over every property. */
const CASES = Number(process.env['SALLYPORT_FUZZ_CASES'] ?? 6000)
/** Long runs begin elsewhere each time. The seed of a failure is part of its message. */
const SEED = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? (CASES > 100_000 ? Date.now() % 2 ** 31 : 20_261_120))

/** So many reach everything, from whatever seed they begin. */
const ENOUGH = 100_000

/** Why these cases need not reach everything; null: they must. The slice of every run must, for its seed is always the same. */
export const tooFew =
  CASES >= ENOUGH ||
  (process.env['SALLYPORT_FUZZ_CASES'] === undefined && process.env['SALLYPORT_FUZZ_SEED'] === undefined)
    ? null
    : `${CASES} cases from seed ${SEED} reach everything only by chance: from ${ENOUGH} on, or without a seed of your own, it is looked at`

if (tooFew !== null) console.log(`Not looked at: what the cases reach. ${tooFew}.`)

/** A case that takes longer hangs. Milliseconds: generous, for machines that do other things too. */
const MAX_CASE = 10_000

if (process.env['SALLYPORT_FUZZ_CASES'] !== undefined) console.log(`SALLYPORT_FUZZ_SEED=${SEED}`)

/**
 * A test that checks a property. `share`: its part of all cases, in thousandths.
 *
 * @example fuzz('never throws', 10, fc.string(), (text) => expect(parse(text)).toBeDefined())
 */
export function fuzz<Case>(
  name: string,
  share: number,
  cases: fc.Arbitrary<Case>,
  check: (one: Case) => void | Promise<void>,
): void {
  const numRuns = Math.max(3, Math.round((CASES * share) / 1000))
  const property = fc.asyncProperty(cases, async (one) => {
    const start = process.cpuUsage()
    await check(one)
    // What does not wait cannot be interrupted, so it is timed; by its work, for the whole process may have waited for its turn.
    const { user, system } = process.cpuUsage(start)
    const took = (user + system) / 1000
    if (took > MAX_CASE) throw new Error(`took ${Math.round(took)} ms`)
  })
  test(name, () => fc.assert(property, { numRuns, seed: SEED, timeout: MAX_CASE }), 3_600_000)
}
