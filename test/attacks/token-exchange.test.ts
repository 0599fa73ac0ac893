/**
 * Token exchange by those who should not: whoever found a token, whoever wants more than it says, and servers that were called and go too far.
 *
 * @see RFC 8693 section 5 and section 6
 * @see RFC 8725 section 3.1, section 3.11
 * @see docs/adr/0181-who-may-exchange-what.md
 * @see docs/adr/0182-what-an-exchange-keeps.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt, decodeProtectedHeader, exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose'
import { toResource } from '../../server/admin/resource-record.ts'
import { checkPolicy } from '../../server/core/grants/token-exchange/policy.ts'
import { ACCESS_TOKEN_TOKEN_TYPE, JWT_TOKEN_TYPE } from '../../shared/token-exchange.ts'
import { createProver } from '../support/dpop-proofs.ts'
import { ARCHIVE, createExchangeWorld, MAIL, NOTES, VAULT } from '../support/exchange-world.ts'
import { expectError } from '../support/oauth-error.ts'

const world = await createExchangeWorld()
const { server, host, notes, mail, archive, personToken, machineToken, ask, exchange, actingAs, lastReason } = world
afterAll(() => world.close())

/** Refused, for this reason, as this error. */
async function refused(response: Promise<Response>, reason: string, code = 'invalid_request') {
  await expectError(await response, 400, code)
  expect(lastReason()).toBe(reason)
}

const actor = (actor_token: string) => ({ actor_token, actor_token_type: ACCESS_TOKEN_TOKEN_TYPE })

describe('the token is not theirs', () => {
  test('audience confusion: a server exchanges no token that is for another, though it holds it', async () => {
    const { access_token } = await personToken()
    await refused(ask(access_token, mail, { resource: ARCHIVE }), 'foreign_subject_token')
    await refused(ask(access_token, archive), 'foreign_subject_token')
  })

  test('confused deputy: a token that passed through two servers is exchanged by the one that it is for alone', async () => {
    const { access_token } = await personToken()
    const next = await exchange(access_token, notes)
    await refused(ask(next.access_token, archive), 'foreign_subject_token')
    // By whom it was made: that is no way to go on from there.
    await refused(ask(next.access_token, notes, { resource: ARCHIVE }), 'exchange_not_allowed', 'invalid_target')
  })

  test('the actor is an attacker: nobody acts by the token of somebody else', async () => {
    const { access_token } = await personToken()
    await refused(ask(access_token, notes, actor(await machineToken(mail))), 'foreign_actor_token')
    await refused(ask(access_token, notes, actor(access_token)), 'foreign_actor_token')
  })

  test('nobody acts by a token for a resource that was taken away', async () => {
    const { access_token } = await personToken()
    const gone = 'https://gone.example/mcp'
    await server.store.resources.put(toResource({ identifier: gone, aliases: [], scopes: { read: 'Read' } }))
    const form = actor(await machineToken(notes, { resource: gone, scope: 'read' }))
    expect((await exchange(access_token, notes, form)).claims['act']).toMatchObject({ client_id: 'notes-server' })
    await server.store.resources.remove(gone)
    server.clock.now += 2
    await refused(ask(access_token, notes, form), 'unknown_actor_token')
  })

  test('nobody acts by a token in which somebody acts: the chain would say too little', async () => {
    const { access_token } = await personToken()
    const acting = await exchange(access_token, notes, await actingAs(notes))
    await refused(ask(access_token, notes, actor(acting.access_token)), 'delegated_actor_token')
  })

  test('nobody becomes the party that may act by exchanging a token of that party', async () => {
    const agents = await createExchangeWorld({ token_exchange: { may_act: { [ARCHIVE]: 'agent' } } })
    const agent = await agents.add({ id: 'agent' })
    // The agent calls notes, whose server impersonates it: for mail that is its right.
    const called = await agents.machineToken(agent, { resource: NOTES })
    const impersonating = await agents.exchange(called, agents.notes)
    expect(impersonating.claims).toMatchObject({ sub: 'agent', client_id: 'notes-server' })
    const { access_token } = await agents.personToken('read', { resource: ARCHIVE })
    const forged = { resource: ARCHIVE, ...actor(impersonating.access_token) }
    await expectError(await agents.ask(access_token, agents.notes, forged), 400, 'invalid_request')
    expect(agents.lastReason()).toBe('foreign_actor_token')
    // What a client made weaker itself is still its own.
    const weaker = await agents.exchange(await agents.machineToken(agent), agent, { scope: 'read' })
    const own = { resource: ARCHIVE, ...actor(weaker.access_token) }
    expect((await agents.exchange(access_token, agent, own)).claims['act']).toEqual({
      sub: 'agent',
      client_id: 'agent',
    })
    await agents.close()
  })
})

