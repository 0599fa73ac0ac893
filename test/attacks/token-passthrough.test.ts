import { describe, expect, test } from 'bun:test'
import { type AuthInfo, sdkVerifier } from '../../server/resource/index.ts'
import { admitted, createResourceFixture, RESOURCE, toolCall } from '../support/resource-fixture.ts'

/** Everything that can be read from a value: members, headers, entries. */
function everything(value: unknown): string {
  if (value instanceof Request) return JSON.stringify([value.url, [...value.headers]])
  return JSON.stringify(value, (_, member: unknown) => (member instanceof URL ? member.href : member))
}

describe('RS-042 RS-050 the client token is handed to nobody', () => {
  test('neither the caller of handle, nor a handler, nor an SDK gets it', async () => {
    const { issuer, notes, send } = await createResourceFixture()
    const token = await issuer.sign()
    const signature = token.split('.')[2] ?? token
    const init = {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(toolCall('whoami')),
    }

    const seen: unknown[] = [admitted(await send(init))]
    const response = await notes.serve((request, authInfo) => {
      seen.push(request, authInfo)
      return new Response('served')
    })(new Request(RESOURCE, init))
    seen.push(await notes.verify(token))
    seen.push(await sdkVerifier(notes, (message) => new Error(message)).verifyAccessToken(token))

    expect(await response.text()).toBe('served')
    expect(seen).toHaveLength(5)
    for (const value of seen) expect(everything(value)).not.toContain(signature)
  })

  test('what stands in its place is no token, and tells two tokens apart', async () => {
    const { issuer, send } = await createResourceFixture()
    const call = async (token: string): Promise<AuthInfo> =>
      admitted(await send({ headers: { authorization: `Bearer ${token}` } }))
    const [one, two] = [await issuer.sign(), await issuer.sign()]
    expect((await call(one)).token).toBe((await call(one)).token)
    expect((await call(one)).token).not.toBe((await call(two)).token)
    const replayed = await send({ headers: { authorization: `Bearer ${(await call(one)).token}` } })
    expect(replayed).toBeInstanceOf(Response)
  })

  test('reports and refusals do not carry it either', async () => {
    const { events, issuer, notes, send } = await createResourceFixture()
    const canary = `CANARY${crypto.randomUUID()}`
    const tokens = [canary, `${canary}.${canary}.${canary}`, await issuer.sign({ jti: canary, aud: canary })]
    for (const token of tokens) {
      const signature = token.split('.')[2] ?? token
      const response = await send({ headers: { authorization: `Bearer ${token}` } })
      if (!(response instanceof Response)) throw new Error('let through')
      const told = [await response.text(), JSON.stringify([...response.headers]), JSON.stringify(events)].join()
      expect(told).not.toContain(canary)
      expect(told).not.toContain(signature)
      await expect(sdkVerifier(notes, (message) => new Error(message)).verifyAccessToken(token)).rejects.toThrow(
        'The access token is not valid here.',
      )
    }
  })
})
