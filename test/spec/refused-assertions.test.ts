/**
 * Exchanges and assertions that are refused are written down with whom they were about: in the audit log, and in the flow trace with where they stopped.
 *
 * @see docs/adr/0123-what-a-refused-request-says.md
 * @see docs/adr/0189-each-workload-for-itself.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import { joinAttempts } from '../../server/admin/flow-attempts.ts'
import { showFlows } from '../../server/admin/flows.ts'
import type { FlowStep } from '../../server/core/flow.ts'
import { digest } from '../../server/store/hash.ts'
import { ID_JAG_TOKEN_TYPE } from '../../shared/id-jag.ts'
import { REFRESH_TOKEN_TOKEN_TYPE } from '../../shared/token-exchange.ts'
import { JWT_BEARER_GRANT } from '../../shared/token-request.ts'
import { obtainCode, registerClient, type TestServer } from '../support/authorization-server.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { createExchangeWorld, MAIL, VAULT } from '../support/exchange-world.ts'
import { lines } from '../support/flow-trace.ts'
import { CLUSTER, createCompany, createFederation, createIssuer, IDP, SUBJECT } from '../support/trusted-issuers.ts'

const federation = await createFederation()
const { now } = federation.server.clock
const company = await createCompany({ provider: { subjects: 'strict' } })
const world = await createExchangeWorld({
  id_jag: {
    enabled: true,
    audiences: [{ issuer: 'https://as.tickets.example', clients: { host: 'h' }, resources: ['https://t.example/mcp'] }],
  },
})
afterAll(() => Promise.all([federation, company, world].map(({ server }) => server.close())))

/** What is written down of the request that this is the answer to. */
async function rowOf(server: TestServer, response: Response) {
  await server.flush()
  const requestId = response.headers.get('x-request-id') ?? ''
  return (await server.store.audit.readBack(null, { requestId })).records[0]
}

async function flowsOf(server: TestServer, wanted: { client?: string } = {}): Promise<readonly string[]> {
  await server.flush()
  const tools = { store: server.store, now: () => server.clock.now, digest }
  const shown = await showFlows(tools, { failed: true, since: '24h', json: false, ...wanted })
  if (!shown.ok) throw new Error(shown.error.message)
  return lines(shown.value)
}

describe('WIF-A6 the audit log', () => {
  const { server, sign, ask } = federation
  const refused: readonly (readonly [string, () => Promise<string>, string, string | undefined])[] = [
    ['verified, and nobody', () => sign({ sub: 'thief' }), 'unknown_workload', `${CLUSTER} thief`],
    [
      'of another key',
      async () => sign({}, {}, (await createIssuer(CLUSTER)).key),
      'wrong_grant_assertion_signature',
      `claimed:${CLUSTER}`,
    ],
    [
      'expired, so not verified',
      () => sign({ iat: now - 330, exp: now - 31 }),
      'expired_grant_assertion',
      `claimed:${CLUSTER}`,
    ],
    [
      'for another server',
      () => sign({ aud: 'https://other.example' }),
      'wrong_grant_assertion_audience',
      `claimed:${CLUSTER}`,
    ],
    ['of nobody who is trusted', () => sign({ iss: 'https://evil.example' }), 'unknown_assertion_issuer', undefined],
    ['no JWT', async () => 'secret', 'malformed_grant_assertion', undefined],
  ]
  test.each(refused)(
    'names the issuer of a JWT that is %s, and the subject only of one that was verified',
    async (_, assertion, reason, actor) => {
      const row = await rowOf(server, await ask(await assertion()))
      expect([row?.reason, row?.actor]).toEqual([reason, actor])
    },
  )

  test('names the workload, its issuer and subject where its own request goes too far', async () => {
    const row = await rowOf(server, await ask(await sign(), { scope: 'nonsense' }))
    expect(row).toMatchObject({ reason: 'unknown_scope', clientId: 'workload:nightly', actor: `${CLUSTER} job` })
    const assertion = await sign()
    await ask(assertion)
    const replayed = await rowOf(server, await ask(assertion))
    expect(replayed).toMatchObject({ reason: 'replayed_grant_assertion', actor: `${CLUSTER} job` })
  })

  test('names one however often another was refused in the same minute', async () => {
    const { server, sign, ask } = await createFederation()
    for (const _ of Array(30)) await ask(await sign({ sub: 'loop' }))
    const row = await rowOf(server, await ask(await sign({ sub: 'thief' })))
    expect(row).toMatchObject({ reason: 'unknown_workload', actor: `${CLUSTER} thief` })
    // Ten of the loop, how many there were beside, and the thief.
    expect((await server.store.audit.readBack(null, { type: 'token_rejected' })).records).toHaveLength(12)
    await server.close()
  })

  test('and where it came from', async () => {
    const body = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: await sign({ sub: 'thief' }),
    })
    const request = new Request(`${server.issuer}/oauth/token`, { method: 'POST', body })
    const response = (await server.handle(request, '192.0.2.7')) ?? new Response(null)
    expect((await rowOf(server, response))?.actor).toBe(`address:192.0.2.7 ${CLUSTER} thief`)
  })
})