describe('the party that may act is a client', () => {
  const claims = { iss: 'i', exp: 0, iat: 0, jti: 'j', scope: 'read' }
  const subject = { ...claims, aud: NOTES, sub: 'ada', client_id: 'host', may_act: { sub: 'agent' } }
  const judge = async (sub: string, client_id: string) => {
    const [configured] = server.settings.resources.filter(({ identifier }) => identifier === NOTES)
    const client = await server.store.clients.find('host')
    if (configured === undefined || client === null) throw new Error('they are there')
    const target = toResource(configured)
    const actor = { ...claims, aud: NOTES, sub, client_id }
    const asked = { client: { ...client, id: client_id }, subject, actor, target }
    return checkPolicy(asked, { allow: [], selfExchange: false })
  }

  test('a person who goes by its name, at another client, is not that party', async () => {
    expect(await judge('agent', 'agent')).toEqual({ ok: true, value: null })
    expect(await judge('agent', 'thief')).toEqual({ ok: false, error: { reason: 'foreign_subject_token' } })
    expect(await judge('thief', 'thief')).toEqual({ ok: false, error: { reason: 'foreign_subject_token' } })
  })
})

describe('more than it says', () => {
  test('privilege escalation by scope, in steps or at once', async () => {
    const { access_token } = await personToken('read write')
    const next = await exchange(access_token, notes, { scope: 'read' })
    await refused(
      ask(next.access_token, mail, { resource: ARCHIVE, scope: 'read write' }),
      'scope_beyond_subject',
      'invalid_scope',
    )
    await refused(ask(access_token, notes, { scope: 'read admin' }), 'scope_beyond_subject', 'invalid_scope')
    expect((await exchange(next.access_token, mail, { resource: ARCHIVE })).scope).toBe('read')
  })

  test('what the hierarchy of the target implies does not come back: it was not agreed to', async () => {
    const hierarchical = await createExchangeWorld({
      resources: [
        { identifier: NOTES, scopes: { write: 'Write', read: 'Read' } },
        { identifier: MAIL, scopes: { write: 'Write', read: 'Read' }, scope_hierarchy: { write: ['read'] } },
        { identifier: ARCHIVE, scopes: {} },
      ],
    })
    const { access_token } = await hierarchical.personToken('write')
    for (const scope of [undefined, 'write'])
      expect((await hierarchical.exchange(access_token, hierarchical.notes, { scope })).scope).toBe('write')
    await expectError(await hierarchical.ask(access_token, hierarchical.notes, { scope: 'read' }), 400, 'invalid_scope')
    await hierarchical.close()
  })

  test('a rule that names what the target does not have gives nothing', async () => {
    const generous = await createExchangeWorld({
      token_exchange: { allow: [{ from: MAIL, to: ARCHIVE, scopes: ['read', 'send'] }] },
    })
    const { access_token } = await generous.personToken('read send', { resource: MAIL })
    const server = await generous.add({ resource: MAIL, scopeCeiling: ['read', 'send'] })
    expect((await generous.exchange(access_token, server, { resource: ARCHIVE })).scope).toBe('read')
    await generous.close()
  })

  test('back to where it was: no wider, no longer', async () => {
    const { access_token } = await personToken('read write send')
    const one = await exchange(access_token, notes)
    const two = await exchange(one.access_token, mail, { resource: ARCHIVE, scope: 'read' })
    server.clock.now += 60
    const back = await exchange(two.access_token, archive)
    expect([back.scope, back.expires_in]).toEqual(['read', 840])
    server.clock.now -= 60
  })

  test('a target is registered, one, and allowed: no other way of naming it helps', async () => {
    const { access_token } = await personToken()
    const { exchange_not_allowed: denied, ...named } = {
      exchange_not_allowed: { resource: VAULT },
      several_resources: { resource: [MAIL, VAULT] },
      unknown_resource: { resource: `${MAIL}/` },
    }
    await refused(ask(access_token, notes, denied), 'exchange_not_allowed', 'invalid_target')
    for (const [reason, changes] of Object.entries(named))
      await refused(ask(access_token, notes, changes), reason, 'invalid_target')
    await refused(ask(access_token, notes, { resource: MAIL, audience: VAULT }), 'several_resources', 'invalid_target')
  })

  test('a right to act is no right to impersonate, and none of anybody else', async () => {
    const agents = await createExchangeWorld({ token_exchange: { may_act: { [NOTES]: 'agent' } } })
    const [agent, thief] = await Promise.all([agents.add({ id: 'agent' }), agents.add({ id: 'thief' })])
    const { access_token } = await agents.personToken()
    const stolen = actor(await agents.machineToken(agent))
    for (const [by, changes] of [
      [agent, {}],
      [thief, await agents.actingAs(thief)],
      [thief, stolen],
    ] as const) {
      await expectError(await agents.ask(access_token, by, { resource: NOTES, ...changes }), 400, 'invalid_request')
    }
    await agents.close()
  })
})

