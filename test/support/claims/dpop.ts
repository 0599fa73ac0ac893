/**
 * The algorithms that proofs may be signed with, tried one by one.
 *
 * @module
 */
import { expect } from 'bun:test'
import { craftProof, createProver } from '../dpop-proofs.ts'
import { createAny, obtainCode, redemption, verified } from './tokens.ts'
import { endpoint, post, strings, type World } from './world.ts'

/** `dpop_signing_alg_values_supported`: asymmetric, each binds a token to the key, and no other is taken. */
export async function proveDpop(claim: unknown, world: World): Promise<void> {
  const algorithms = strings(claim)
  for (const alg of [...algorithms, 'ES512', 'PS384']) {
    const prover = await createProver(alg)
    const now = world.server.clock.now
    const dpop = await craftProof(prover, { method: 'POST', url: endpoint(world, 'token_endpoint').href, now })
    const client = await createAny(world)
    const form = redemption(client.id, await obtainCode(world, client.id))
    const { headers, form: proof } = await client.prove()
    const response = await post(world, 'token_endpoint', { ...form, ...proof }, { ...headers, dpop })
    const answer = await response.json()
    if (algorithms.includes(alg)) {
      expect(answer).toMatchObject({ token_type: 'DPoP' })
      expect(await verified(world, answer)).toMatchObject({ cnf: { jkt: prover.thumbprint } })
    } else {
      expect([response.status, answer.error]).toEqual([400, 'invalid_dpop_proof'])
    }
  }
  for (const alg of algorithms) expect(alg).not.toMatch(/^(?:none|HS.*)$/i)
}
