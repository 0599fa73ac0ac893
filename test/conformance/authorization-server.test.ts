/**
 * The checks of authorization servers, put to the test: ours passes all of them, and each of them sees the server that is broken in its
 * place, and no other does.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { AUTHORIZATION_SERVER_CHECKS, type Report } from '../../conformance/index.ts'
import { MUTANTS } from './mutants/all.ts'
import { dpopMutants, NONCE_MUTANTS } from './mutants/dpop.ts'
import type { Mutant } from './mutants/mutant.ts'
import { createWorld, type World } from './world.ts'

/** A server that wants a nonce in each proof, and one that does not: some checks are about the one, some about the other. */
const worlds = new Map<'plain' | 'nonces', World>()
beforeAll(async () => {
  worlds.set('plain', await createWorld())
  worlds.set('nonces', await createWorld({ dpop: { nonce: 'required' } }))
})
afterAll(async () => {
  for (const { server } of worlds.values()) await server.close()
})

const worldOf = (name: 'plain' | 'nonces'): World => {
  const world = worlds.get(name)
  if (world === undefined) throw new Error('there is no such world')
  return world
}

const ALL = AUTHORIZATION_SERVER_CHECKS.map(({ id }) => id)
const isAboutNonces = (id: string): boolean => id.startsWith('dpop-nonce')

const idsWith = (report: Report, ...statuses: readonly string[]): readonly string[] =>
  report.results.filter(({ status }) => statuses.includes(status)).map(({ id }) => id)

const others = (report: Report) =>
  report.results.filter(({ status }) => status !== 'pass').map(({ id, note }) => [id, note])

test('every check passes on ours', async () => {
  const [plain, nonces] = [await worldOf('plain').check(), await worldOf('nonces').check()]
  expect(others(plain)).toEqual(ALL.filter(isAboutNonces).map((id) => [id, 'the server wants no nonce']))
  expect(others(nonces)).toEqual([])
})

test('ours with its default settings is warned once: of the grace for answers that were lost', async () => {
  const world = await createWorld({ refresh: {} })
  expect(idsWith(await world.check(), 'fail', 'warning')).toEqual(['refresh-replay-at-once'])
  await world.server.close()
})

test('where nobody is named who may ask about tokens, a client with a secret asks about its own', async () => {
  const only = ALL.filter((id) => id.startsWith('introspect'))
  const report = await worldOf('plain').check(undefined, { introspector: undefined, only })
  expect([idsWith(report, 'pass'), others(report)]).toEqual([only, []])
})

/** What the server takes for the time. */
const now = (): number => worldOf('plain').server.clock.now

const plain: readonly Mutant[] = [...MUTANTS, ...dpopMutants(now)]

test('every check has a broken server that it alone sees', () => {
  const broken = new Set([...plain, ...NONCE_MUTANTS].map(({ breaks }) => breaks))
  expect(ALL.filter((id) => !broken.has(id))).toEqual([])
})

describe('a server that', () => {
  const named = (mutants: readonly Mutant[]) => mutants.map((mutant) => [mutant.what, mutant] as const)

  test.each(named(plain))('%s', async (_, { breaks, make }) => {
    expect(idsWith(await worldOf('plain').check(make()), 'fail', 'warning')).toEqual([breaks])
  })
  test.each(named(NONCE_MUTANTS))('wants nonces and %s', async (_, { breaks, make }) => {
    expect(idsWith(await worldOf('nonces').check(make()), 'fail', 'warning')).toEqual([breaks])
  })
})