describe('chains', () => {
  test.each([1, 2, 5, 10])('%i exchanges and no more, with actors and without', async (max_depth) => {
    const deep = await createExchangeWorld({ token_exchange: { max_depth } })
    const servers = [
      [deep.notes, MAIL],
      ...Array.from({ length: 10 }, (_, index) =>
        index % 2 === 0 ? ([deep.mail, ARCHIVE] as const) : ([deep.archive, MAIL] as const),
      ),
    ] as const
    let { access_token } = await deep.personToken()
    for (const [index, [by, resource]] of servers.slice(0, max_depth).entries()) {
      const changes = index % 2 === 0 ? await deep.actingAs(by) : {}
      access_token = (await deep.exchange(access_token, by, { resource, ...changes })).access_token
    }
    const [by, resource] = servers[max_depth] ?? servers[0]
    await expectError(await deep.ask(access_token, by, { resource }), 400, 'invalid_request')
    expect(deep.lastReason()).toBe('too_many_exchanges')
    // However deep, what is presented stays below what a parameter may be.
    expect(access_token.length).toBeLessThan(4096)
    await deep.close()
  })

  test('a client that weakens a token of its own again and again gets to the end, too', async () => {
    let { access_token } = await personToken()
    for (let round = 0; round < 5; round += 1)
      access_token = (await exchange(access_token, host, { resource: NOTES })).access_token
    await refused(ask(access_token, host, { resource: NOTES }), 'too_many_exchanges')
  })
})

/** @see docs/adr/0194-one-proof-for-both.md */
describe('a token that is bound to a key', () => {
  test('is not exchanged without it, nor with another, and what comes of it is bound to it', async () => {
    const [own, other] = [await createProver(), await createProver()]
    const { access_token } = await personToken('read', { dpop: await world.proof(own) })
    await refused(ask(access_token, notes), 'missing_dpop_proof', 'invalid_dpop_proof')
    await refused(ask(access_token, notes, {}, await world.proof(other)), 'wrong_subject_token_key')
    const { claims, token_type, access_token: next } = await exchange(access_token, notes, {}, await world.proof(own))
    expect([claims['cnf'], token_type]).toEqual([{ jkt: own.thumbprint }, 'DPoP'])
    await refused(ask(next, mail, { resource: ARCHIVE }), 'missing_dpop_proof', 'invalid_dpop_proof')
  })

  test('so is that of an actor', async () => {
    const [own, other] = [await createProver(), await createProver()]
    const { access_token } = await personToken()
    const bound = actor(await machineToken(notes, { dpop: await world.proof(own) }))
    await refused(ask(access_token, notes, bound), 'missing_dpop_proof', 'invalid_dpop_proof')
    await refused(ask(access_token, notes, bound, await world.proof(other)), 'wrong_actor_token_key')
    const { claims } = await exchange(access_token, notes, bound, await world.proof(own))
    expect(claims['cnf']).toEqual({ jkt: own.thumbprint })
  })

  test('one proof is of one key: two tokens with different ones are never exchanged together, with the same they are', async () => {
    const [own, other] = [await createProver(), await createProver()]
    const { access_token } = await personToken('read', { dpop: await world.proof(own) })
    const [actors, shared] = [
      actor(await machineToken(notes, { dpop: await world.proof(other) })),
      actor(await machineToken(notes, { dpop: await world.proof(own) })),
    ]
    await refused(ask(access_token, notes, actors, await world.proof(own)), 'wrong_actor_token_key')
    await refused(ask(access_token, notes, actors, await world.proof(other)), 'wrong_subject_token_key')
    await refused(ask(access_token, notes, actors), 'missing_dpop_proof', 'invalid_dpop_proof')
    const { claims } = await exchange(access_token, notes, shared, await world.proof(own))
    expect([claims['cnf'], claims['act']]).toMatchObject([{ jkt: own.thumbprint }, { sub: notes.id }])
  })

  test('an actor token without a key names the actor, and the result keeps that of the subject token', async () => {
    const [own, other] = [await createProver(), await createProver()]
    const { access_token } = await personToken('read', { dpop: await world.proof(own) })
    const unbound = await actingAs(notes)
    await refused(ask(access_token, notes, unbound, await world.proof(other)), 'wrong_subject_token_key')
    const { claims } = await exchange(access_token, notes, unbound, await world.proof(own))
    expect([claims['cnf'], claims['act']]).toMatchObject([{ jkt: own.thumbprint }, { sub: notes.id }])
  })

  test('the proof is used up, also by a request that is refused', async () => {
    const own = await createProver()
    const { access_token } = await personToken()
    const dpop = await world.proof(own)
    await refused(ask(access_token, mail, {}, dpop), 'foreign_subject_token')
    await refused(ask(access_token, notes, {}, dpop), 'replayed_dpop_proof', 'invalid_dpop_proof')
  })

  test('a target that needs bound tokens gets no other', async () => {
    const strict = await createExchangeWorld({
      resources: [
        { identifier: NOTES, scopes: { read: 'Read' } },
        { identifier: MAIL, scopes: { read: 'Read' }, dpop: 'required' },
      ],
    })
    const { access_token } = await strict.personToken('read')
    await expectError(await strict.ask(access_token, strict.notes), 400, 'invalid_dpop_proof')
    const bound = await strict.exchange(access_token, strict.notes, {}, await strict.proof(await createProver()))
    expect(bound.token_type).toBe('DPoP')
    await strict.close()
  })
})

