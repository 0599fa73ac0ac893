/**
 * Assertions that nobody who is trusted signed, or that were signed for something else.
 *
 * @see RFC 8725 section 2: threats, section 3: what is done about them
 * @see RFC 7523 section 3
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { exportJWK, exportSPKI, generateKeyPair, UnsecuredJWT } from 'jose'
import { ID_JAG_TYPE } from '../../shared/id-jag.ts'
import { JWT_BEARER_GRANT } from '../../shared/token-request.ts'
import {
  createTestServer,
  ISSUER,
  obtainTokens,
  postForm,
  RESOURCE,
  registerClient,
} from '../support/authorization-server.ts'
import { addSecretClient, addSigningClient } from '../support/confidential-clients.ts'
import { expectError } from '../support/oauth-error.ts'
import { CLUSTER, companyOf, createIssuer, IDP, idJagClaims, lastReason, trusting } from '../support/trusted-issuers.ts'

const [idp, cluster] = [await createIssuer(), await createIssuer(CLUSTER)]
const server = await createTestServer({
  registration: { mode: 'open' },
  xaa: { enabled: true, providers: [trusting(idp, { algorithms: ['ES256'] })] },
  wif: {
    enabled: true,
    issuers: [{ issuer: CLUSTER, jwks: cluster.jwks }],
    workloads: [{ name: 'nightly', issuer: CLUSTER, claims: { sub: 'a1b2-c3' }, resources: [RESOURCE] }],
  },
})
afterAll(() => server.close())
const client = await addSecretClient(server, { grantTypes: [JWT_BEARER_GRANT] })
const company = companyOf(server, idp, client)
const claims = (changes = {}) => idJagClaims(server, client.id, changes)

/** Refused, with the client and without one. */
async function expectRefused(assertion: string): Promise<readonly (string | undefined)[]> {
  await expectError(await company.redeem(assertion), 400, 'invalid_grant')
  const asClient = lastReason(server)
  const form = { grant_type: JWT_BEARER_GRANT, assertion, resource: RESOURCE, scope: 'notes:read' }
  expect([400, 401]).toContain((await postForm(server, '/oauth/token', form)).status)
  return [asClient, lastReason(server)]
}

describe('RFC 8725 section 2.1 algorithms', () => {
  test('none', async () => {
    for (const [issuer, typ] of [
      [IDP, ID_JAG_TYPE],
      [CLUSTER, 'JWT'],
    ] as const) {
      const [, body] = new UnsecuredJWT(JSON.parse(JSON.stringify({ ...claims(), iss: issuer }))).encode().split('.')
      for (const alg of ['none', 'None', '']) {
        const header = btoa(JSON.stringify({ alg, typ })).replace(/=+$/, '')
        await expectRefused(`${header}.${body}.`)
      }
    }
  })

  test('HMAC with the public key as the secret', async () => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true })
    const secrets = [await exportSPKI(publicKey), JSON.stringify(idp.jwks.keys[0]), JSON.stringify(idp.jwks)]
    for (const secret of secrets) {
      const key = new TextEncoder().encode(secret.padEnd(64))
      const assertion = await idp.sign(claims(), { typ: ID_JAG_TYPE, alg: 'HS256' }, key)
      expect((await expectRefused(assertion))[0]).toBe('unsupported_grant_assertion_algorithm')
    }
  })

  test('one that the issuer may not use', async () => {
    const rsa = await createIssuer(IDP, 'RS256')
    expect((await expectRefused(await company.jag({}, {}, rsa)))[0]).toBe('unsupported_grant_assertion_algorithm')
  })
})

describe('RFC 8725 section 2.6 keys', () => {
  test('of somebody else, under the right name', async () => {
    const stranger = await createIssuer(IDP)
    expect((await expectRefused(await company.jag({}, {}, stranger)))[0]).toBe('wrong_grant_assertion_signature')
  })

  test('that the assertion brings or names itself', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const jwk = await exportJWK(publicKey)
    const headers = [
      { jwk },
      { jku: 'https://evil.example/jwks.json' },
      { x5u: 'https://evil.example/chain.pem' },
      { x5c: ['MIIB'] },
      { kid: '../../etc/passwd' },
    ]
    for (const header of headers) {
      const assertion = await idp.sign(claims(), { typ: ID_JAG_TYPE, ...header }, privateKey)
      expect((await expectRefused(assertion))[0]).toBe('wrong_grant_assertion_signature')
    }
  })

  test('of another issuer that is trusted: each vouches in its own name only', async () => {
    const posing = { ...cluster, sign: (said: object, header = {}) => cluster.sign({ ...said, iss: IDP }, header) }
    expect((await expectRefused(await company.jag({}, {}, posing)))[0]).toBe('wrong_grant_assertion_signature')
  })

  test('the right one, and a payload that was changed afterwards', async () => {
    const [header, , signature] = (await company.jag()).split('.')
    const changed = btoa(JSON.stringify({ iss: IDP, ...claims({ sub: 'boss' }) }))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replace(/=+$/, '')
    expect((await expectRefused(`${header}.${changed}.${signature}`))[0]).toBe('wrong_grant_assertion_signature')
  })

  test('RFC 7515 section 4.1.11 extensions that must be understood are not', async () => {
    const assertion = await idp.sign(claims(), { typ: ID_JAG_TYPE, crit: ['b64'], b64: true })
    expect((await expectRefused(assertion))[0]).toBe('malformed_grant_assertion')
  })
})

