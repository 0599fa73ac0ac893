/**
 * Workload identity federation: programs that get tokens by what their platform says of them, without a registration.
 *
 * @see RFC 7523 section 3
 * @see MCP extension io.modelcontextprotocol/auth/wif, a draft (SEP-1933)
 * @see docs/adr/0187-workloads-are-rules.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import { JWT_BEARER_GRANT } from '../../shared/token-request.ts'
import { createTestServer, ISSUER, postForm, RESOURCE, registerClient } from '../support/authorization-server.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { craftProof, createProver } from '../support/dpop-proofs.ts'
import { expectError } from '../support/oauth-error.ts'
import { CLUSTER, createFederation, createIssuer } from '../support/trusted-issuers.ts'

const MAIL = 'https://mail.example/mcp'
const resources = [
  { identifier: RESOURCE, scopes: { 'notes:read': 'Read', 'notes:write': 'Write' } },
  { identifier: MAIL, scopes: { 'mail:send': 'Send' } },
]
const job = { name: 'nightly', issuer: CLUSTER, resources: [RESOURCE] }
const federation = await createFederation({ resources })
const { server, sign, ask, lastReason } = federation
const open = [federation]
afterAll(async () => {
  for (const { server } of open) await server.close()
})
const create = async (...given: Parameters<typeof createFederation>) => {
  const made = await createFederation(...given)
  open.push(made)
  return made
}
const { now } = server.clock

describe('WIF-00 WIF-C1 a program and its JWT', () => {
  test('get a token for the program, at the resource of the rule, without a client_id', async () => {
    server.events.length = 0
    const response = await ask(await sign())
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
    const { access_token, ...rest } = await response.json()
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 900, scope: 'notes:read' })
    expect(decodeJwt(access_token)).toEqual({
      iss: ISSUER,
      sub: 'workload:nightly',
      aud: RESOURCE,
      client_id: 'workload:nightly',
      iat: now,
      exp: now + 900,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      scope: 'notes:read',
    })
    expect(server.events).toEqual([
      { type: 'workload_token_issued', clientId: 'workload:nightly', resource: RESOURCE, name: `${CLUSTER} job` },
    ])
  })

  test('a rule can say that it is an agent: token, introspection and audit log repeat it', async () => {
    const rule = { ...job, claims: { sub: 'job' } }
    for (const agent of [undefined, false, true]) {
      const workloads = [agent === undefined ? rule : { ...rule, agent }]
      const { server, sign, ask } = await create({ wif: { workloads } })
      const { access_token } = await (await ask(await sign())).json()
      const said = agent ? 'workload:nightly' : undefined
      expect(decodeJwt(access_token)['agent_id']).toBe(said)
      const issued = server.events.find(({ type }) => type === 'workload_token_issued')
      expect({ agents: undefined, ...issued }).toMatchObject({
        clientId: 'workload:nightly',
        agents: agent ? ['workload:nightly'] : undefined,
      })
      const { basic } = await addSecretClient(server, { resource: RESOURCE })
      const answer = await postForm(server, '/oauth/introspect', { token: access_token }, basic)
      const told = await answer.json()
      expect([told.active, told.agent_id]).toEqual([true, said])
    }
  })

  test('WIF-A1 the grant type is in the metadata; the experiment is not', async () => {
    const metadata = await server.as.metadata()
    expect(metadata.grant_types_supported).toContain(JWT_BEARER_GRANT)
    expect(metadata).not.toHaveProperty('authorization_grant_profiles_supported')
    expect(JSON.stringify(metadata)).not.toContain(CLUSTER)
  })

  test('off by default', async () => {
    const off = await createTestServer()
    const form = { grant_type: JWT_BEARER_GRANT, assertion: await sign(), resource: RESOURCE }
    await expectError(await postForm(off, '/oauth/token', form), 401, 'invalid_client')
    await off.close()
  })

  test('a proof of a key binds the token', async () => {
    const prover = await createProver()
    const dpop = await craftProof(prover, { method: 'POST', url: `${ISSUER}/oauth/token`, now })
    const { access_token, token_type } = await (await ask(await sign(), {}, { dpop })).json()
    expect([token_type, decodeJwt(access_token)['cnf']]).toEqual(['DPoP', { jkt: prover.thumbprint }])
  })

  test('RFC 7800 section 3.1 a JWT that is bound to a key is for whoever proves it', async () => {
    const prover = await createProver()
    const proof = async (by = prover) => ({
      dpop: await craftProof(by, { method: 'POST', url: `${ISSUER}/oauth/token`, now }),
    })
    const bound = await sign({ cnf: { jkt: prover.thumbprint } })
    await expectError(await ask(bound), 400, 'invalid_grant')
    expect(lastReason()).toBe('grant_assertion_without_proof')
    await expectError(await ask(bound, {}, await proof(await createProver())), 400, 'invalid_grant')
    expect(lastReason()).toBe('wrong_dpop_key')
    await expectError(await ask(await sign({ cnf: { 'x5t#S256': 'other' } }), {}, await proof()), 400, 'invalid_grant')
    expect(lastReason()).toBe('malformed_grant_assertion')
    expect((await ask(bound, {}, await proof())).status).toBe(200)
  })

  test('the token is dead where the rule is gone, and lives where it is', async () => {
    const { access_token } = await (await ask(await sign())).json()
    const { jti = '' } = decodeJwt(access_token)
    expect(await server.as.isLive({ jti, client_id: 'workload:nightly' })).toBeTrue()
    const without = await create({ wif: { workloads: [{ ...job, name: 'other', claims: { sub: 'job' } }] } })
    expect(await without.server.as.isLive({ jti, client_id: 'workload:nightly' })).toBeFalse()
  })

  test('a resource server sees it', async () => {
    const resource = await addSecretClient(server, { resource: RESOURCE })
    const { access_token: token } = await (await ask(await sign())).json()
    const answer = await (await postForm(server, '/oauth/introspect', { token }, resource.basic)).json()
    expect(answer).toMatchObject({ active: true, client_id: 'workload:nightly', sub: 'workload:nightly' })
  })
})

type Claims = Parameters<typeof sign>[0]

describe('WIF-C2 WIF-A4 what the JWT must say', () => {
  const refused: readonly (readonly [string, Claims, string])[] = [
    ['no iss', { iss: undefined }, 'malformed_grant_assertion'],
    ['no sub', { sub: undefined }, 'malformed_grant_assertion'],
    ['no aud', { aud: undefined }, 'malformed_grant_assertion'],
    ['no exp', { exp: undefined }, 'malformed_grant_assertion'],
    ['no iat', { iat: undefined }, 'malformed_grant_assertion'],
    ['no jti', { jti: undefined }, 'malformed_grant_assertion'],
    ['WIF-C3 another audience', { aud: 'https://other.example' }, 'wrong_grant_assertion_audience'],
    ['WIF-C3 the resource as audience', { aud: RESOURCE }, 'wrong_grant_assertion_audience'],
    ['WIF-C3 two audiences, both ours', { aud: [ISSUER, `${ISSUER}/oauth/token`] }, 'wrong_grant_assertion_audience'],
    ['expired', { iat: now - 330, exp: now - 30 }, 'expired_grant_assertion'],
    ['from the future', { iat: now + 31 }, 'early_grant_assertion'],
    ['not to be used yet', { nbf: now + 31 }, 'early_grant_assertion'],
    ['WIF-A7 good for too long', { exp: now + 3601 }, 'endless_grant_assertion'],
    ['WIF-A2 an issuer that is not trusted', { iss: 'https://evil.example' }, 'unknown_assertion_issuer'],
    ['WIF-A2 a program that no rule knows', { sub: 'other' }, 'unknown_workload'],
  ]
  test.each(refused)('%s is invalid_grant', async (_, claims, reason) => {
    await expectError(await ask(await sign(claims)), 400, 'invalid_grant')
    expect(lastReason()).toBe(reason)
  })

  test('WIF-A3 a signature of somebody else', async () => {
    const stranger = await createIssuer(CLUSTER)
    await expectError(await ask(await sign({}, {}, stranger.key)), 400, 'invalid_grant')
    expect(lastReason()).toBe('wrong_grant_assertion_signature')
  })

  const audiences: readonly (string | string[])[] = [ISSUER, `${ISSUER}/oauth/token`, [ISSUER]]
  test.each(audiences)('WIF-C3 the audience may be %p', async (aud) => {
    expect((await ask(await sign({ aud }))).status).toBe(200)
  })

  test('a type may be left out', async () => {
    expect((await ask(await sign({}, { typ: undefined }))).status).toBe(200)
  })

  test('longer lives and reuse are settings of the issuer', async () => {
    const cluster = await create({ issuer: { max_lifetime: 7200, reuse: true } })
    const assertion = await cluster.sign({ exp: now + 7200 })
    for (const status of [200, 200]) expect((await cluster.ask(assertion)).status).toBe(status)
    await expectError(await cluster.ask(await cluster.sign({ exp: now + 7201 })), 400, 'invalid_grant')
  })

  test('once, by default; a refused one is not used up', async () => {
    const assertion = await sign()
    await expectError(await ask(assertion, { scope: 'unknown' }), 400, 'invalid_scope')
    expect((await ask(assertion)).status).toBe(200)
    await expectError(await ask(assertion), 400, 'invalid_grant')
    expect(lastReason()).toBe('replayed_grant_assertion')
  })
})

describe('WIF-A2 WIF-A6 the rules', async () => {
  const rules = await create({
    resources,
    wif: {
      workloads: [
        {
          ...job,
          name: 'deploy',
          claims: { repository: ['acme/site', 'acme/docs'], protected: true },
          scopes: ['notes:write'],
        },
        { ...job, name: 'groups', claims: { groups: 'robots' }, resources: [MAIL, RESOURCE] },
        { ...job, name: 'any-run', claims: { run: 7 } },
        { ...job, name: 'later', claims: { run: 7 } },
      ],
    },
  })
  const who = async (claims: Claims, form = {}) => {
    const response = await rules.ask(await rules.sign(claims), form)
    return response.status === 200 ? decodeJwt((await response.json()).access_token)['client_id'] : rules.lastReason()
  }
  const deploy = { repository: 'acme/site', protected: true }
  const cases: readonly (readonly [string, Claims, object, unknown])[] = [
    ['all claims fit', deploy, { scope: 'notes:write' }, 'workload:deploy'],
    ['another of the values', { ...deploy, repository: 'acme/docs' }, { scope: 'notes:write' }, 'workload:deploy'],
    ['one claim does not', { ...deploy, protected: false }, {}, 'unknown_workload'],
    ['text is no boolean', { ...deploy, protected: 'true' }, {}, 'unknown_workload'],
    ['one claim is not there', { repository: 'acme/site' }, {}, 'unknown_workload'],
    ['a name that begins alike', { ...deploy, repository: 'acme/site-evil' }, {}, 'unknown_workload'],
    ['capitals', { ...deploy, repository: 'Acme/site' }, {}, 'unknown_workload'],
    ['more scopes than the rule gives', deploy, { scope: 'notes:read' }, 'scope_above_ceiling'],
    ['a list that holds the value', { groups: ['people', 'robots'] }, {}, 'workload:groups'],
    ['a list in a list', { groups: [['robots']] }, {}, 'unknown_workload'],
    ['the first rule that fits', { run: 7 }, {}, 'workload:any-run'],
    ['a resource that the rule does not name', { run: 7 }, { resource: MAIL }, 'unknown_resource'],
    ['one that it names second', { groups: 'robots' }, { resource: MAIL, scope: 'mail:send' }, 'workload:groups'],
    ['no resource, where the rule names one', { run: 7 }, { resource: undefined }, 'workload:any-run'],
    ['no resource, where the rule names two', { groups: 'robots' }, { resource: undefined }, 'missing_resource'],
    ['nothing of it', { sub: 'job' }, {}, 'unknown_workload'],
  ]
  test.each(cases)('%s', async (_, claims, form, expected) => expect(await who(claims, form)).toBe(String(expected)))

  test('a rule counts for its own issuer only', async () => {
    const [one, other] = [await createIssuer('https://one.example'), await createIssuer('https://other.example')]
    const issuers = [one, other].map(({ issuer, jwks }) => ({ issuer, jwks }))
    const workloads = [{ ...job, issuer: one.issuer, claims: { sub: 'job' } }]
    const both = await create({ wif: { issuers, workloads } })
    const claims = { sub: 'job', aud: ISSUER, iat: now, exp: now + 60 }
    expect((await both.ask(await one.sign({ ...claims, jti: '1' }))).status).toBe(200)
    await expectError(await both.ask(await other.sign({ ...claims, jti: '2' })), 400, 'invalid_grant')
  })
})

describe('what a workload is not', () => {
  test.each(['/oauth/introspect', '/oauth/revoke'])('at %s it is nobody', async (path) => {
    for (const form of [{ client_id: 'workload:nightly' }, { assertion: await sign() }])
      await expectError(await postForm(server, path, { token: 'x', ...form }), 401, 'invalid_client')
  })

  test('its name is no way to be it', async () => {
    for (const grant_type of [JWT_BEARER_GRANT, 'client_credentials']) {
      const form = { grant_type, client_id: 'workload:nightly', assertion: await sign(), resource: RESOURCE }
      expect([400, 401]).toContain((await postForm(server, '/oauth/token', form)).status)
      expect(server.events.at(-1)).toMatchObject({ type: 'token_rejected' })
    }
    const basic = { authorization: `Basic ${btoa('workload:nightly:')}` }
    await expectError(await ask(await sign(), {}, basic), 401, 'invalid_client')
  })

  test('nobody is sent anywhere for it', async () => {
    const query = new URLSearchParams({
      client_id: 'workload:nightly',
      redirect_uri: 'https://evil.example/cb',
      response_type: 'code',
    })
    const answer = await server.fetch(`/oauth/authorize?${query}`)
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
  })

  test('where only programs are let in, nobody registers the grant type', async () => {
    const registering = await create({ registration: { mode: 'open' } })
    const client = await registerClient(registering.server, { grant_types: ['authorization_code', JWT_BEARER_GRANT] })
    expect(client['grant_types']).toEqual(['authorization_code'])
  })

  test('a registered client cannot bring what a program brings', async () => {
    const { basic } = await addSecretClient(server, { grantTypes: [JWT_BEARER_GRANT] })
    await expectError(await ask(await sign(), {}, basic), 400, 'unauthorized_client')
  })
})
