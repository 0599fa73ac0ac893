/**
 * One client assertion, presented many times at once, to several processes: whoever overheard it races the client.
 *
 * @see RFC 7523 section 3, item 7: `jti`
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { postForm, RESOURCE } from '../support/authorization-server.ts'
import { addSigningClient, assertionForm } from '../support/confidential-clients.ts'
import { useEngines } from '../support/engines.ts'
import { expectError } from '../support/oauth-error.ts'

describe.each(useEngines())('on $name', ({ pair }) => {
  test('of 32 at once exactly one is the client', async () => {
    const servers = await pair({ client_credentials: { enabled: true } })
    const client = await addSigningClient(servers[0])
    for (let round = 0; round < 3; round += 1) {
      const form = {
        grant_type: 'client_credentials',
        resource: RESOURCE,
        scope: 'notes:read',
        ...assertionForm(await client.sign()),
      }
      const answers = await Promise.all(
        Array.from({ length: 32 }, (_, caller) => postForm(servers[caller % 2 === 0 ? 0 : 1], '/oauth/token', form)),
      )
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      for (const answer of answers.filter(({ status }) => status !== 200)) {
        await expectError(answer, 401, 'invalid_client')
      }
    }
  }, 60_000)

  test('nor does it count at another endpoint of another process', async () => {
    const [one, other] = await pair()
    const client = await addSigningClient(one)
    const form = { token: 'x', ...assertionForm(await client.sign()) }
    expect((await postForm(one, '/oauth/revoke', form)).status).toBe(200)
    await expectError(await postForm(other, '/oauth/introspect', form), 401, 'invalid_client')
  })
})