describe('RFC 8725 section 2.8 and section 3.11 tokens of another kind', () => {
  test('an ID-JAG is no JWT of a program, whoever signs it', async () => {
    const form = {
      grant_type: JWT_BEARER_GRANT,
      assertion: await cluster.sign(claims(), { typ: ID_JAG_TYPE }),
      resource: RESOURCE,
    }
    await expectError(await postForm(server, '/oauth/token', form), 401, 'invalid_client')
    await expectError(await company.redeem(form.assertion), 400, 'invalid_grant')
    expect(lastReason(server)).toBe('unknown_assertion_issuer')
  })

  test('a JWT of a program is no ID-JAG, whoever signs it', async () => {
    for (const by of [idp, cluster]) {
      await expectError(await company.redeem(await by.sign(claims(), { typ: 'JWT' })), 400, 'invalid_grant')
      expect(lastReason(server)).toBe('wrong_grant_assertion_type')
    }
    const assertion = await idp.sign(claims(), { typ: 'JWT' })
    const form = { grant_type: JWT_BEARER_GRANT, assertion, resource: RESOURCE }
    await expectError(await postForm(server, '/oauth/token', form), 400, 'invalid_grant')
    expect(lastReason(server)).toBe('unknown_assertion_issuer')
  })

  test('an access token of ours', async () => {
    const person = await registerClient(server)
    const { access_token } = await obtainTokens(server, person.client_id)
    expect(await expectRefused(access_token)).toEqual(['wrong_grant_assertion_type', 'wrong_grant_assertion_type'])
  })

  test('a logout token, an access token, a client assertion and a proof of the provider', async () => {
    for (const typ of [
      'logout+jwt',
      'at+jwt',
      'client-authentication+jwt',
      'dpop+jwt',
      'secevent+jwt',
      'entity-statement+jwt',
    ]) {
      for (const by of [idp, cluster])
        expect(await expectRefused(await by.sign(claims(), { typ }))).toEqual([
          'wrong_grant_assertion_type',
          'wrong_grant_assertion_type',
        ])
    }
  })

  test('an assertion of a client, for itself', async () => {
    const signing = await addSigningClient(server, { grantTypes: [JWT_BEARER_GRANT] })
    await expectRefused(await signing.sign())
  })

  test('an ID-JAG of another client, for another server, of this server', async () => {
    const other = await addSecretClient(server, { grantTypes: [JWT_BEARER_GRANT] })
    await expectError(await company.redeem(await company.jag({ client_id: other.id })), 400, 'invalid_grant')
    await expectError(await company.redeem(await company.jag({ aud: 'https://other.example' })), 400, 'invalid_grant')
    await expectError(await company.redeem(await company.jag({ iss: ISSUER })), 400, 'invalid_grant')
  })
})

describe('whose account it is', () => {
  test('the same `sub` at two providers is two people', async () => {
    const other = await createIssuer('https://other.example')
    const both = await createTestServer({ xaa: { enabled: true, providers: [trusting(idp), trusting(other)] } })
    const host = companyOf(both, idp, await addSecretClient(both, { grantTypes: [JWT_BEARER_GRANT] }))
    for (const by of [idp, other]) expect((await host.redeem(await host.jag({}, {}, by))).status).toBe(200)
    const [one, two] = await Promise.all(
      [idp, other].map(({ issuer }) => both.store.identities.find(issuer, 'a1b2-c3')),
    )
    expect(one?.userId).not.toBe(two?.userId)
    await both.close()
  })

  test('an e-mail address, a name or another subject that a provider states leads to nobody', async () => {
    const { userId, store } = server
    const stated = {
      email: 'ada',
      email_verified: true,
      preferred_username: 'ada',
      name: 'ada',
      username: 'ada',
      aud_sub: userId,
    }
    const ids = { sub_id: { format: 'opaque', id: userId }, act: { sub: userId } }
    expect((await company.redeem(await company.jag({ sub: 'mallory', ...stated, ...ids }))).status).toBe(200)
    expect((await store.identities.find(IDP, 'mallory'))?.userId).not.toBe(userId)
    for (const sub of ['ada', userId]) {
      expect((await company.redeem(await company.jag({ sub }))).status).toBe(200)
      expect((await store.identities.find(IDP, sub))?.userId).not.toBe(userId)
    }
  })
})
