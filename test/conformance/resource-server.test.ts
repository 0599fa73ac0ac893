/**
 * The checks of resource servers, put to the test: ours passes all of them, and each of them sees the server that is broken in its
 * place, and no other does.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { checkResourceServer, RESOURCE_SERVER_CHECKS, type Report } from '../../conformance/index.ts'
import { createResourceFixture, ISSUER, RESOURCE } from '../support/resource-fixture.ts'
import { resourceMutants } from './mutants/resource-server.ts'
import { type Mutation, mutated } from './world.ts'

const { clock, issuer, notes } = await createResourceFixture()
const serve = notes.serve(() => Response.json({ jsonrpc: '2.0', id: 1, result: {} }))
const now = (): number => clock.now

/** The resource server, and beside it the authorization server that it believes. */
async function reach(url: string, init: RequestInit): Promise<Response> {
  if (new URL(url).origin === new URL(RESOURCE).origin) return serve(new Request(url, init))
  return issuer.fetch(url, {})
}

const check = (mutation?: Mutation): Promise<Report> =>
  checkResourceServer({
    url: RESOURCE,
    signer: { key: issuer.key, alg: 'ES256', kid: issuer.publicJwk.kid ?? '' },
    tool: 'notes_clear',
    now,
    fetch: mutation === undefined ? reach : mutated(reach, mutation),
  })

const idsWith = (report: Report, ...statuses: readonly string[]): readonly string[] =>
  report.results.filter(({ status }) => statuses.includes(status)).map(({ id }) => id)

const mutants = resourceMutants({ issuer: ISSUER, now })

test('every check passes on ours', async () => {
  const report = await check()
  expect(report.results.filter(({ status }) => status !== 'pass')).toEqual([])
  expect(report.results.map(({ id }) => id)).toEqual(RESOURCE_SERVER_CHECKS.map(({ id }) => id))
})

test('every check has a broken server that it alone sees', () => {
  const broken = new Set(mutants.map(({ breaks }) => breaks))
  expect(RESOURCE_SERVER_CHECKS.map(({ id }) => id).filter((id) => !broken.has(id))).toEqual([])
})

describe('a server that', () => {
  test.each(mutants.map((mutant) => [mutant.what, mutant] as const))('%s', async (_, { breaks, make }) => {
    expect(idsWith(await check(make()), 'fail', 'warning')).toEqual([breaks])
  })
})
