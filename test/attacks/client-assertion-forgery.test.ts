/**
 * Assertions that somebody else made: signed with what is public, with keys that they bring along, for another server, in another's name.
 *
 * @see RFC 8725 section 2.1 (algorithm confusion), section 2.8 (substitution), section 3.10 (keys that a header names)
 * @see RFC 7523 section 3
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt, exportSPKI, importJWK } from 'jose'
import type { Outbound } from '../../server/core/outbound.ts'
import { createTestServer, postForm, RESOURCE } from '../support/authorization-server.ts'
import { addSecretClient, addSigningClient, assertionForm, createSigning } from '../support/confidential-clients.ts'
import { expectError } from '../support/oauth-error.ts'

const asked: string[] = []
/** A world that would answer anybody. */
const outbound: Outbound = {
  async get(url) {
    asked.push(url)
    return { ok: false, error: 'unreachable' }
  },
}
const server = await createTestServer({ client_credentials: { enabled: true } }, { outbound })
afterAll(() => server.close())

const ask = (assertion: string) =>
  postForm(server, '/oauth/token', {
    grant_type: 'client_credentials',
    resource: RESOURCE,
    scope: 'notes:read',
    ...assertionForm(assertion),
  })
const reason = () => server.events.at(-1)

async function refused(assertion: string, why: string): Promise<void> {
  await expectError(await ask(assertion), 401, 'invalid_client')
  expect(reason()).toMatchObject({ type: 'token_rejected', reason: why })
}

describe('algorithms', () => {
  test.each(['none', 'None', 'HS256', 'RS1', 'ES512', ''])('%p is refused before any key is looked at', async (alg) => {
    const client = await addSigningClient(server)
    const good = await client.sign()
    const [, payload = ''] = good.split('.')
    const header = btoa(JSON.stringify({ alg })).replace(/=+$/, '')
    await refused(`${header}.${payload}.${alg === 'none' ? '' : 'AAAA'}`, 'unsupported_assertion_algorithm')
  })

  test.each(['RS256', 'ES256'] as const)('the public key of %s as a secret for HS256', async (algorithm) => {
    const client = await addSigningClient(server, {}, algorithm)
    const [jwk] = client.jwks.keys
    const key = await importJWK({ ...jwk, kty: jwk?.kty ?? 'EC' }, algorithm, { extractable: true })
    const secret = new TextEncoder().encode(key instanceof CryptoKey ? await exportSPKI(key) : '')
    await refused(await client.sign({}, { alg: 'HS256' }, secret), 'unsupported_assertion_algorithm')
  })

  test('a key that says RS256 does not verify PS256', async () => {
    const signing = await createSigning('RS256')
    const jwks = { keys: signing.jwks.keys.map((key) => ({ ...key, alg: 'RS256' })) }
    const client = await addSigningClient(server, { jwks }, 'RS256')
    const { sign } = await addSigningClient(server, {}, 'PS256')
    await refused(await sign({ iss: client.id, sub: client.id }), 'wrong_assertion_signature')
  })

  test('no signature, half a signature, the signature of another payload', async () => {
    const client = await addSigningClient(server)
    const [header, payload, signature = ''] = (await client.sign()).split('.')
    const [, , other] = (await client.sign()).split('.')
    for (const forged of ['', signature.slice(0, 40), other]) {
      await refused(`${header}.${payload}.${forged}`, 'wrong_assertion_signature')
    }
    // What was tried with it did not use the assertion up.
    expect((await ask(`${header}.${payload}.${signature}`)).status).toBe(200)
  })
})

describe('keys', () => {
  test("another client's key, also one of the same `kid`", async () => {
    const [victim, attacker] = [await addSigningClient(server), await addSigningClient(server)]
    const names = { iss: victim.id, sub: victim.id }
    await refused(await attacker.sign(names), 'wrong_assertion_signature')
    await refused(await attacker.sign(names, { kid: undefined }), 'wrong_assertion_signature')
    await refused(await attacker.sign({ sub: victim.id }), 'malformed_client_assertion')
    await refused(await attacker.sign({ iss: victim.id }), 'malformed_client_assertion')
  })

  test.each(['jwk', 'jku', 'x5u', 'x5c'])('a key that the header brings or names as `%s`', async (member) => {
    const [victim, attacker] = [await addSigningClient(server), await createSigning()]
    const [jwk] = attacker.jwks.keys
    const url = 'https://attacker.example/jwks.json'
    const value = { jwk, jku: url, x5u: url, x5c: ['AAAA'] }[member]
    asked.length = 0
    await refused(await victim.sign({}, { [member]: value }, attacker.key), 'wrong_assertion_signature')
    expect(asked).toEqual([])
  })

  test('an extension that must be understood is not', async () => {
    const client = await addSigningClient(server)
    const [, payload, signature] = (await client.sign()).split('.')
    const header = btoa(JSON.stringify({ alg: 'ES256', kid: 'one', crit: ['exp'], exp: 1 })).replace(/=+$/, '')
    await refused(`${header}.${payload}.${signature}`, 'wrong_assertion_signature')
  })
})

describe('audiences', () => {
  test('what a client signed for another server, which names our endpoints as its own', async () => {
    const client = await addSigningClient(server)
    for (const aud of [
      'https://attacker.example',
      `${server.issuer}/oauth/token`,
      `${server.issuer}.attacker.example`,
      [server.issuer, 'https://attacker.example'],
    ]) {
      await refused(await client.sign({ aud }), 'wrong_assertion_audience')
    }
  })

  test('an access token of ours is no assertion, though its `sub` and `aud` can be chosen', async () => {
    const client = await addSigningClient(server)
    const { access_token } = await (await ask(await client.sign())).json()
    await expectError(await ask(access_token), 401, 'invalid_client')
    expect(decodeJwt(access_token).sub).toBe(client.id)
    await refused(await client.sign({}, { typ: 'at+jwt' }), 'malformed_client_assertion')
  })

  test('an assertion is no access token', async () => {
    const client = await addSigningClient(server)
    const { basic } = await addSecretClient(server, { resource: server.issuer })
    const form = { token: await client.sign({ client_id: client.id, scope: 'notes:read' }) }
    expect(await (await postForm(server, '/oauth/introspect', form, basic)).json()).toEqual({ active: false })
  })
})
