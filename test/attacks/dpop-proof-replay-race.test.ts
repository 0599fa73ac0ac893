/**
 * One DPoP proof, presented many times at once, to several processes: whoever overheard it races the client.
 *
 * @see RFC 9449 section 11.1
 * @see docs/adr/0137-a-used-proof-is-known-by-its-jti.md
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
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
  }, 60_000)

  test('what one process has taken the other refuses, until nobody would take it, and a nonce of one counts at the other', async () => {
    const [one, other] = await pair({ ...config, dpop: { nonce: 'required' } })
    const { basic } = await addSecretClient(one)
    const send = (to: TestServer, dpop: string) => postForm(to, '/oauth/token', FORM, { ...basic, dpop })
    const nonce = (await send(one, await proofFor(one))).headers.get('dpop-nonce') ?? ''
    const dpop = await proofFor(one, { nonce })
    expect((await send(other, dpop)).status).toBe(200)
    // Forgetting goes on in the background.
    await one.store.purge(one.clock.now + 359, 500)
    await expectError(await send(one, dpop), 400, 'invalid_dpop_proof')
    expect(one.events.at(-1)).toMatchObject({ type: 'token_rejected', reason: 'replayed_dpop_proof' })
    expect(await one.store.purge(one.clock.now + 1200, 500)).toBeGreaterThan(0)
  })

  describe('two processes of different tolerance', () => {
    const strict = { ...config, dpop: { tolerance: 5 } }
    let one: TestServer
    let other: TestServer
    let send: (to: TestServer, dpop: string) => Promise<Response>
    beforeAll(async () => {
      ;[one, other] = await pair(strict, { dpop: { tolerance: 300 } })
      const { basic } = await addSecretClient(one)
      send = (to, dpop) => postForm(to, '/oauth/token', FORM, { ...basic, dpop })
    })

    test('of 32 at once exactly one is taken', async () => {
      for (let round = 0; round < 3; round += 1) {
        const dpop = await proofFor(one)
        const answers = await Promise.all(
          Array.from({ length: 32 }, (_, caller) => send(caller % 2 === 0 ? one : other, dpop)),
        )
        expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      }
    }, 60_000)

    test('section 11.1 a jti counts once, whatever the proof says of its time, also at another process', async () => {
      const jti = crypto.randomUUID()
      const saying = (iat: number) =>
        craftProof(
          prover,
          { method: 'POST', url: `${one.issuer}/oauth/token`, now: one.clock.now },
          { claims: { jti, iat } },
        )
      expect((await send(one, await saying(one.clock.now))).status).toBe(200)
      for (const apart of [-300, -1, 0.5, 1, 300]) {
        await expectError(await send(other, await saying(one.clock.now + apart)), 400, 'invalid_dpop_proof')
        expect(other.events.at(-1)).toMatchObject({ reason: 'replayed_dpop_proof' })
      }
      // Somebody else's is another.
      const others = await createProver()
      const proof = craftProof(
        others,
        { method: 'POST', url: `${one.issuer}/oauth/token`, now: one.clock.now },
        { claims: { jti } },
      )
      expect((await send(other, await proof)).status).toBe(200)
    })

    test('what the one has taken, and would take no more, the other refuses for as long as it would', async () => {
      for (const later of [0, 5, 6, 10, 294, 300, 300, 300, 300]) {
        // Whatever the clock says: rows lie in periods.
        one.clock.now += 170
        const proof = await proofFor(one)
        expect((await send(one, proof)).status).toBe(200)
        other.clock.now = one.clock.now + later
        await one.store.purge(one.clock.now + later, 500)
        await expectError(await send(other, proof), 400, 'invalid_dpop_proof')
        expect(other.events.at(-1)).toMatchObject({ reason: 'replayed_dpop_proof' })
      }
    })
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
  }, 60_000)
})
