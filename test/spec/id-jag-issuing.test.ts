/**
 * ID-JAGs as an identity provider issues them, by token exchange.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 3.1, section 4.3, section 7.1, section 9.3, section 9.9.1
 * @see docs/adr/0183-what-stands-for-an-identity-assertion.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { ID_JAG_TOKEN_TYPE } from '../../shared/id-jag.ts'
import { REFRESH_TOKEN_TOKEN_TYPE, TOKEN_EXCHANGE_GRANT } from '../../shared/token-exchange.ts'
import { postForm } from '../support/authorization-server.ts'
import { createProver } from '../support/dpop-proofs.ts'
import { ARCHIVE, createExchangeWorld, MAIL, NOTES } from '../support/exchange-world.ts'
import { expectError } from '../support/oauth-error.ts'

const TICKETS = 'https://as.tickets.example'
const DESK = 'https://desk.tickets.example/mcp'
const BOARD = 'https://board.tickets.example/mcp'
const CHAT = 'https://as.chat.example'
const ROOMS = 'https://rooms.chat.example/mcp'

const world = await createExchangeWorld({
  id_jag: {
    enabled: true,
    lifetime: 120,
    audiences: [
      { issuer: TICKETS, clients: { host: 'host-at-tickets' }, resources: [DESK, BOARD], scopes: ['read', 'write'] },
      { issuer: CHAT, clients: { host: 'host-at-chat', 'notes-server': 'notes' }, resources: [ROOMS] },
    ],
  },
})
const { server, host, notes, mail, personToken, machineToken, exchange, ask, actingAs, lastReason, revoke } = world
afterAll(() => world.close())

const idJag = (changes: Record<string, string | readonly string[] | undefined> = {}) => ({
  requested_token_type: ID_JAG_TOKEN_TYPE,
  subject_token_type: REFRESH_TOKEN_TOKEN_TYPE,
  audience: TICKETS,
  resource: DESK,
  ...changes,
})

/** The answer to a good request, with the claims of what it holds. */
async function issue(subject: string, changes: Parameters<typeof idJag>[0] = {}, by = host, dpop?: string) {
  const response = await ask(subject, by, idJag(changes), dpop)
  if (response.status !== 200) throw new Error(`${await response.text()} ${lastReason()}`)
  const answer = await response.json()
  return { ...answer, claims: decodeJwt<Record<string, unknown>>(answer.access_token) }
}

describe('the answer', () => {
  test('EMA-I04 section 4.3.4 token_type N_A, issued_token_type, what was granted; no refresh token', async () => {
    const { refresh_token } = await personToken()
    const response = await ask(refresh_token, host, idJag({ scope: 'read' }))
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
    const { access_token, ...rest } = await response.json()
    expect(rest).toEqual({
      issued_token_type: ID_JAG_TOKEN_TYPE,
      token_type: 'N_A',
      expires_in: 120,
      scope: 'read',
      resource: DESK,
    })
    const { payload, protectedHeader } = await jwtVerify(access_token, createLocalJWKSet(await server.as.jwks()), {
      typ: 'oauth-id-jag+jwt',
      issuer: server.issuer,
      audience: TICKETS,
      currentDate: new Date(server.clock.now * 1000),
    })
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'oauth-id-jag+jwt', kid: expect.any(String) })
    // EMA-I02 EMA-I04 section 3.1: the audience is the issuer, the client is known there by another id.
    expect(payload).toEqual({
      iss: server.issuer,
      sub: server.userId,
      aud: TICKETS,
      client_id: 'host-at-tickets',
      jti: expect.stringMatching(/^[\w-]{22}$/),
      iat: server.clock.now,
      exp: server.clock.now + 120,
      resource: DESK,
      scope: 'read',
    })
    expect(server.events.at(-1)).toEqual({
      type: 'id_jag_issued',
      grantId: expect.any(String),
      userId: server.userId,
      clientId: 'host',
      resource: TICKETS,
      scopes: ['read'],
    })
  })

  test('EMA-I04 several resources, all the scopes of the list where none is asked for', async () => {
    const { refresh_token } = await personToken()
    const { claims, resource, scope } = await issue(refresh_token, { resource: [DESK, BOARD, DESK] })
    expect([resource, scope, claims['resource']]).toEqual([[DESK, BOARD], 'read write', [DESK, BOARD]])
  })

  test('EMA-I07 section 7.1 the metadata says that they are issued', async () => {
    expect((await server.as.metadata()).identity_chaining_requested_token_types_supported).toEqual([ID_JAG_TOKEN_TYPE])
  })

  test('EMA-I09 section 9.9.1.1 a proof binds it', async () => {
    const { refresh_token } = await personToken()
    const prover = await createProver()
    const { claims, token_type } = await issue(refresh_token, {}, host, await world.proof(prover))
    expect([claims['cnf'], token_type]).toEqual([{ jkt: prover.thumbprint }, 'N_A'])
  })
})

