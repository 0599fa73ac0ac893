/**
 * The checks of resource servers, put to the test: ours passes all of them, and each of them sees the server that is broken in its
 * place, and no other does.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { checkResourceServer, type Fetch, RESOURCE_SERVER_CHECKS, type Report } from '../../conformance/index.ts'
import { createResourceFixture, ISSUER, RESOURCE, type ResourceFixture } from '../support/resource-fixture.ts'
import { RESOURCE_NONCE_MUTANTS } from './mutants/resource-dpop.ts'
import { resourceMutants } from './mutants/resource-server.ts'
import { inLines, type Mutation, mutated } from './mutation.ts'

const fixture = await createResourceFixture()
const now = (): number => fixture.clock.now

/** The resource server, and beside it the authorization server that it believes. */
function reach({ issuer, notes }: ResourceFixture): Fetch {
  const serve = notes.serve(() => Response.json({ jsonrpc: '2.0', id: 1, result: {} }))
  return async (url, init) =>
    new URL(url).origin === new URL(RESOURCE).origin ? serve(new Request(url, init)) : issuer.fetch(url, {})
}

const withNonces = await createResourceFixture({ dpop: { requireNonce: true } })

function check(mutation?: Mutation, on = fixture): Promise<Report> {
  const fetch = mutated(reach(on), mutation ?? ((sent, next) => next(sent)))
  return checkResourceServer({
    url: RESOURCE,
    signer: { key: on.issuer.key, alg: 'ES256', kid: on.issuer.publicJwk.kid ?? '' },
    tool: 'notes_clear',
    now,
    fetch,
    fetchLines: inLines(fetch),
  })
}

const idsWith = (report: Report, ...statuses: readonly string[]): readonly string[] =>
  report.results.filter(({ status }) => statuses.includes(status)).map(({ id }) => id)

const mutants = resourceMutants({ issuer: ISSUER, now })

test('every check passes on ours', async () => {
  const report = await check()
  const others = report.results.filter(({ status }) => status !== 'pass').map(({ id, note }) => [id, note])
  expect(others).toEqual([['rs-dpop-nonce-exposed', 'the server gives no nonce']])
  expect(report.results.map(({ id }) => id)).toEqual(RESOURCE_SERVER_CHECKS.map(({ id }) => id))
})

test('every check passes on ours when it wants nonces', async () => {
  const report = await check(undefined, withNonces)
  expect(report.results.filter(({ status }) => status !== 'pass')).toEqual([])
})

test('every check has a broken server that it alone sees', () => {
  const broken = new Set([...mutants, ...RESOURCE_NONCE_MUTANTS].map(({ breaks }) => breaks))
  expect(RESOURCE_SERVER_CHECKS.map(({ id }) => id).filter((id) => !broken.has(id))).toEqual([])
})

describe('a server that', () => {
  test.each(mutants.map((mutant) => [mutant.what, mutant] as const))('%s', async (_, { breaks, make }) => {
    expect(idsWith(await check(make()), 'fail', 'warning')).toEqual([breaks])
  })
  test.each(RESOURCE_NONCE_MUTANTS.map((mutant) => [mutant.what, mutant] as const))(
    'wants nonces and %s',
    async (_, { breaks, make }) => {
      expect(idsWith(await check(make(), withNonces), 'fail', 'warning')).toEqual([breaks])
    },
  )
})