describe('EMA-A13 the audit log of ID-JAGs', () => {
  const { server, idp, jag, redeem } = company
  const claims = async (changes: Parameters<typeof jag>[0], form = {}) => redeem(await jag(changes), form)
  const refused: readonly (readonly [string, () => Promise<Response>, string, string | undefined])[] = [
    ['of somebody unknown', () => claims({}), 'unknown_subject', `${IDP} ${SUBJECT}`],
    [
      'for a resource that is none of ours',
      () => claims({ resource: 'https://x.example' }),
      'ungoverned_resource',
      `${IDP} ${SUBJECT}`,
    ],
    ['of a tenant', () => claims({ tenant: 'acme' }), 'wrong_assertion_tenant', `${IDP} ${SUBJECT}`],
    ['for another client', () => claims({ client_id: 'other' }), 'grant_assertion_of_other_client', `claimed:${IDP}`],
    [
      'of another key',
      async () => redeem(await jag({}, {}, { ...idp, sign: (await createIssuer(IDP)).sign })),
      'wrong_grant_assertion_signature',
      `claimed:${IDP}`,
    ],
    ['of nobody who is trusted', () => claims({ iss: 'https://evil.example' }), 'unknown_assertion_issuer', undefined],
  ]
  test.each(refused)('one %s', async (_, send, reason, actor) => {
    const row = await rowOf(server, await send())
    expect([row?.reason, row?.actor, row?.clientId]).toEqual([reason, actor, company.client.id])
    expect(JSON.stringify(server.events.at(-1))).not.toContain('eyJ')
  })
})