describe('EMA-I01 section 4.3.3 whom the subject token is of', () => {
  test('a refresh token of the client: it is not used up', async () => {
    const { refresh_token } = await personToken()
    await issue(refresh_token)
    await issue(refresh_token)
    const refreshed = await world.post({ grant_type: 'refresh_token', refresh_token }, host)
    expect(refreshed.status).toBe(200)
  })

  test('an access token that was issued to the client', async () => {
    const { access_token } = await personToken()
    const { claims } = await issue(access_token, {
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    })
    expect(claims).toMatchObject({ sub: server.userId, client_id: 'host-at-tickets' })
  })

  const as = { subject_token_type: 'urn:ietf:params:oauth:token-type:access_token', audience: CHAT, resource: ROOMS }

  test('MUST be of the client: that the client is the audience of an access token is not enough', async () => {
    const { access_token, refresh_token } = await personToken()
    await expectError(await ask(access_token, notes, idJag(as)), 400, 'invalid_request')
    expect(lastReason()).toBe('foreign_subject_token')
    const other = idJag({ audience: CHAT, resource: ROOMS })
    await expectError(await ask(refresh_token, notes, other), 400, 'invalid_grant')
    expect(lastReason()).toBe('client_mismatch')
  })

  test('MUST be of the client: nobody signed in at a server that exchanged what it was sent, acting or not', async () => {
    const { access_token } = await personToken()
    for (const changes of [{}, await actingAs(notes)]) {
      const exchanged = await exchange(access_token, notes, changes)
      await expectError(await ask(exchanged.access_token, notes, idJag(as)), 400, 'invalid_request')
      expect(lastReason()).toBe('foreign_subject_token')
    }
    const onward = await exchange(access_token, notes)
    const back = await exchange(onward.access_token, mail, { resource: ARCHIVE })
    await expectError(await ask(back.access_token, mail, idJag(as)), 400, 'invalid_request')
    expect(lastReason()).toBe('foreign_subject_token')
  })

  test('what a client made weaker itself is its own, and says who acts', async () => {
    const { access_token } = await personToken('read write')
    const weaker = await exchange(access_token, host, { resource: NOTES, scope: 'read', ...(await actingAs(host)) })
    const { claims } = await issue(weaker.access_token, as)
    expect(claims).toMatchObject({ sub: server.userId, client_id: 'host-at-chat', act: { sub: 'host' } })
  })

  test('no machine', async () => {
    const robot = await machineToken(host)
    await expectError(await ask(robot, host, idJag(as)), 400, 'invalid_request')
    expect(lastReason()).toBe('subject_is_no_person')
  })

  test.each(['id_token', 'saml2', 'id-jag'])('no %s: this server issues none that says who signed in', async (type) => {
    const { refresh_token } = await personToken()
    const changes = idJag({ subject_token_type: `urn:ietf:params:oauth:token-type:${type}` })
    await expectError(await ask(refresh_token, host, changes), 400, 'invalid_request')
    expect(lastReason()).toBe('unsupported_subject_token_type')
  })

  test('nothing unknown', async () => {
    await expectError(await ask('nothing', host, idJag()), 400, 'invalid_request')
    expect(lastReason()).toBe('unknown_subject_token')
  })

  test('nothing that has ended', async () => {
    const { refresh_token, access_token } = await personToken()
    await revoke(refresh_token, host)
    await expectError(await ask(refresh_token, host, idJag()), 400, 'invalid_grant')
    await expectError(await ask(access_token, host, idJag({ ...as })), 400, 'invalid_request')
    expect(lastReason()).toBe('dead_subject_token')
  })

  test('ends no later than the subject token', async () => {
    const late = await createExchangeWorld({
      id_jag: { enabled: true, audiences: [{ issuer: CHAT, clients: { host: 'x' }, resources: [ROOMS] }] },
    })
    const { access_token } = await late.personToken()
    late.server.clock.now += 850
    const response = await late.ask(access_token, late.host, idJag(as))
    expect(await response.json()).toMatchObject({ expires_in: 50 })
    await late.close()
  })

  test('an actor token has no place in it', async () => {
    const { refresh_token } = await personToken()
    await expectError(await ask(refresh_token, host, idJag(await actingAs(host))), 400, 'invalid_request')
    expect(lastReason()).toBe('actor_in_id_jag')
  })
})

