/**
 * The checks of resource servers, put to the test: ours passes all of them, and each of them sees the server that is broken in its
 * place, and no other does.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { checkResourceServer, type Fetch, RESOURCE_SERVER_CHECKS, type Report } from '../../conformance/index.ts'
import { createKeys } from '../../conformance/jose/jws.ts'
import { createTestServer, USER } from '../support/authorization-server.ts'
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

const mutants = resourceMutants({ issuer: ISSUER, now, publicJwk: { ...fixture.issuer.publicJwk } })

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

test('every check passes on ours when it takes bound tokens only, but for the one that is about others', async () => {
  const report = await check(undefined, await createResourceFixture({ dpop: { required: true } }))
  const others = report.results.filter(({ status }) => status !== 'pass').map(({ id, note }) => [id, note])
  expect(others).toEqual([['rs-dpop-nonce-exposed', 'the server gives no nonce']])
})

test('every check passes on ours when it takes bound tokens with nonces only', async () => {
  const report = await check(undefined, await createResourceFixture({ dpop: { required: true, requireNonce: true } }))
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

describe('a good token is seen to be accepted by a server that', () => {
  const only = ['rs-token', 'rs-scheme-case', 'rs-audience', 'rs-scope', 'rs-step-up']
  const checkWith = (handler: (message: { id: number; method: string }, request: Request) => Response) => {
    const serve = fixture.notes.serve(async (request) => handler(await request.json(), request))
    const fetch: Fetch = async (url, init) =>
      new URL(url).origin === new URL(RESOURCE).origin ? serve(new Request(url, init)) : fixture.issuer.fetch(url, {})
    const key = { key: fixture.issuer.key, alg: 'ES256', kid: fixture.issuer.publicJwk.kid ?? '' }
    return checkResourceServer({ url: RESOURCE, signer: key, tool: 'notes_clear', now, fetch, only })
  }
  const result = (id: number, more: HeadersInit = {}): Response =>
    Response.json({ jsonrpc: '2.0', id, result: {} }, { headers: more })
  const failure = (id: number, status: number): Response =>
    Response.json({ jsonrpc: '2.0', id, error: { code: -32_600, message: 'No' } }, { status })

  const servers: readonly (readonly [string, Parameters<typeof checkWith>[0]])[] = [
    ['answers in JSON', ({ id }) => result(id)],
    [
      'answers in a stream that does not end',
      ({ id }) => {
        const text = `id: 0\ndata:\n\nevent: message\ndata: {"jsonrpc":"2.0","id":${id},"result":{}}\n\n`
        const start = (controller: ReadableStreamDefaultController) =>
          controller.enqueue(new TextEncoder().encode(text))
        return new Response(new ReadableStream({ start }), { headers: { 'content-type': 'text/event-stream' } })
      },
    ],
    [
      'has sessions',
      ({ id, method }, { headers }) => {
        if (method === 'initialize') return result(id, { 'mcp-session-id': 'one' })
        return headers.get('mcp-session-id') === 'one' ? result(id) : failure(id, 400)
      },
    ],
    [
      'speaks the stateless protocol alone',
      ({ id, method }, { headers }) =>
        headers.get('mcp-protocol-version') === '2026-07-28' && headers.get('mcp-method') === method
          ? result(id)
          : failure(id, 400),
    ],
    [
      'refuses the arguments of the call',
      ({ id, method }) => (method === 'tools/call' ? failure(id, 200) : result(id)),
    ],
  ]
  test.each(servers)('%s', async (_, handler) => {
    const { results } = await checkWith(handler)
    expect(results.filter(({ status }) => status !== 'pass')).toEqual([])
  })

  test('but not by one that understands nothing', async () => {
    const { results } = await checkWith(({ id }) => failure(id, 200))
    expect(results.map(({ status }) => status)).toEqual(['fail', ...only.slice(1).map(() => 'skipped' as const)])
  })
})

describe('a refusal says nothing', () => {
  test('without a good token: what must be refused does not pass, and why is said', async () => {
    const { results } = await checkResourceServer({ url: RESOURCE, now, fetch: reach(fixture), fetchesToken: false })
    const passed = results.filter(({ status }) => status === 'pass').map(({ id }) => id)
    expect(passed.filter((id) => !/^rs-(metadata|dpop-metadata|challenge|preflight|origin)/.test(id))).toEqual([])
    const note = 'it is refused, but so may a good token be: there is no token to try'
    for (const id of ['rs-401', 'rs-get', 'rs-garbage', 'rs-invalid-token']) {
      const result = results.find((one) => one.id === id)
      expect(result).toMatchObject({ status: 'skipped', note: expect.stringContaining(note) })
    }
  })

  test('of tokens that a wrong key signs, though the token that was given is good', async () => {
    const stranger = await createKeys()
    const signer = { key: stranger.privateKey, alg: 'ES256', kid: fixture.issuer.publicJwk.kid ?? '' }
    const token = await fixture.issuer.sign()
    const only = ['rs-token', 'rs-expired', 'rs-not-before', 'rs-no-expiry', 'rs-audience', 'rs-issuer', 'rs-type']
    const { results } = await checkResourceServer({ url: RESOURCE, now, fetch: reach(fixture), token, signer, only })
    expect(results.map(({ status }) => status)).toEqual(['fail', ...only.slice(1).map(() => 'skipped' as const)])
  })

  test('of a call that is refused with its scope, too', async () => {
    const always: Mutation = async (sent, next) =>
      sent.body?.includes('tools/call') === true
        ? new Response(null, {
            status: 403,
            headers: { 'www-authenticate': 'Bearer error="insufficient_scope", scope="notes:admin"' },
          })
        : next(sent)
    const { results } = await check(always)
    const found = results.filter(({ id }) => ['rs-scope', 'rs-step-up'].includes(id))
    expect(found.map(({ status }) => status)).toEqual(['skipped', 'fail'])
  })

  test('where the authorization server cannot be reached: that is told once', async () => {
    const fetch: Fetch = async (url, init) => {
      if (new URL(url).origin !== new URL(RESOURCE).origin) throw new TypeError('ECONNREFUSED')
      return reach(fixture)(url, init)
    }
    const { results } = await checkResourceServer({ url: RESOURCE, now, fetch })
    expect(results.filter(({ status }) => status === 'fail').map(({ id }) => id)).toEqual(['rs-metadata-issuers'])
  })
})

describe('without the key of the authorization server', () => {
  const OTHER = 'https://other.example/mcp'
  const only = [
    'rs-token',
    'rs-audience',
    'rs-altered',
    'rs-unsigned',
    'rs-symmetric',
    'rs-own-key',
    'rs-embedded-key',
    'rs-scope',
    'rs-step-up',
  ]

  async function createScene(identifiers: readonly string[]) {
    const server = await createTestServer({
      dev_login: USER.username,
      resources: identifiers.map((identifier) => ({
        identifier,
        name: 'Notes',
        scopes: { 'notes:read': 'Read', 'notes:write': 'Write' },
      })),
    })
    const { notes } = await createResourceFixture({
      authorizationServers: [server.issuer],
      fetch: (input, init) => server.fetch(String(input), init),
      now: () => server.clock.now,
    })
    const serve = notes.serve(() => Response.json({ jsonrpc: '2.0', id: 1, result: {} }))
    const fetch: Fetch = async (url, init) =>
      new URL(url).origin === new URL(RESOURCE).origin ? serve(new Request(url, init)) : server.fetch(url, init)
    const run = async (mutation: Mutation = (sent, next) => next(sent)) => {
      const report = await checkResourceServer({
        url: RESOURCE,
        now: () => server.clock.now,
        fetch: mutated(fetch, mutation),
        tool: 'notes_add',
        only,
      })
      await server.close()
      return report.results.filter(({ status }) => status !== 'pass')
    }
    return { run }
  }

  test('a real token is altered in every way, and one for another resource is fetched', async () => {
    expect(await (await createScene([RESOURCE, OTHER])).run()).toEqual([])
  })

  test('a server that takes tokens for others is found', async () => {
    const [mutant] = mutants.filter(({ breaks }) => breaks === 'rs-audience')
    const { run } = await createScene([RESOURCE, OTHER])
    expect(await run(mutant?.make())).toMatchObject([{ id: 'rs-audience', status: 'fail' }])
  })

  test('where there is no other resource, it is said what is missing', async () => {
    const [result, ...others] = await (await createScene([RESOURCE])).run()
    expect(others).toEqual([])
    expect(result).toMatchObject({ id: 'rs-audience', status: 'skipped' })
    expect(result?.note).toContain('--other-resource')
  })
})
