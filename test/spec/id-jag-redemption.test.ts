/**
 * Redeeming an ID-JAG: what it must say, who must say it, and what comes of it.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 3.1 and section 4.4
 * @see MCP extension io.modelcontextprotocol/enterprise-managed-authorization
 *
 * @standard draft-ietf-oauth-identity-assertion-authz-grant: Identity Assertion Authorization Grant
 * @status partly
 * @does server: redeeming ID-JAGs of trusted identity providers (`xaa.enabled`): rules for clients, resources and scopes, subjects by issuer and `sub`,
 * DPoP-bound ones, each once; issuing them for other servers (`id_jag.enabled`), off by default like the other; client: gets one and redeems it
 * @missing `authorization_details` and SAML subjects; `insufficient_user_authentication`
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import { ID_JAG_PROFILE } from '../../shared/id-jag.ts'
import { JWT_BEARER_GRANT } from '../../shared/token-request.ts'
import { createTestServer, postForm, RESOURCE } from '../support/authorization-server.ts'
import {
  addClient,
  addSecretClient,
  addSigningClient,
  assertionForm,
  createSigning,
  signer,
} from '../support/confidential-clients.ts'
import { expectError } from '../support/oauth-error.ts'
import {
  companyOf,
  createCompany,
  createIssuer,
  IDP,
  idJagClaims,
  SUBJECT,
  trusting,
} from '../support/trusted-issuers.ts'

const company = await createCompany()
const { server, idp, client, jag, redeem, lastReason } = company
afterAll(() => server.close())

describe('EMA-A10 section 7.2 what is advertised', () => {
  test('enabled, the grant type and the profile, and no word of who is trusted', async () => {
    const metadata = await server.as.metadata()
    expect(metadata.grant_types_supported).toContain(JWT_BEARER_GRANT)
    expect(metadata.authorization_grant_profiles_supported).toEqual([ID_JAG_PROFILE])
    expect(JSON.stringify(metadata)).not.toContain(IDP)
  })

  test('off by default: neither is there, and an ID-JAG is of no grant type here', async () => {
    const off = await createTestServer()
    const metadata = await off.as.metadata()
    expect(metadata.grant_types_supported).not.toContain(JWT_BEARER_GRANT)
    expect(metadata).not.toHaveProperty('authorization_grant_profiles_supported')
    const other = companyOf(off, idp, await addSecretClient(off, { grantTypes: [JWT_BEARER_GRANT] }))
    await expectError(await other.redeem(await other.jag()), 400, 'unsupported_grant_type')
    await off.close()
  })
})

describe('EMA-A01 section 4.4 what comes of it', () => {
  test('EMA-A08 EMA-A09 a token for the person and the resource, what it is for is told, and there is no refresh token', async () => {
    server.events.length = 0
    const response = await redeem(await jag())
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
    const { access_token, ...rest } = await response.json()
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 900, scope: 'notes:read', resource: RESOURCE })
    const identity = await server.store.identities.find(IDP, SUBJECT)
    const iat = server.clock.now
    expect(decodeJwt(access_token)).toEqual({
      iss: server.issuer,
      sub: identity?.userId ?? '',
      aud: RESOURCE,
      client_id: client.id,
      iat,
      exp: iat + 900,
      jti: expect.stringContaining('.'),
      scope: 'notes:read',
    })
    expect(server.events.map(({ type }) => type)).toEqual(['user_added', 'identity_linked', 'assertion_redeemed'])
  })

  test('where an agent redeems it, the token and the audit log say so', async () => {
    const agent = await addSecretClient(server, { grantTypes: [JWT_BEARER_GRANT], agent: true })
    const acting = companyOf(server, idp, agent)
    server.events.length = 0
    const { access_token } = await (await acting.redeem(await acting.jag())).json()
    expect(decodeJwt(access_token)).toMatchObject({ client_id: agent.id, agent_id: agent.id })
    expect(server.events.at(-1)).toMatchObject({ type: 'assertion_redeemed', agents: [agent.id] })
  })

  test('the token rests on a grant that the person sees, and ends with it', async () => {
    const { access_token } = await (await redeem(await jag())).json()
    const claims = decodeJwt(access_token)
    const userId = claims.sub ?? ''
    const grants = await server.store.grants.listLive(userId, server.clock.now)
    const grant = grants.find(({ id }) => id === claims.jti?.split('.')[0])
    expect(grant).toMatchObject({ clientId: client.id, resource: RESOURCE, scopes: ['notes:read'], userId })
    const live = { jti: claims.jti ?? '', client_id: client.id }
    expect(await server.as.isLive(live)).toBeTrue()
    expect(await server.as.revokeGrant(grant?.id ?? '', userId)).toBeTrue()
    expect(await server.as.isLive(live)).toBeFalse()
  })

  test('a grant is gone from the account page when its token has expired', async () => {
    const { access_token } = await (await redeem(await jag())).json()
    const { sub = '', exp = 0 } = decodeJwt(access_token)
    expect(await server.store.grants.listLive(sub, exp - 1)).not.toEqual([])
    expect(await server.store.grants.listLive(sub, exp)).toEqual([])
  })

  test('EMA-A05 what is optional and says nothing here is left alone', async () => {
    const optional = { act: { sub: 'x' }, auth_time: 1, acr: 'gold', amr: ['pwd'], email: 'ada@company.example' }
    const subjects = {
      aud_tenant: 't',
      aud_sub: 'usr_other',
      sub_id: { format: 'iss_sub', iss: 'https://evil.example' },
    }
    expect((await redeem(await jag({ ...optional, ...subjects }))).status).toBe(200)
  })

  test('EMA-C08 a client may prove itself by a signature, too', async () => {
    const signing = await addSigningClient(server, { grantTypes: [JWT_BEARER_GRANT] })
    const assertion = await jag({ client_id: signing.id })
    const form = { grant_type: JWT_BEARER_GRANT, assertion, ...assertionForm(await signing.sign()) }
    expect((await postForm(server, '/oauth/token', form)).status).toBe(200)
  })
})

type Claims = Parameters<typeof jag>[0]
const { now } = server.clock

describe('EMA-A01 to EMA-A05 section 4.4.1 what it must say', () => {
  const refused: readonly (readonly [string, Claims, string])[] = [
    ['EMA-A03 another audience', { aud: 'https://other.example' }, 'wrong_grant_assertion_audience'],
    [
      'EMA-A03 the token endpoint as audience',
      { aud: `${server.issuer}/oauth/token` },
      'wrong_grant_assertion_audience',
    ],
    ['EMA-A03 two audiences', { aud: [server.issuer, 'https://other.example'] }, 'wrong_grant_assertion_audience'],
    ['EMA-A03 ours twice', { aud: [server.issuer, server.issuer] }, 'wrong_grant_assertion_audience'],
    ['EMA-A03 an audience with a slash more', { aud: `${server.issuer}/` }, 'wrong_grant_assertion_audience'],
    ['EMA-A03 no audience in a list', { aud: [] }, 'wrong_grant_assertion_audience'],
    ['EMA-A04 the client_id of somebody else', { client_id: 'other' }, 'grant_assertion_of_other_client'],
    ['EMA-A05 no iss', { iss: undefined }, 'malformed_grant_assertion'],
    ['EMA-A05 no sub', { sub: undefined }, 'malformed_grant_assertion'],
    ['EMA-A05 an empty sub', { sub: '' }, 'malformed_grant_assertion'],
    ['EMA-A05 no aud', { aud: undefined }, 'malformed_grant_assertion'],
    ['EMA-A05 no client_id', { client_id: undefined }, 'malformed_grant_assertion'],
    ['EMA-A05 no jti', { jti: undefined }, 'malformed_grant_assertion'],
    ['EMA-A05 no exp', { exp: undefined }, 'malformed_grant_assertion'],
    ['EMA-A05 no iat', { iat: undefined }, 'malformed_grant_assertion'],
    ['EMA-A01 expired', { iat: now - 330, exp: now - 30 }, 'expired_grant_assertion'],
    ['EMA-A01 from the future', { iat: now + 31, exp: now + 330 }, 'early_grant_assertion'],
    ['EMA-A01 not to be used yet', { nbf: now + 31 }, 'early_grant_assertion'],
    ['EMA-A13 good for too long', { exp: now + 3601 }, 'endless_grant_assertion'],
    ['EMA-A11 an issuer that is not trusted', { iss: 'https://evil.example' }, 'unknown_assertion_issuer'],
    ['EMA-A11 an issuer with a slash more', { iss: `${IDP}/` }, 'unknown_assertion_issuer'],
    ['EMA-I06 an issuer that is this server', { iss: server.issuer }, 'own_grant_assertion'],
    ['EMA-I08 a tenant where none is trusted', { tenant: 'other' }, 'wrong_assertion_tenant'],
    ['limits that are not understood', { authorization_details: [{ type: 'payment' }] }, 'grant_assertion_has_details'],
    ['a scope that is none', { scope: 'notes:"read"' }, 'malformed_grant_assertion'],
  ]
  test.each(refused)('%s is invalid_grant', async (_, claims, reason) => {
    await expectError(await redeem(await jag(claims)), 400, 'invalid_grant')
    expect(lastReason()).toBe(reason)
  })

  test('what is told of an issuer that is not trusted is what is told of a wrong signature', async () => {
    const stranger = await createIssuer('https://evil.example')
    const [unknown, forged] = [
      await redeem(await jag({}, {}, stranger)),
      await redeem(
        await jag({}, {}, { ...stranger, sign: (claims, header) => stranger.sign({ ...claims, iss: IDP }, header) }),
      ),
    ]
    const told = await expectError(unknown, 400, 'invalid_grant')
    expect(lastReason()).toBe('wrong_grant_assertion_signature')
    expect(await expectError(forged, 400, 'invalid_grant')).toEqual(told)
  })

  test('EMA-A03 the issuer in a list of one is the issuer', async () => {
    expect((await redeem(await jag({ aud: [server.issuer] }))).status).toBe(200)
  })

  test('clocks may differ by half a minute', async () => {
    expect((await redeem(await jag({ iat: now - 329, exp: now - 29 }))).status).toBe(200)
    expect((await redeem(await jag({ iat: now + 30, exp: now + 330 }))).status).toBe(200)
  })

  const types = [
    undefined,
    'JWT',
    'at+jwt',
    'logout+jwt',
    'client-authentication+jwt',
    'oauth-id-jag',
    'oauth-id-jag+jwt2',
  ]
  test.each(types)('EMA-A02 the type %p is another one', async (typ) => {
    await expectError(await redeem(await jag({}, { typ })), 400, 'invalid_grant')
    expect(lastReason()).toBe('wrong_grant_assertion_type')
  })

  test('RFC 7515 section 4.1.9 types are media types: capitals and the prefix say nothing', async () => {
    expect((await redeem(await jag({}, { typ: 'application/OAuth-ID-JAG+jwt' }))).status).toBe(200)
  })

  test.each(['x', 'a.b.c', '', 'e30.e30.', `${'a'.repeat(8000)}.e30.e30`])('%p is no assertion', async (assertion) => {
    await expectError(await redeem(assertion), 400, assertion === '' ? 'invalid_request' : 'invalid_grant')
  })

  test('the assertion may not be repeated', async () => {
    const assertion = [await jag(), await jag()]
    const form = { grant_type: JWT_BEARER_GRANT, assertion }
    await expectError(await postForm(server, '/oauth/token', form, client.basic), 400, 'invalid_request')
  })
})

describe('EMA-C09 section 9.1 whose it is', () => {
  test('a client that was not registered for it gets nothing', async () => {
    const plain = companyOf(server, idp, await addSecretClient(server))
    await expectError(await plain.redeem(await plain.jag()), 400, 'unauthorized_client')
  })

  test('a client that cannot prove who it is gets nothing, unless the settings say so', async () => {
    const open = await createCompany(
      { xaa: { enabled: true, public_clients: true, providers: [trusting(idp)] } },
      { idp },
    )
    for (const [at, status] of [
      [server, 400],
      [open.server, 200],
    ] as const) {
      const { id } = await addClient(at, { authMethods: ['none'], grantTypes: [JWT_BEARER_GRANT] })
      const assertion = await idp.sign(idJagClaims(at, id), { typ: 'oauth-id-jag+jwt' })
      const form = { grant_type: JWT_BEARER_GRANT, client_id: id, assertion }
      const response = await postForm(at, '/oauth/token', form)
      expect(response.status).toBe(status)
      if (status === 400) await expectError(response, 400, 'unauthorized_client')
    }
    await open.server.close()
  })

  test('without client authentication there is no client', async () => {
    await expectError(await redeem(await jag(), {}, {}), 401, 'invalid_client')
  })

  test('EMA-C08 a client whose id is the URL of a document, once that was read or pinned', async () => {
    const signing = await createSigning()
    const clientId = 'https://host.example/client.json'
    const document = {
      client_id: clientId,
      client_name: 'Host',
      redirect_uris: ['https://host.example/cb'],
      grant_types: ['authorization_code', JWT_BEARER_GRANT],
      token_endpoint_auth_method: 'private_key_jwt' as const,
      jwks: signing.jwks,
    }
    const times = { fetchedAt: now, freshUntil: now + 60, keptUntil: now + 60 }
    await server.store.clientDocuments.put({ clientId, document, pinned: true, etag: null, ...times }, null)
    const assertion = await jag({ client_id: clientId })
    const proof = await signer(server, clientId, signing.key, 'ES256')()
    const form = { grant_type: JWT_BEARER_GRANT, assertion, ...assertionForm(proof) }
    expect((await postForm(server, '/oauth/token', form)).status).toBe(200)
  })

  test('a client that registers itself may name the grant type, for the provider decides what it is told of it', async () => {
    const open = await createCompany({ registration: { mode: 'open' } })
    const body = JSON.stringify({
      redirect_uris: ['https://app.example/cb'],
      grant_types: ['authorization_code', JWT_BEARER_GRANT],
    })
    const headers = { 'content-type': 'application/json' }
    const registered = await (await open.server.fetch('/oauth/register', { method: 'POST', headers, body })).json()
    expect(registered.grant_types).toContain(JWT_BEARER_GRANT)
    await open.server.close()
  })
})

describe('EMA-A12 section 4.4.3 how often it counts', () => {
  test('once, by default', async () => {
    const assertion = await jag()
    expect((await redeem(assertion)).status).toBe(200)
    await expectError(await redeem(assertion), 400, 'invalid_grant')
    expect(lastReason()).toBe('replayed_grant_assertion')
  })

  test('where the settings say so, until it expires', async () => {
    const lenient = await createCompany({ provider: { reuse: true } })
    const assertion = await lenient.jag()
    for (const status of [200, 200]) expect((await lenient.redeem(assertion)).status).toBe(status)
    lenient.server.clock.now += 331
    await expectError(await lenient.redeem(assertion), 400, 'invalid_grant')
    expect(lenient.lastReason()).toBe('expired_grant_assertion')
    await lenient.server.close()
  })

  test('a refused one is not used up by that', async () => {
    const assertion = await jag()
    await expectError(await redeem(assertion, { scope: 'notes:admin' }), 400, 'invalid_scope')
    expect((await redeem(assertion)).status).toBe(200)
  })

  test('RFC 7519 section 4.1.7 the same number of another issuer is another one', async () => {
    const other = await createIssuer('https://other.example')
    const both = await createCompany({ xaa: { enabled: true, providers: [trusting(idp), trusting(other)] } }, { idp })
    for (const by of [idp, other]) expect((await both.redeem(await both.jag({ jti: 'one' }, {}, by))).status).toBe(200)
    await both.server.close()
  })
})

test('EMA-I08 a tenant that is trusted, and no other, nor none', async () => {
  const one = await createCompany({ provider: { tenant: 'acme' } })
  expect((await one.redeem(await one.jag({ tenant: 'acme' }))).status).toBe(200)
  for (const tenant of ['globex', undefined]) {
    await expectError(await one.redeem(await one.jag({ tenant })), 400, 'invalid_grant')
    expect(one.lastReason()).toBe('wrong_assertion_tenant')
  }
  await one.server.close()
})