describe('EMA-I01 section 4.3.3 a refresh token that was used up is judged as at a refresh', () => {
  const refresh = async (refresh_token: string) =>
    (await (await world.post({ grant_type: 'refresh_token', refresh_token }, host)).json()) as { refresh_token: string }
  const isAlive = async (refresh_token: string) =>
    (await world.post({ grant_type: 'refresh_token', refresh_token }, host)).status === 200

  test('at once, while the next is unused: it gives nothing, and ends nothing', async () => {
    const { refresh_token } = await personToken()
    const next = await refresh(refresh_token)
    await expectError(await ask(refresh_token, host, idJag()), 400, 'invalid_request')
    expect(lastReason()).toBe('dead_subject_token')
    expect((await issue(next.refresh_token)).token_type).toBe('N_A')
    expect(await isAlive(next.refresh_token)).toBeTrue()
  })

  const reuses = [
    ['after the next was used', async ({ refresh_token }: { refresh_token: string }) => refresh(refresh_token)],
    [
      'after the replay window',
      async (next: { refresh_token: string }) => {
        server.clock.now += server.settings.refresh.replay_window + 1
        return next
      },
    ],
  ] as const
  test.each(reuses)('%s: it is in two hands, and the family ends', async (_, onward) => {
    const { refresh_token } = await personToken()
    const newest = await onward(await refresh(refresh_token))
    await expectError(await ask(refresh_token, host, idJag()), 400, 'invalid_grant')
    expect(lastReason()).toBe('reused_refresh_token')
    expect(server.events.at(-2)).toMatchObject({ type: 'grant_revoked', reason: 'refresh_reused', clientId: 'host' })
    expect(await isAlive(newest.refresh_token)).toBeFalse()
    await expectError(await ask(newest.refresh_token, host, idJag()), 400, 'invalid_grant')
  })

  test('whatever else the request asks for, for it is looked at first', async () => {
    const { refresh_token } = await personToken()
    const newest = await refresh((await refresh(refresh_token)).refresh_token)
    await expectError(
      await ask(refresh_token, host, idJag({ audience: 'https://as.nobody.example' })),
      400,
      'invalid_grant',
    )
    expect(await isAlive(newest.refresh_token)).toBeFalse()
  })

  test('shown by another client it ends nothing', async () => {
    const { refresh_token } = await personToken()
    const newest = await refresh((await refresh(refresh_token)).refresh_token)
    await expectError(await ask(refresh_token, notes, idJag({ audience: CHAT, resource: ROOMS })), 400, 'invalid_grant')
    expect(lastReason()).toBe('client_mismatch')
    expect(await isAlive(newest.refresh_token)).toBeTrue()
  })
})