describe('what is presented is none of our access tokens', () => {
  const good = async () => {
    const { access_token } = await personToken()
    return { claims: decodeJwt(access_token), header: decodeProtectedHeader(access_token), access_token }
  }

  test('cross-issuer: another key, another issuer', async () => {
    const { claims, header } = await good()
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const foreign = (protectedHeader: object, changes: object = {}) =>
      new SignJWT({ ...claims, ...changes }).setProtectedHeader({ alg: 'ES256', ...protectedHeader }).sign(privateKey)
    for (const token of [
      await foreign(header),
      await foreign({ ...header, jwk: await exportJWK(publicKey) }),
      await foreign({ typ: 'at+jwt' }, { iss: 'https://other.example' }),
    ]) {
      await refused(ask(token, notes), 'unknown_subject_token')
      await refused(ask(token, notes, { subject_token_type: JWT_TOKEN_TYPE }), 'unknown_subject_token')
      const { access_token } = await good()
      await refused(ask(access_token, notes, actor(token)), 'unknown_actor_token')
    }
  })

  test('our key, the issuer that this server was before', async () => {
    const { claims } = await good()
    // Signed as this server would with another setting of `issuer`, on the same database.
    const { createSigner } = await import('../../server/store/signer.ts')
    const signer = await createSigner({
      keys: server.store.signingKeys,
      secret: server.settings.secret,
      now: () => server.clock.now,
    })
    const { jti = '', sub = '', aud = '', exp = 0, iat = 0 } = claims
    const before = { iss: 'https://before.example', sub, aud, jti, exp, iat, client_id: 'host', scope: 'read' }
    await refused(ask(await signer.signAccessToken(before), notes), 'unknown_subject_token')
    expect((await ask(await signer.signAccessToken({ ...before, iss: server.issuer }), notes)).status).toBe(200)
  })

  test('algorithm confusion: none, and HMAC with the public key', async () => {
    const { access_token, claims, header } = await good()
    const [, payload = ''] = access_token.split('.')
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const [jwk] = (await server.as.jwks()).keys
    const key = await importJWK(jwk ?? {}, 'ES256')
    if (!(key instanceof CryptoKey)) throw new Error('a key')
    const pem = new TextEncoder().encode(await exportSPKI(key))
    for (const token of [
      `${encode({ ...header, alg: 'none' })}.${payload}.`,
      `${encode({ ...header, alg: 'None' })}.${payload}.x`,
      await new SignJWT(claims).setProtectedHeader({ ...header, alg: 'HS256' }).sign(pem),
    ]) {
      await refused(ask(token, notes), 'unknown_subject_token')
    }
  })

  test('type confusion: refresh tokens, codes, assertions and broken text are no access tokens, whatever they are called', async () => {
    const { refresh_token } = await personToken()
    const { access_token } = await good()
    for (const token of [refresh_token, access_token.slice(0, -4), `${access_token}x`, 'x', '..', 'ü.ü.ü']) {
      for (const subject_token_type of [ACCESS_TOKEN_TOKEN_TYPE, JWT_TOKEN_TYPE])
        await refused(ask(token, notes, { subject_token_type }), 'unknown_subject_token')
    }
  })
})
