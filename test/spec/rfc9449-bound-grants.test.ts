import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import {
  approve,
  authorizationQuery,
  codeForm,
  obtainCode,
  RESOURCE,
  registerClient,
} from '../support/authorization-server.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { createProver } from '../support/dpop-proofs.ts'
import { closeDpopWorlds, createDpopWorld } from '../support/dpop-server.ts'
import { expectError } from '../support/oauth-error.ts'

const prover = await createProver()
const other = await createProver()
const shared = await createDpopWorld({}, prover)
afterAll(closeDpopWorlds)

describe('DPOP-A4 section 10 dpop_jkt binds the code', () => {
  const { server, post, proof, lastReason } = shared

  test('MUST be redeemed with that key, and with no other, nor without', async () => {
    const { client_id } = await registerClient(server)
    const code = await obtainCode(server, client_id, { dpop_jkt: prover.thumbprint })
    await expectError(await post(codeForm(client_id, code)), 400, 'invalid_dpop_proof')
    await expectError(await post(codeForm(client_id, code), await proof({}, {}, other)), 400, 'invalid_grant')
    expect(lastReason()).toBe('wrong_dpop_key')
    // Neither used it up.
    expect((await post(codeForm(client_id, code), await proof())).status).toBe(200)
    await expectError(await post(codeForm(client_id, code), await proof()), 400, 'invalid_grant')
  })

  test.each(['', 'x', `${prover.thumbprint}=`, prover.thumbprint.slice(1), `${prover.thumbprint.slice(0, 42)}B`])(
    'what is no thumbprint is invalid_request: "%s"',
    async (dpop_jkt) => {
      const { client_id } = await registerClient(server)
      const location = await approve(server, await authorizationQuery(client_id, { dpop_jkt }))
      // RFC 6749 section 3.1: an empty parameter counts as left out.
      expect(location.searchParams.get('error')).toBe(dpop_jkt === '' ? null : 'invalid_request')
    },
  )

  test('RFC 6749 section 3.1 two of them are refused', async () => {
    const { client_id } = await registerClient(server)
    const query = await authorizationQuery(client_id, { dpop_jkt: [prover.thumbprint, other.thumbprint] })
    expect((await approve(server, query)).searchParams.get('error')).toBe('invalid_request')
  })

  test('where DPoP is off it means nothing', async () => {
    const off = await createDpopWorld({ dpop: { enabled: false } })
    const { client_id } = await registerClient(off.server)
    const code = await obtainCode(off.server, client_id, { dpop_jkt: prover.thumbprint })
    expect((await off.post(codeForm(client_id, code))).status).toBe(200)
  })
})

describe('DPOP-A3 section 5 refresh tokens', () => {
  const { server, post, proof, lastReason } = shared
  const refreshForm = (refresh_token: string, client_id: string) => ({
    grant_type: 'refresh_token',
    refresh_token,
    client_id,
  })

  async function tokensOf(dpop?: string) {
    const { client_id } = await registerClient(server)
    const response = await post(codeForm(client_id, await obtainCode(server, client_id)), dpop)
    expect(response.status).toBe(200)
    return { client_id, tokens: await response.json() }
  }

  test('of public clients MUST be bound to the key, through all rotations', async () => {
    const { client_id, tokens } = await tokensOf(await proof())
    let { refresh_token } = tokens
    for (let round = 0; round < 3; round += 1) {
      const form = refreshForm(refresh_token, client_id)
      await expectError(await post(form), 400, 'invalid_dpop_proof')
      expect(lastReason()).toBe('missing_dpop_proof')
      await expectError(await post(form, await proof({}, {}, other)), 400, 'invalid_grant')
      expect(lastReason()).toBe('wrong_dpop_key')
      const next = await (await post(form, await proof())).json()
      expect(next.token_type).toBe('DPoP')
      expect(decodeJwt(next.access_token)['cnf']).toEqual({ jkt: prover.thumbprint })
      expect(next.refresh_token).not.toBe(refresh_token)
      refresh_token = next.refresh_token
    }
  })

  test('without its key even a used one revokes nothing, and is told no successor', async () => {
    const { client_id, tokens } = await tokensOf(await proof())
    const form = refreshForm(tokens.refresh_token, client_id)
    const next = await (await post(form, await proof())).json()
    server.clock.now += 60
    await expectError(await post(form, await proof({}, {}, other)), 400, 'invalid_grant')
    expect((await post(refreshForm(next.refresh_token, client_id), await proof())).status).toBe(200)
    server.clock.now += 60
    await expectError(await post(form, await proof()), 400, 'invalid_grant')
    expect(lastReason()).toBe('reused_refresh_token')
  })

  test('where the resource needs a proof, a token that is bound to no key needs one with each use', async () => {
    const scopes = { 'notes:read': 'Read', 'notes:write': 'Write' }
    const strict = await createDpopWorld({ resources: [{ identifier: RESOURCE, scopes, dpop: 'required' }] })
    const { id, basic } = await addSecretClient(strict.server)
    const { client_id: _, ...form } = codeForm(id, await obtainCode(strict.server, id))
    const { refresh_token } = await (await strict.post(form, await strict.proof(), basic)).json()
    const refresh = { grant_type: 'refresh_token', refresh_token }
    await expectError(await strict.post(refresh, undefined, basic), 400, 'invalid_dpop_proof')
    const next = await (await strict.post(refresh, await strict.proof(), basic)).json()
    expect(next.token_type).toBe('DPoP')
    // Nor within the window in which a used one is told its successor again.
    await expectError(await strict.post(refresh, undefined, basic), 400, 'invalid_dpop_proof')
    expect((await strict.post(refresh, await strict.proof(), basic)).status).toBe(200)
  })

  test('one that was bound to nothing is bound by the first proof', async () => {
    const { client_id, tokens } = await tokensOf()
    const next = await (await post(refreshForm(tokens.refresh_token, client_id), await proof())).json()
    await expectError(await post(refreshForm(next.refresh_token, client_id)), 400, 'invalid_dpop_proof')
    expect((await post(refreshForm(next.refresh_token, client_id), await proof())).status).toBe(200)
  })

  test('of confidential clients are bound to the client: the key may change, and its proof be left out', async () => {
    const { id, basic } = await addSecretClient(server)
    const { client_id: _, ...form } = codeForm(id, await obtainCode(server, id))
    const first = await (await post(form, await proof(), basic)).json()
    expect(first.token_type).toBe('DPoP')
    const refresh = (refresh_token: string) => ({ grant_type: 'refresh_token', refresh_token })
    const second = await (await post(refresh(first.refresh_token), await proof({}, {}, other), basic)).json()
    expect(decodeJwt(second.access_token)['cnf']).toEqual({ jkt: other.thumbprint })
    const third = await (await post(refresh(second.refresh_token), undefined, basic)).json()
    expect(third.token_type).toBe('Bearer')
  })
})