describe('EMA-I01 EMA-I04 section 4.3.3 the scopes remain within those of the subject token', () => {
  const ofAccessToken = { subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' }

  test.each(['access', 'refresh'] as const)('of %s tokens: by name, and no more than they have', async (kind) => {
    const { access_token, refresh_token } = await personToken('read send')
    const [subject, changes] = kind === 'access' ? [access_token, ofAccessToken] : [refresh_token, {}]
    const { claims, scope } = await issue(subject, changes)
    expect([scope, claims['scope']]).toEqual(['read', 'read'])
    await expectError(await ask(subject, host, idJag({ ...changes, scope: 'read write' })), 400, 'invalid_scope')
    expect(lastReason()).toBe('scope_beyond_subject')
  })

  test('a narrow access token does not become a wide ID-JAG, though its grant is wider', async () => {
    const { access_token } = await personToken('read write')
    const weaker = await exchange(access_token, host, { resource: NOTES, scope: 'read' })
    expect((await issue(weaker.access_token, ofAccessToken)).scope).toBe('read')
  })

  test('none left: an ID-JAG without scopes would be one without a limit', async () => {
    const { refresh_token } = await personToken('send')
    await expectError(await ask(refresh_token, host, idJag()), 400, 'invalid_scope')
    expect(lastReason()).toBe('scope_beyond_subject')
  })

  test('where they have other names there, the entry says which scope here each needs', async () => {
    const scopes = { 'tickets:read': 'read', 'tickets:close': 'write', 'tickets:list': 'read' }
    const audiences = [{ issuer: TICKETS, clients: { host: 'h' }, resources: [DESK], scopes }]
    const named = await createExchangeWorld({ id_jag: { enabled: true, audiences } })
    const { refresh_token } = await named.personToken('read send')
    const scopeOf = async (scope?: string) => {
      const response = await named.ask(refresh_token, named.host, idJag({ scope }))
      return response.status === 200 ? (await response.json()).scope : named.lastReason()
    }
    expect(await scopeOf()).toBe('tickets:read tickets:list')
    expect(await scopeOf('tickets:list')).toBe('tickets:list')
    expect(await scopeOf('tickets:close')).toBe('scope_beyond_subject')
    // A scope that is one here alone is none there.
    expect(await scopeOf('read')).toBe('scope_beyond_policy')
    await named.close()
  })
})

describe('EMA-I05 EMA-I10 what an operator listed, and nothing else', () => {
  test.each([
    ['no audience', { audience: undefined }, 'invalid_request', 'unclear_id_jag_audience'],
    ['two audiences', { audience: [TICKETS, CHAT] }, 'invalid_request', 'unclear_id_jag_audience'],
    ['an unknown audience', { audience: 'https://as.nobody.example' }, 'invalid_target', 'unknown_id_jag_audience'],
    ['another spelling', { audience: `${TICKETS}/` }, 'invalid_target', 'unknown_id_jag_audience'],
    ['this server itself', { audience: 'https://auth.example' }, 'invalid_target', 'unknown_id_jag_audience'],
    ['EMA-I03 a resource of another', { resource: [DESK, ROOMS] }, 'invalid_target', 'resource_not_governed'],
    ['EMA-I03 a resource of ours', { resource: MAIL }, 'invalid_target', 'resource_not_governed'],
    ['EMA-I03 no resource, where there are two', { resource: undefined }, 'invalid_target', 'missing_resource'],
    ['a scope that is not listed', { scope: 'read admin' }, 'invalid_scope', 'scope_beyond_policy'],
    ['a malformed scope', { scope: 'read "x"' }, 'invalid_scope', 'malformed_scope'],
  ])('%s', async (_, changes, code, reason) => {
    const { refresh_token } = await personToken()
    await expectError(await ask(refresh_token, host, idJag(changes)), 400, code)
    expect(lastReason()).toBe(reason)
  })

  test('EMA-I03 no resource, where there is one: that one', async () => {
    const { refresh_token } = await personToken()
    expect((await issue(refresh_token, { audience: CHAT, resource: undefined })).resource).toBe(ROOMS)
  })

  test('a client that is not listed there cannot tell the audience from one that nobody knows', async () => {
    const { refresh_token } = await personToken('read', { by: mail })
    const answers = [TICKETS, 'https://as.nobody.example'].map(async (audience) =>
      (await ask(refresh_token, mail, idJag({ audience }))).text(),
    )
    const [listed, unknown] = await Promise.all(answers)
    expect(listed).toBe(unknown)
  })
})

describe('which clients', () => {
  test.each(['dynamic', 'document'] as const)('none of origin %s', async (origin) => {
    const stranger = await world.add({ origin })
    await expectError(await ask('x', stranger, idJag()), 400, 'unauthorized_client')
  })

  test('one that authenticates', async () => {
    const { refresh_token } = await personToken()
    const form = { grant_type: TOKEN_EXCHANGE_GRANT, subject_token: refresh_token, ...idJag(), client_id: 'host' }
    await expectError(await postForm(server, '/oauth/token', form), 401, 'invalid_client')
  })
})

describe('each alone', () => {
  test('ID-JAGs without exchanges of access tokens', async () => {
    const only = await createExchangeWorld({
      token_exchange: { enabled: false, allow: [] },
      id_jag: { enabled: true, audiences: [{ issuer: CHAT, clients: { host: 'x' }, resources: [ROOMS] }] },
    })
    const { refresh_token, access_token } = await only.personToken()
    const chat = idJag({ audience: CHAT, resource: ROOMS })
    expect((await only.ask(refresh_token, only.host, chat)).status).toBe(200)
    await expectError(await only.ask(access_token, only.notes), 400, 'invalid_request')
    expect(only.lastReason()).toBe('unsupported_requested_token_type')
    await only.close()
  })

  test('exchanges of access tokens without ID-JAGs', async () => {
    const only = await createExchangeWorld()
    const { refresh_token } = await only.personToken()
    await expectError(await only.ask(refresh_token, only.host, idJag()), 400, 'invalid_request')
    expect(only.lastReason()).toBe('unsupported_requested_token_type')
    await only.close()
  })
})

describe('EMA-I06 section 9.3 for its own resources an ID-JAG of ours is nothing', () => {
  test('no access token, and no subject token of an exchange', async () => {
    const { refresh_token } = await personToken()
    const { access_token } = await issue(refresh_token)
    expect(await world.introspect(access_token, notes)).toEqual({ active: false })
    for (const resource of [NOTES, MAIL, ARCHIVE]) {
      await expectError(await ask(access_token, host, { resource }), 400, 'invalid_request')
      expect(lastReason()).toBe('unknown_subject_token')
    }
  })
})
