/**
 * The checks of authorization servers, put to the test: ours passes all of them, and each of them sees the server that is broken in its
 * place, and no other does.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { AUTHORIZATION_SERVER_CHECKS, type Report } from '../../conformance/index.ts'
import { MUTANTS } from './mutants/all.ts'
import { createWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.server.close())

/** Not yet on offer at our server. */
const pending = (id: string): boolean => id.startsWith('dpop')

const idsWith = (report: Report, ...statuses: readonly string[]): readonly string[] =>
  report.results.filter(({ status }) => statuses.includes(status)).map(({ id }) => id)

test('every check passes on ours', async () => {
  const report = await world.check()
  expect(report.results.filter(({ id, status }) => status !== 'pass' && !pending(id))).toEqual([])
  expect(report.results.map(({ id }) => id)).toEqual(AUTHORIZATION_SERVER_CHECKS.map(({ id }) => id))
})

test('every check has a broken server that it alone sees', () => {
  const broken = new Set(MUTANTS.map(({ breaks }) => breaks))
  expect(AUTHORIZATION_SERVER_CHECKS.map(({ id }) => id).filter((id) => !broken.has(id) && !pending(id))).toEqual([])
})

describe('a server that', () => {
  test.each(MUTANTS.map((mutant) => [mutant.what, mutant] as const))('%s', async (_, { breaks, make }) => {
    expect(idsWith(await world.check(make()), 'fail', 'warning')).toEqual([breaks])
  })
})
