import { describe, expect, test } from 'bun:test'
import { admitted, createResourceFixture, ISSUER, RESOURCE, refused } from '../support/resource-fixture.ts'

describe('RS-041 RS-042 a good token of the same issuer, made for someone else', () => {
  test.each([
    ['the origin', 'https://mcp.example'],
    ['a neighbour on the same host', 'https://mcp.example/mcp2'],
    ['a path below', `${RESOURCE}/tools`],
    ['a trailing slash', `${RESOURCE}/`],
    ['the authorization server', ISSUER],
    ['the client', 'client-1'],
    ['everyone', '*'],
    ['a pattern', 'https://mcp.example/.*'],
    ['a host that begins alike', 'https://mcp.example.evil.example/mcp'],
    ['two resources in one string', `https://other.example ${RESOURCE}`],
  ])('is refused: %s', async (_, aud) => {
    const { events, issuer, send } = await createResourceFixture()
    const headers = { authorization: `Bearer ${await issuer.sign({ aud })}` }
    expect(refused(await send({ headers })).status).toBe(401)
    expect(events).toMatchObject([{ reason: 'wrong_audience' }])
  })

  test('what the request says of its host makes no difference', async () => {
    const { issuer, send } = await createResourceFixture()
    const token = await issuer.sign({ aud: 'https://other.example/mcp' })
    const headers = { authorization: `Bearer ${token}`, host: 'other.example', 'x-forwarded-host': 'other.example' }
    expect(refused(await send({ headers }, 'https://other.example/mcp')).status).toBe(401)
    admitted(await send({ headers: { authorization: `Bearer ${await issuer.sign()}` } }, 'https://other.example/mcp'))
  })
})
