/**
 * Token exchange at the authorization server.
 *
 * @see RFC 8693 section 2, section 4
 *
 * @standard RFC 8693: Token Exchange
 * @status partly
 * @does server (off by default) and client: impersonation and delegation with nested `act`, `may_act`, access tokens of this server as subject and actor tokens, refresh tokens as subject tokens where an ID-JAG is asked for, a policy that denies by default
 * @missing subject tokens of other issuers, and of other types: ID tokens and SAML assertions
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { ACCESS_TOKEN_TOKEN_TYPE, JWT_TOKEN_TYPE, TOKEN_EXCHANGE_GRANT } from '../../shared/token-exchange.ts'
import { createTestServer, postForm, registerClient } from '../support/authorization-server.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { ARCHIVE, createExchangeWorld, EXCHANGE, MAIL, NOTES, VAULT } from '../support/exchange-world.ts'
import { expectError } from '../support/oauth-error.ts'

const world = await createExchangeWorld()
const { server, host, notes, mail, archive, personToken, machineToken, ask, exchange, actingAs, lastReason } = world
afterAll(() => world.close())

describe('off by default', () => {
  test('then it is no grant type here, and the metadata does not name it', async () => {
    const off = await createTestServer({ client_credentials: { enabled: true } })
    const { basic } = await addSecretClient(off, { grantTypes: [TOKEN_EXCHANGE_GRANT] })
    const form = { grant_type: TOKEN_EXCHANGE_GRANT, subject_token: 'x', subject_token_type: ACCESS_TOKEN_TOKEN_TYPE }
    await expectError(await postForm(off, '/oauth/token', form, basic), 400, 'unsupported_grant_type')
    const metadata = await off.as.metadata()
    expect(metadata.grant_types_supported).not.toContain(TOKEN_EXCHANGE_GRANT)
    await off.close()
  })

  test('enabled, it is advertised; ID-JAGs are not', async () => {
    const metadata = await server.as.metadata()
    expect(metadata.grant_types_supported).toContain(TOKEN_EXCHANGE_GRANT)
    expect(metadata).not.toHaveProperty('identity_chaining_requested_token_types_supported')
  })
})

describe('section 2.2.1 the answer', () => {
  test('MUST hold access_token, issued_token_type and token_type; no refresh token; not to be stored', async () => {
    const { access_token } = await personToken()
    const response = await ask(access_token, notes)
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
    const { access_token: exchanged, ...rest } = await response.json()
    expect(rest).toEqual({
      issued_token_type: ACCESS_TOKEN_TOKEN_TYPE,
      token_type: 'Bearer',
      expires_in: 900,
      scope: 'read write send',
    })
    expect(decodeProtectedHeader(exchanged).typ).toBe('at+jwt')
  })

  test('section 3 a JWT may be asked for by that name, and is called so', async () => {
    const { access_token } = await personToken()
    const changes = { requested_token_type: JWT_TOKEN_TYPE, subject_token_type: JWT_TOKEN_TYPE }
    expect(await exchange(access_token, notes, changes)).toMatchObject({ issued_token_type: JWT_TOKEN_TYPE })
  })
})

describe('section 1.1 impersonation', () => {
  test('without an actor token the subject stays, the client is the one that asked, and nobody is said to act', async () => {
    const { access_token } = await personToken()
    server.events.length = 0
    const { claims } = await exchange(access_token, notes, { scope: 'send' })
    const { iat, exp, jti: _, ...rest } = claims
    expect(rest).toEqual({
      iss: server.issuer,
      sub: server.userId,
      aud: MAIL,
      client_id: 'notes-server',
      scope: 'send',
    })
    expect([iat, exp]).toEqual([server.clock.now, server.clock.now + 900])
    expect(server.events).toEqual([
      {
        type: 'token_exchanged',
        grantId: (decodeJwt(access_token).jti ?? '').split('.')[0] ?? '',
        userId: server.userId,
        clientId: 'notes-server',
        resource: MAIL,
        scopes: ['send'],
        name: `${server.userId} at ${NOTES}`,
      },
    ])
  })

  test('section 4.1 who acted before stays said, also where nobody is added', async () => {
    const { access_token } = await personToken()
    const first = await exchange(access_token, notes, await actingAs(notes))
    const second = await exchange(first.access_token, mail, { resource: ARCHIVE })
    expect(second.claims['act']).toEqual({ sub: 'notes-server', client_id: 'notes-server' })
  })
})

describe('section 4.1 delegation', () => {
  test('the newest actor is outermost, those before are nested within, and the subject stays', async () => {
    const { access_token } = await personToken()
    const one = await exchange(access_token, notes, await actingAs(notes))
    expect(one.claims).toMatchObject({ sub: server.userId, act: { sub: 'notes-server', client_id: 'notes-server' } })
    const two = await exchange(one.access_token, mail, { resource: ARCHIVE, ...(await actingAs(mail)) })
    const three = await exchange(two.access_token, archive, await actingAs(archive))
    expect(three.claims).toMatchObject({ sub: server.userId, aud: MAIL, client_id: 'archive-server' })
    expect(three.claims['act']).toEqual({
      sub: 'archive-server',
      client_id: 'archive-server',
      act: {
        sub: 'mail-server',
        client_id: 'mail-server',
        act: { sub: 'notes-server', client_id: 'notes-server' },
      },
    })
    // Introspection says the same, and the audit log names the chain.
    expect(await world.introspect(three.access_token, mail)).toMatchObject({
      active: true,
      sub: server.userId,
      act: three.claims['act'],
    })
    await server.flush()
    const { records } = await server.store.audit.readBack(null, { type: 'token_exchanged' })
    expect(records[0]).toMatchObject({
      actor: 'actors:archive-server,mail-server,notes-server',
      userId: server.userId,
      clientId: 'archive-server',
      resource: MAIL,
      scopes: ['read', 'write'],
      reason: `${server.userId} at ${ARCHIVE}`,
    })
  })

  test('a person may be the actor, through the client that asks', async () => {
    const { access_token } = await personToken()
    const { access_token: helper } = await personToken('read', { by: notes })
    const actor = { actor_token: helper, actor_token_type: ACCESS_TOKEN_TOKEN_TYPE }
    const { claims } = await exchange(access_token, notes, actor)
    expect(claims['act']).toEqual({ sub: server.userId, client_id: 'notes-server' })
  })

  test('a machine may be the subject', async () => {
    const robot = await machineToken(host, { resource: NOTES })
    const { claims, access_token } = await exchange(robot, notes, await actingAs(notes))
    expect(claims).toMatchObject({ sub: 'host', client_id: 'notes-server', act: { sub: 'notes-server' } })
    // A program is no user of this server.
    expect(server.events.at(-1)).toMatchObject({ type: 'token_exchanged', grantId: null, userId: null })
    expect(await world.introspect(access_token, mail)).toMatchObject({ active: true, sub: 'host' })
  })

  test('section 2.1 actor_token_type MUST be there with actor_token, and MUST NOT be without', async () => {
    const { access_token } = await personToken()
    const { actor_token, actor_token_type } = await actingAs(notes)
    for (const changes of [{ actor_token }, { actor_token_type }]) {
      await expectError(await ask(access_token, notes, changes), 400, 'invalid_request')
      expect(lastReason()).toBe('unpaired_actor_token')
    }
  })
})

describe('section 2.1 what is presented', () => {
  test.each(['id_token', 'saml2', 'saml1', 'refresh_token', 'id-jag'])(
    '%s is no subject or actor here',
    async (name) => {
      const { access_token } = await personToken()
      const type = `urn:ietf:params:oauth:token-type:${name}`
      await expectError(await ask(access_token, notes, { subject_token_type: type }), 400, 'invalid_request')
      expect(lastReason()).toBe('unsupported_subject_token_type')
      const actor = { ...(await actingAs(notes)), actor_token_type: type }
      await expectError(await ask(access_token, notes, actor), 400, 'invalid_request')
      expect(lastReason()).toBe('unsupported_actor_token_type')
      await expectError(await ask(access_token, notes, { requested_token_type: type }), 400, 'invalid_request')
      expect(lastReason()).toBe('unsupported_requested_token_type')
    },
  )

  test.each(['subject_token', 'subject_token_type'])('%s is REQUIRED', async (name) => {
    await expectError(await ask('x', notes, { [name]: undefined }), 400, 'invalid_request')
  })

  test('section 2.2.2 what has expired is invalid_request, subject and actor alike', async () => {
    const late = await createExchangeWorld()
    const { access_token } = await late.personToken()
    const actor = await late.actingAs(late.notes)
    late.server.clock.now += 899
    expect((await late.ask(access_token, late.notes, actor)).status).toBe(200)
    late.server.clock.now += 1
    await expectError(await late.ask(access_token, late.notes), 400, 'invalid_request')
    expect(late.lastReason()).toBe('expired_subject_token')
    const { access_token: fresh } = await late.personToken()
    await expectError(await late.ask(fresh, late.notes, actor), 400, 'invalid_request')
    expect(late.lastReason()).toBe('expired_actor_token')
    await late.close()
  })

  test('the result ends no later than the subject token, or the actor token', async () => {
    const late = await createExchangeWorld()
    const { access_token } = await late.personToken()
    const actor = await late.actingAs(late.notes)
    late.server.clock.now += 600
    expect(await late.exchange(access_token, late.notes)).toMatchObject({ expires_in: 300 })
    const { access_token: fresh } = await late.personToken()
    expect(await late.exchange(fresh, late.notes, actor)).toMatchObject({ expires_in: 300 })
    await late.close()
  })
})

describe('section 2.1 the target', () => {
  test.each([
    ['resource', { resource: MAIL }],
    ['audience', { resource: undefined, audience: MAIL }],
    ['both, which mean the same', { resource: MAIL, audience: [MAIL, MAIL] }],
  ])('by %s', async (_, changes) => {
    const { access_token } = await personToken()
    expect((await exchange(access_token, notes, changes)).claims.aud).toBe(MAIL)
  })

  test.each([
    ['none', { resource: undefined }],
    ['two', { resource: [MAIL, ARCHIVE] }],
    ['two, in two ways', { resource: MAIL, audience: ARCHIVE }],
    ['unknown', { resource: 'https://nobody.example/mcp' }],
    ['known, beside one that is not', { resource: MAIL, audience: 'https://nobody.example/mcp' }],
    ['no URI', { resource: undefined, audience: 'mail' }],
    ['with a fragment', { resource: `${MAIL}#x` }],
    ['one that no rule leads to', { resource: VAULT }],
  ])('section 2.2.2 %s: invalid_target', async (_, changes) => {
    const { access_token } = await personToken()
    await expectError(await ask(access_token, notes, changes), 400, 'invalid_target')
  })
})

describe('section 2.1 the scope only narrows', () => {
  test('left out, it is what the subject token has and the target knows', async () => {
    const { access_token } = await personToken('read write send')
    expect((await exchange(access_token, notes)).scope).toBe('read write send')
    const { access_token: mailToken } = await exchange(access_token, notes)
    expect((await exchange(mailToken, mail, { resource: ARCHIVE })).scope).toBe('read write')
  })

  test('what is asked for brings what it implies, as far as the subject token has that', async () => {
    const { access_token } = await personToken('write send')
    expect((await exchange(access_token, notes, { scope: 'write' })).scope).toBe('write read')
  })

  test.each([
    ['beyond the subject token', { scope: 'read admin' }, 'scope_beyond_subject'],
    ['unknown at the target', { scope: 'read delete' }, 'unknown_scope'],
    ['malformed', { scope: 'read "x"' }, 'malformed_scope'],
  ])('%s: invalid_scope', async (_, changes, reason) => {
    const { access_token } = await personToken('read send')
    await expectError(await ask(access_token, notes, changes), 400, 'invalid_scope')
    expect(lastReason()).toBe(reason)
  })

  test('nothing left at the target: invalid_scope, not a token for nothing', async () => {
    const { access_token } = await personToken('send', { resource: MAIL })
    await expectError(await ask(access_token, mail, { resource: ARCHIVE }), 400, 'invalid_scope')
  })

  test('the ceiling of the client holds, and is written out', async () => {
    const low = await world.add({ resource: NOTES, scopeCeiling: ['write'] })
    const { access_token } = await personToken()
    expect((await exchange(access_token, low)).scope).toBe('read write')
    await expectError(await ask(access_token, low, { scope: 'send' }), 400, 'invalid_scope')
    expect(lastReason()).toBe('scope_above_ceiling')
  })

  test('the limit of the rule holds, and is written out', async () => {
    const limited = await createExchangeWorld({
      token_exchange: { allow: [{ from: NOTES, to: MAIL, scopes: ['write'] }] },
    })
    const { access_token } = await limited.personToken()
    expect((await limited.exchange(access_token, limited.notes)).scope).toBe('read write')
    await expectError(await limited.ask(access_token, limited.notes, { scope: 'send' }), 400, 'invalid_scope')
    expect(limited.lastReason()).toBe('scope_beyond_policy')
    await limited.close()
  })
})

describe('who may: nobody, unless something says so', () => {
  test('the server of the resource that the token is for, as far as a rule leads', async () => {
    const { access_token } = await personToken()
    expect((await ask(access_token, notes)).status).toBe(200)
    await expectError(await ask(access_token, notes, { resource: ARCHIVE }), 400, 'invalid_target')
    await expectError(await ask(access_token, notes, { resource: NOTES }), 400, 'invalid_target')
    expect(lastReason()).toBe('exchange_not_allowed')
  })

  test('without any rule: nobody', async () => {
    const bare = await createExchangeWorld({ token_exchange: { allow: [], self_exchange: 'none' } })
    const { access_token } = await bare.personToken()
    await expectError(await bare.ask(access_token, bare.notes), 400, 'invalid_target')
    await expectError(await bare.ask(access_token, bare.host, { resource: NOTES }), 400, 'invalid_target')
    await bare.close()
  })

  test('a client makes a token of its own weaker, and gets nowhere else with it', async () => {
    const { access_token } = await personToken()
    const { claims } = await exchange(access_token, host, { resource: `${NOTES}/`, scope: 'read' })
    expect(claims).toMatchObject({ aud: NOTES, client_id: 'host', scope: 'read' })
    await expectError(await ask(access_token, host), 400, 'invalid_target')
  })

  test('a client that a rule names, and no other', async () => {
    const named = await createExchangeWorld({
      token_exchange: { allow: [{ from: NOTES, to: MAIL, client: 'host' }] },
    })
    const { access_token } = await named.personToken()
    expect((await named.ask(access_token, named.host)).status).toBe(200)
    await expectError(await named.ask(access_token, named.notes), 400, 'invalid_target')
    await expectError(await named.ask(access_token, named.mail), 400, 'invalid_request')
    expect(named.lastReason()).toBe('foreign_subject_token')
    await named.close()
  })

  test('a rule may want the actor to be named', async () => {
    const strict = await createExchangeWorld({
      token_exchange: { allow: [{ from: NOTES, to: MAIL, actor: 'required' }] },
    })
    const { access_token } = await strict.personToken()
    await expectError(await strict.ask(access_token, strict.notes), 400, 'invalid_request')
    expect(strict.lastReason()).toBe('missing_actor_token')
    expect((await strict.ask(access_token, strict.notes, await strict.actingAs(strict.notes))).status).toBe(200)
    await strict.close()
  })

  test('section 4.4 whom `may_act` names: with an actor token, for the same resource, or as a rule leads', async () => {
    const agents = await createExchangeWorld({ token_exchange: { may_act: { [NOTES]: 'agent' } } })
    const agent = await agents.add({ id: 'agent' })
    const other = await agents.add({ id: 'other' })
    const { access_token } = await agents.personToken()
    expect(decodeJwt(access_token)['may_act']).toEqual({ sub: 'agent' })
    const acting = await agents.actingAs(agent)
    const same = await agents.exchange(access_token, agent, { resource: NOTES, ...acting })
    expect(same.claims).toMatchObject({
      sub: agents.server.userId,
      aud: NOTES,
      client_id: 'agent',
      act: { sub: 'agent' },
    })
    const further = await agents.exchange(access_token, agent, acting)
    expect(further.claims).toMatchObject({ aud: MAIL, act: { sub: 'agent' } })
    expect(further.claims).not.toHaveProperty('may_act')
    await expectError(await agents.ask(access_token, agent, { resource: VAULT, ...acting }), 400, 'invalid_target')
    await expectError(await agents.ask(access_token, agent), 400, 'invalid_request')
    const otherwise = await agents.actingAs(other)
    await expectError(await agents.ask(access_token, other, otherwise), 400, 'invalid_request')
    expect(agents.lastReason()).toBe('foreign_subject_token')
    await agents.close()
  })
})

describe('which clients', () => {
  const subject = async () => (await personToken()).access_token

  test('one that was registered for it', async () => {
    const other = await world.add({ resource: NOTES, grantTypes: ['client_credentials'] })
    await expectError(await ask(await subject(), other), 400, 'unauthorized_client')
  })

  test('section 2.1 one that authenticates', async () => {
    const form = world.form(await subject(), { client_id: 'notes-server' })
    await expectError(await postForm(server, '/oauth/token', form), 401, 'invalid_client')
    await expectError(await postForm(server, '/oauth/token', { ...form, client_id: undefined }), 401, 'invalid_client')
  })

  test('none that may come without a proof of who it is', async () => {
    const weak = await world.add({ resource: NOTES, authMethods: ['client_secret_basic', 'none'] })
    await expectError(await ask(await subject(), weak), 400, 'unauthorized_client')
  })

  test.each(['dynamic', 'document'] as const)(
    'none of origin %s, however it came by the grant type',
    async (origin) => {
      const stranger = await world.add({ resource: NOTES, origin })
      await expectError(await ask(await subject(), stranger), 400, 'unauthorized_client')
    },
  )

  test('dynamic registration does not give it', async () => {
    const open = await createTestServer({ ...EXCHANGE, registration: { mode: 'open' } })
    const { grant_types } = await registerClient(open, {
      grant_types: ['authorization_code', TOKEN_EXCHANGE_GRANT],
      token_endpoint_auth_method: 'client_secret_basic',
    })
    expect(grant_types).toEqual(['authorization_code'])
    await open.close()
  })
})
