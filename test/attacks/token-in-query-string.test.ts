import { describe, expect, test } from 'bun:test'
import { admitted, bearerChallenge, createResourceFixture, RESOURCE, refused } from '../support/resource-fixture.ts'

describe('RS-044 a token anywhere but in the Authorization header', () => {
  test('in the query string it is ignored', async () => {
    const { issuer, send } = await createResourceFixture()
    for (const name of ['access_token', 'token', 'authorization']) {
      const response = refused(await send({}, `${RESOURCE}?${name}=${await issuer.sign()}`))
      expect(response.status).toBe(401)
      expect(bearerChallenge(response)).not.toHaveProperty('error')
    }
  })

  test('in a form body or a cookie it is ignored', async () => {
    const { issuer, send } = await createResourceFixture()
    const token = await issuer.sign()
    const form = refused(await send({ method: 'POST', body: new URLSearchParams({ access_token: token }) }))
    expect(form.status).toBe(401)
    expect(refused(await send({ headers: { cookie: `access_token=${token}` } })).status).toBe(401)
  })

  test('beside a good header it changes nothing', async () => {
    const { issuer, send } = await createResourceFixture()
    const alice = { authorization: `Bearer ${await issuer.sign()}` }
    const mallory = await issuer.sign({ sub: 'mallory' })
    expect(admitted(await send({ headers: alice }, `${RESOURCE}?access_token=${mallory}`)).extra.sub).toBe('alice')
  })
})
