/**
 * ID-JAGs, and tokens, that are bound to a key.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 9.9.1.2
 * @see RFC 9449 section 5
 * @module
 */
import { afterAll, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import { RESOURCE } from '../support/authorization-server.ts'
import { craftProof, createProver, type Prover } from '../support/dpop-proofs.ts'
import { expectError } from '../support/oauth-error.ts'
import { type Company, createCompany } from '../support/trusted-issuers.ts'

const BOUND = 'https://bound.example/mcp'
const company = await createCompany({
  resources: [
    { identifier: RESOURCE, scopes: { 'notes:read': 'Read' } },
    { identifier: BOUND, scopes: { 'notes:read': 'Read' }, dpop: 'required' },
  ],
})
const off = await createCompany({ dpop: { enabled: false } })
const { server, lastReason } = company
afterAll(() => Promise.all([server.close(), off.server.close()]))

const [own, other] = [await createProver(), await createProver()]
const cnf = { jkt: own.thumbprint }

const prove = (by: Prover, at = company): Promise<string> =>
  craftProof(by, { method: 'POST', url: `${at.server.issuer}/oauth/token`, now: at.server.clock.now })

const redeem = (assertion: string, dpop?: string, at: Company = company): Promise<Response> =>
  at.redeem(assertion, {}, { ...at.client.basic, ...(dpop === undefined ? {} : { dpop }) })

test('EMA-A14 a bound ID-JAG with a proof of its key: the token is bound to it', async () => {
  const response = await redeem(await company.jag({ cnf }), await prove(own))
  const { access_token, token_type } = await response.json()
  expect([token_type, decodeJwt(access_token)['cnf']]).toEqual(['DPoP', cnf])
})

test('EMA-A14 a bound ID-JAG without a proof is invalid_grant', async () => {
  await expectError(await redeem(await company.jag({ cnf })), 400, 'invalid_grant')
  expect(lastReason()).toBe('grant_assertion_without_proof')
})

test('EMA-A14 a bound ID-JAG with a proof of another key is invalid_grant', async () => {
  await expectError(await redeem(await company.jag({ cnf }), await prove(other)), 400, 'invalid_grant')
  expect(lastReason()).toBe('wrong_dpop_key')
})

test('EMA-A14 a bound ID-JAG where proofs are not read is invalid_grant, with one and without', async () => {
  for (const proof of [undefined, await prove(own, off)]) {
    await expectError(await redeem(await off.jag({ cnf }), proof, off), 400, 'invalid_grant')
    expect(off.lastReason()).toBe('grant_assertion_without_proof')
  }
})

test('EMA-A14 without `cnf` a proof is judged, and binds the token', async () => {
  const response = await redeem(await company.jag(), await prove(other))
  const { access_token, token_type } = await response.json()
  expect([token_type, decodeJwt(access_token)['cnf']]).toEqual(['DPoP', { jkt: other.thumbprint }])
  await expectError(await redeem(await company.jag(), 'x.y.z'), 400, 'invalid_dpop_proof')
})

test('EMA-A14 without both, at a resource that needs bound tokens, it is invalid_grant', async () => {
  await expectError(await redeem(await company.jag({ resource: BOUND })), 400, 'invalid_grant')
  expect(lastReason()).toBe('grant_assertion_without_proof')
  expect((await redeem(await company.jag({ resource: BOUND }), await prove(own))).status).toBe(200)
})

test.each([
  ['null', null],
  ['text', 'x'],
  ['nothing in it', {}],
  ['a certificate', { 'x5t#S256': own.thumbprint }],
  ['a certificate beside the key', { jkt: own.thumbprint, 'x5t#S256': 'x' }],
  ['a key itself', { jwk: own.publicJwk }],
  ['no thumbprint', { jkt: 'x' }],
])('RFC 7800 section 3.1 a `cnf` of %s is not understood, and so refused', async (_, wrong) => {
  await expectError(await redeem(await company.jag({ cnf: wrong }), await prove(own)), 400, 'invalid_grant')
  expect(lastReason()).toBe('malformed_grant_assertion')
})

test('RFC 9449 section 11.1 a proof counts once: a second ID-JAG does not make it new, and is not used up by that', async () => {
  const [first, second, proof] = [await company.jag(), await company.jag(), await prove(own)]
  expect((await redeem(first, proof)).status).toBe(200)
  await expectError(await redeem(second, proof), 400, 'invalid_dpop_proof')
  expect((await redeem(second, await prove(own))).status).toBe(200)
})

test('a proof that came with a refused ID-JAG is used up', async () => {
  const proof = await prove(own)
  await expectError(await redeem(await company.jag({ resource: 'https://x.example' }), proof), 400, 'invalid_grant')
  await expectError(await redeem(await company.jag(), proof), 400, 'invalid_dpop_proof')
})
