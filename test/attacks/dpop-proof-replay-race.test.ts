/**
 * One DPoP proof, presented many times at once, to several processes: whoever overheard it races the client.
 *
 * @see RFC 9449 section 11.1
 * @see docs/adr/0136-used-proofs-lie-side-by-side.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { postForm, RESOURCE, type TestServer } from '../support/authorization-server.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { craftProof, createProver, type Proven } from '../support/dpop-proofs.ts'
import { useEngines } from '../support/engines.ts'
import { expectError } from '../support/oauth-error.ts'
import { createResourceFixture, RESOURCE as NOTES } from '../support/resource-fixture.ts'

const prover = await createProver()
const FORM = { grant_type: 'client_credentials', resource: RESOURCE, scope: 'notes:read' }

const proofFor = ({ issuer, clock }: TestServer, changed: Partial<Proven> = {}): Promise<string> =>
  craftProof(prover, { method: 'POST', url: `${issuer}/oauth/token`, now: clock.now, ...changed })

describe.each(useEngines())('on $name', ({ pair }) => {
  const config = { client_credentials: { enabled: true } }

  test('of 32 at once, at two processes, exactly one is taken', async () => {
    const servers = await pair(config)
    const { basic } = await addSecretClient(servers[0])
    for (let round = 0; round < 3; round += 1) {
      const dpop = await proofFor(servers[0])
      const answers = await Promise.all(
        Array.from({ length: 32 }, (_, caller) =>
          postForm(servers[caller % 2 === 0 ? 0 : 1], '/oauth/token', FORM, { ...basic, dpop }),
        ),
      )
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      for (const answer of answers.filter(({ status }) => status !== 200))
        await expectError(answer, 400, 'invalid_dpop_proof')
    }
  }, 30_000)

  test('what one process has taken the other refuses, until nobody would take it, and a nonce of one counts at the other', async () => {
    const [one, other] = await pair({ ...config, dpop: { nonce: 'required' } })
    const { basic } = await addSecretClient(one)
    const send = (to: TestServer, dpop: string) => postForm(to, '/oauth/token', FORM, { ...basic, dpop })
    const nonce = (await send(one, await proofFor(one))).headers.get('dpop-nonce') ?? ''
    const dpop = await proofFor(one, { nonce })
    expect((await send(other, dpop)).status).toBe(200)
    // Forgetting goes on in the background.
    await one.store.purge(one.clock.now + 300, 500)
    await expectError(await send(one, dpop), 400, 'invalid_dpop_proof')
    expect(one.events.at(-1)).toMatchObject({ type: 'token_rejected', reason: 'replayed_dpop_proof' })
    expect(await one.store.purge(one.clock.now + 301, 500)).toBeGreaterThan(0)
  })

  test('replicas of a resource with one store: of 32 at once one passes', async () => {
    const [one, other] = await pair()
    const first = await createResourceFixture({ dpop: { replays: one.store.proofs } })
    const second = await createResourceFixture({ dpop: { replays: other.store.proofs } })
    second.issuer.answer(first.issuer.jwksUri, () => Response.json({ keys: [first.issuer.publicJwk] }))
    const token = await first.issuer.sign({ cnf: { jkt: prover.thumbprint } })
    const request = { method: 'GET', url: NOTES, now: first.clock.now, accessToken: token }
    const headers = { authorization: `DPoP ${token}`, dpop: await craftProof(prover, request) }
    const outcomes = await Promise.all(
      Array.from({ length: 32 }, (_, caller) => (caller % 2 === 0 ? first : second).send({ headers })),
    )
    expect(outcomes.filter((outcome) => !(outcome instanceof Response))).toHaveLength(1)
    for (const outcome of outcomes) if (outcome instanceof Response) expect(outcome.status).toBe(401)
  }, 30_000)
})