describe('the flow trace', () => {
  test('says where a workload stopped, and which', async () => {
    const { server, sign, ask } = await createFederation()
    // Somebody who waits for a token is no workload, and is not told that their attempt failed.
    const { client_id } = await registerClient(server)
    await obtainCode(server, client_id)
    await ask(await sign({ sub: 'thief' }))
    expect(await flowsOf(server)).toEqual([
      '2027-01-15 08:00:00  unknown client  claimed:https://mcp.example/mcp',
      `  08:00:00  assertion     refused: unknown_workload (The assertion is of nobody who may have tokens here.) (of ${CLUSTER} thief, request ID)`,
      '  => stopped at assertion: unknown_workload',
      '',
      '1 attempts: 0 connected, 0 issued, 1 refused, 0 left, 0 waiting.',
    ])
    await server.close()
  })

  test('says where an ID-JAG stopped, and for whom; one that did not is an attempt that went well', async () => {
    const strict = await createCompany({ provider: { subjects: 'strict' } })
    await strict.redeem(await strict.jag())
    expect(await flowsOf(strict.server, { client: strict.client.id })).toContain(
      `  08:00:00  assertion     refused: unknown_subject (The assertion is of nobody who may have tokens here.) (of ${IDP} ${SUBJECT}, request ID)`,
    )
    await strict.server.close()
    const open = await createCompany()
    await open.redeem(await open.jag())
    expect(await flowsOf(open.server)).toEqual(['0 attempts: 0 connected, 0 issued, 0 refused, 0 left, 0 waiting.'])
    expect(await open.server.store.flows.since(0)).toMatchObject([{ step: 'assertion', outcome: 'done' }])
    await open.server.close()
  })

  test('of what several clients bring of one issuer, each has its own', async () => {
    const { server, jag, redeem, client } = await createCompany({ provider: { subjects: 'strict' } })
    const other = await addSecretClient(server, { grantTypes: [JWT_BEARER_GRANT] })
    for (const one of [client, other, client, other]) {
      await redeem(await jag({ client_id: 'nobody' }), {}, one.basic)
      await redeem(await jag({ client_id: one.id }), {}, one.basic)
      server.clock.now += 60
    }
    for (const one of [client, other]) {
      const shown = await flowsOf(server, { client: one.id })
      expect(shown.filter((line) => line.includes('=>')).toSorted()).toEqual([
        '  => stopped at assertion: grant_assertion_of_other_client',
        '  => stopped at assertion: unknown_subject',
      ])
      expect(shown.filter((line) => line.includes('2 times'))).toHaveLength(2)
    }
    await server.close()
  })

  test('whoever writes the name of an issuer alone keeps nobody else out', async () => {
    const { server, sign, ask } = await createFederation()
    const stolen = await sign({}, {}, (await createIssuer(CLUSTER)).key)
    const body = new URLSearchParams({ grant_type: JWT_BEARER_GRANT, assertion: stolen })
    const post = (from: string) =>
      server.handle(new Request(`${server.issuer}/oauth/token`, { method: 'POST', body }), from)
    for (let host = 0; host < 250; host += 1) await post(`192.0.2.${host}`)
    await ask(await sign({ sub: 'thief' }))
    await server.flush()
    const reasons = (await server.store.flows.since(0)).map(({ reason }) => reason)
    expect(reasons.filter((reason) => reason === 'wrong_grant_assertion_signature')).toHaveLength(20)
    expect(reasons).toContain('unknown_workload')
    await server.close()
  })

  test('a grant type that does not belong there makes no other step of a request', async () => {
    const { server, ask } = await createFederation()
    const grant_type = JWT_BEARER_GRANT
    await server.fetch(`/oauth/authorize?${new URLSearchParams({ grant_type, client_id: 'gone' })}`)
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ redirect_uris: ['https://evil.example/cb'], grant_type })
    await server.fetch('/oauth/register', { method: 'POST', headers, body })
    await ask('nothing')
    // Nor does one that is too long make it any other: it would be told with somebody who waits for a token.
    await ask('x'.repeat(8193))
    await server.flush()
    const steps = (await server.store.flows.since(0)).map(({ step }) => step)
    expect(steps.toSorted()).toEqual(['assertion', 'assertion', 'authorize', 'registration'])
    await server.close()
  })

  test('says where an exchange stopped: whose, for where and why, beside the attempt that the token came of', async () => {
    const { server, host, notes, personToken, ask } = world
    const { access_token, refresh_token } = await personToken()
    await ask(access_token, notes)
    await ask(access_token, notes, { resource: VAULT })
    await ask(access_token, notes, { resource: VAULT })
    await ask('nothing', notes)
    const idJag = { requested_token_type: ID_JAG_TOKEN_TYPE, subject_token_type: REFRESH_TOKEN_TOKEN_TYPE }
    await ask(refresh_token, host, { ...idJag, resource: undefined, audience: 'https://as.nobody.example' })
    const shown = (await flowsOf(server)).filter((line) => /exchange|attempts/.test(line))
    expect(shown.map((line) => line.replace(/ \(.*/, ''))).toEqual([
      '  08:00:00  exchange      refused: exchange_not_allowed',
      '  => stopped at exchange: exchange_not_allowed',
      '  08:00:00  exchange      refused: unknown_subject_token',
      '  => stopped at exchange: unknown_subject_token',
      '  08:00:00  exchange      refused: unknown_id_jag_audience',
      '  => stopped at exchange: unknown_id_jag_audience',
      '3 attempts: 0 connected, 0 issued, 3 refused, 0 left, 0 waiting.',
    ])
    const steps = (await server.store.flows.since(0)).filter(({ step }) => step === 'exchange')
    const [grantId] = (decodeJwt(access_token).jti ?? '').split('.')
    expect(steps).toMatchObject([
      { clientId: 'notes-server', resource: `claimed:${VAULT}`, grantId, reason: 'exchange_not_allowed' },
      { clientId: 'notes-server', resource: `claimed:${MAIL}`, grantId: null, reason: 'unknown_subject_token' },
      { clientId: 'host', resource: 'claimed:https://as.nobody.example', grantId, reason: 'unknown_id_jag_audience' },
    ])
  })

  test('a refused exchange says whose grant it was about, in the audit log too', async () => {
    const { server, notes, personToken, ask } = world
    const { access_token } = await personToken()
    const row = await rowOf(server, await ask(access_token, notes, { scope: 'admin' }))
    expect(row).toMatchObject({ reason: 'scope_beyond_subject', grantId: expect.any(String), clientId: 'notes-server' })
  })

  test('joins what one client did with one grant, or of one subject, for ten minutes; and leaves alone what that came of', () => {
    const step = (at: number, changes: Partial<FlowStep>): FlowStep => ({
      ...{
        at,
        step: 'exchange',
        outcome: 'refused',
        reason: 'exchange_not_allowed',
        clientId: 'server',
        resource: null,
      },
      ...{ attempt: null, grantId: 'G', address: null, requestId: null, ...changes },
    })
    const own = { clientId: 'host', outcome: 'done', reason: null } as const
    const assertion = { step: 'assertion', clientId: null, grantId: null, attempt: `${CLUSTER} job` } as const
    const { attempts } = joinAttempts(
      [
        step(0, { ...own, step: 'code' }),
        step(1, { ...own, step: 'token' }),
        step(2, {}),
        step(3, { clientId: 'another' }),
        step(4, { ...own, step: 'first_call' }),
        step(602, {}),
        step(700, assertion),
        step(701, { ...assertion, attempt: `${CLUSTER} other` }),
        step(1300, assertion),
        step(1901, assertion),
        step(1902, {}),
        // A host that is waiting for its token is not told of what a program did.
        step(1903, { ...own, step: 'code', grantId: 'H' }),
        step(1904, { ...assertion, attempt: `${IDP} ${SUBJECT}`, clientId: 'host' }),
      ],
      2000,
    )
    expect(attempts.map(({ clientId, state, steps }) => [clientId, state, steps.map(({ times }) => times)])).toEqual([
      ['host', 'connected', [1, 1, 1]],
      ['server', 'refused', [2]],
      ['another', 'refused', [1]],
      [null, 'refused', [2]],
      [null, 'refused', [1]],
      [null, 'refused', [1]],
      ['server', 'refused', [1]],
      ['host', 'waiting', [1]],
      ['host', 'refused', [1]],
    ])
  })
})
