/**
 * One assertion, redeemed many times at once at several processes: whoever overheard it races its owner.
 *
 * @see RFC 7523 section 3, item 7: `jti`
 * @see docs/adr/0188-an-id-jag-counts-once.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { JWT_BEARER_GRANT } from '../../shared/token-request.ts'
import { ISSUER, postForm, RESOURCE } from '../support/authorization-server.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { useEngines } from '../support/engines.ts'
import { expectError } from '../support/oauth-error.ts'
import { CLUSTER, companyOf, createIssuer, trusting } from '../support/trusted-issuers.ts'

const [idp, cluster] = [await createIssuer(), await createIssuer(CLUSTER)]
const config = {
  xaa: { enabled: true, providers: [trusting(idp)] },
  wif: {
    enabled: true,
    issuers: [{ issuer: CLUSTER, jwks: cluster.jwks }],
    workloads: [{ name: 'nightly', issuer: CLUSTER, claims: { sub: 'job' }, resources: [RESOURCE] }],
  },
}

async function expectOneOf(answers: readonly Response[]): Promise<void> {
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  for (const answer of answers.filter(({ status }) => status !== 200)) await expectError(answer, 400, 'invalid_grant')
}

describe.each(useEngines())('on $name', ({ pair }) => {
  test('of 32 ID-JAGs at once one counts, and makes one grant', async () => {
    const [one, other] = await pair(config)
    const client = await addSecretClient(one, { grantTypes: [JWT_BEARER_GRANT] })
    const [here, there] = [companyOf(one, idp, client), companyOf(other, idp, client)]
    for (let round = 0; round < 3; round += 1) {
      const assertion = await here.jag({ sub: `person-${round}` })
      const redeem = (caller: number) => (caller % 2 === 0 ? here : there).redeem(assertion)
      await expectOneOf(await Promise.all(Array.from({ length: 32 }, (_, caller) => redeem(caller))))
      const identity = await one.store.identities.find(idp.issuer, `person-${round}`)
      expect(await one.store.grants.listLive(identity?.userId ?? '', one.clock.now)).toHaveLength(1)
    }
  }, 60_000)

  test('of 32 programs with one JWT one is let in', async () => {
    const servers = await pair(config)
    const { now } = servers[0].clock
    const assertion = await cluster.sign({ sub: 'job', aud: ISSUER, iat: now, exp: now + 60, jti: 'one' })
    const form = { grant_type: JWT_BEARER_GRANT, assertion, resource: RESOURCE, scope: 'notes:read' }
    const ask = (caller: number) => postForm(servers[caller % 2 === 0 ? 0 : 1], '/oauth/token', form)
    await expectOneOf(await Promise.all(Array.from({ length: 32 }, (_, caller) => ask(caller))))
  }, 60_000)
})
