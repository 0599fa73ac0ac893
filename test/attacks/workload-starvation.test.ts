/**
 * One workload that comes without end, or in vain: the others do not pay for it.
 *
 * @see RFC 6585 section 4: 429 Too Many Requests
 * @see docs/adr/0189-each-workload-for-itself.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import type { ConfigInput } from '../../server/config.ts'
import { JWT_BEARER_GRANT } from '../../shared/token-request.ts'
import { postForm, RESOURCE, type TestServer } from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'
import { CLUSTER, createFederation, createIssuer, type Issuer } from '../support/trusted-issuers.ts'

const open: TestServer[] = []
afterAll(() => Promise.all(open.map((server) => server.close())))

/** Two programs of one cluster, `job` and `other`, and one of another cluster that is a `job` too. */
async function start(token: NonNullable<NonNullable<ConfigInput['rate_limits']>['token']>) {
  const [cluster, elsewhere] = [await createIssuer(CLUSTER), await createIssuer('https://tokens.elsewhere.example')]
  const issuers = [cluster, elsewhere].map(({ issuer, jwks }) => ({ issuer, jwks }))
  const workloads = issuers.map(({ issuer }, index) => ({
    name: `programs-${index}`,
    issuer,
    claims: { sub: ['job', 'other'] },
    resources: [RESOURCE],
  }))
  const { server } = await createFederation({ wif: { issuers, workloads }, rate_limits: { token } })
  open.push(server)
  const at = (address: string): Pick<TestServer, 'fetch'> => ({
    fetch: async (input, init) =>
      (await server.handle(new Request(`${server.issuer}${input}`, init), address)) ?? new Response(null),
  })
  async function ask(by: Issuer, sub: string, { address = '192.0.2.1', key = by.key } = {}): Promise<Response> {
    const { now } = server.clock
    const jti = crypto.randomUUID()
    const claims = { sub, aud: server.issuer, iat: now, exp: now + 60, jti }
    const assertion = await by.sign(claims, {}, key)
    const form = { grant_type: JWT_BEARER_GRANT, resource: RESOURCE, scope: 'notes:read', assertion }
    return postForm(at(address), '/oauth/token', form)
  }
  const statuses = async (times: number, ...by: Parameters<typeof ask>): Promise<readonly number[]> => {
    const seen: number[] = []
    for (let time = 0; time < times; time += 1) seen.push((await ask(...by)).status)
    return seen
  }
  return { server, cluster, elsewhere, ask, statuses }
}

describe('WIF-A6 rate limits', () => {
  test('one that asks without end uses up what is its own: not that of another subject, nor of the same at another issuer', async () => {
    const { server, cluster, elsewhere, ask, statuses } = await start({ per_client: 2 })
    expect(await statuses(3, cluster, 'job')).toEqual([200, 200, 429])
    // Wherever it is.
    expect((await ask(cluster, 'job', { address: '192.0.2.2' })).status).toBe(429)
    expect(await statuses(2, cluster, 'other')).toEqual([200, 200])
    expect(await statuses(2, elsewhere, 'job')).toEqual([200, 200])
    expect(server.limited).toMatchObject([{ limit: 'token.per_client', clientId: JSON.stringify([CLUSTER, 'job']) }])
  })

  test('a stranger uses up nothing by naming it, and keeps nobody out but at its own address', async () => {
    const { cluster, ask, statuses } = await start({ per_client: 2, failures: 3 })
    const stranger = await createIssuer(CLUSTER)
    const address = '198.51.100.1'
    expect(await statuses(4, cluster, 'job', { address, key: stranger.key })).toEqual([400, 400, 400, 429])
    await expectError(await ask(cluster, 'job', { address }), 429, 'temporarily_unavailable')
    expect(await statuses(2, cluster, 'job')).toEqual([200, 200])
  })

  test('one that fails does not keep out the others of its address', async () => {
    const { cluster, ask, statuses } = await start({ failures: 2 })
    const stranger = await createIssuer(CLUSTER)
    expect(await statuses(3, cluster, 'job', { key: stranger.key })).toEqual([400, 400, 429])
    expect((await ask(cluster, 'other')).status).toBe(200)
  })

  test('before anything is verified an address has a limit of its own, whatever it names', async () => {
    const { cluster, ask } = await start({ per_address: 3 })
    const seen = await Promise.all(['a', 'b', 'c', 'd'].map(async (sub) => (await ask(cluster, sub)).status))
    expect(seen.toSorted()).toEqual([400, 400, 400, 429])
    expect((await ask(cluster, 'job', { address: '192.0.2.2' })).status).toBe(200)
  })

  test('an assertion is nobody beside a client: who names one is counted as that', async () => {
    const { server, cluster } = await start({ failures: 1 })
    const { now } = server.clock
    const claims = { sub: 'job', aud: server.issuer, iat: now, exp: now + 60, jti: 'one' }
    const assertion = await cluster.sign(claims)
    const form = { grant_type: JWT_BEARER_GRANT, resource: RESOURCE, assertion }
    await expectError(await postForm(server, '/oauth/token', { ...form, client_id: 'somebody' }), 401, 'invalid_client')
    expect((await postForm(server, '/oauth/token', { ...form, scope: 'notes:read' })).status).toBe(200)
  })
})
