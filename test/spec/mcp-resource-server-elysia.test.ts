import { describe, expect, test } from 'bun:test'
import { Elysia } from 'elysia'
import { resourcePlugin } from '../../server/resource/elysia.ts'
import { createResourceFixture, METADATA_URL, RESOURCE, toolCall } from '../support/resource-fixture.ts'

async function createApp() {
  const fixture = await createResourceFixture()
  const plugin = resourcePlugin(fixture.notes, async (request, authInfo) =>
    Response.json({ user: authInfo.extra.sub, method: request.method, body: await request.text() }),
  )
  const app = new Elysia()
    .use(plugin)
    .get('/health', () => 'well')
    .get('/.well-known/jwks.json', () => 'keys')
    .get('/mcp/other', () => 'other')
  const send = (url: string, init?: RequestInit): Promise<Response> => app.handle(new Request(url, init))
  return { ...fixture, app, send }
}

describe('as an Elysia plugin', () => {
  test('RS-020 RS-011 the endpoint is challenged, the documents are open, HEAD and OPTIONS too', async () => {
    const { send } = await createApp()
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) expect((await send(RESOURCE, { method })).status).toBe(401)
    expect((await send(RESOURCE, { method: 'OPTIONS' })).status).toBe(204)
    for (const method of ['GET', 'HEAD']) {
      const response = await send(METADATA_URL, { method })
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json'])
    }
    expect((await send(METADATA_URL, { method: 'OPTIONS' })).status).toBe(204)
    expect((await send('https://mcp.example/.well-known/oauth-authorization-server')).status).toBe(200)
    expect((await send('https://mcp.example/mcp/.well-known/oauth-protected-resource')).status).toBe(404)
  })

  test('the handler gets the typed caller and the untouched body', async () => {
    const { issuer, send } = await createApp()
    const headers = { authorization: `Bearer ${await issuer.sign()}`, 'content-type': 'application/json' }
    const body = `  ${JSON.stringify(toolCall('notes_list'))}\n`
    const response = await send(RESOURCE, { method: 'POST', headers, body })
    expect(await response.json()).toEqual({ user: 'alice', method: 'POST', body })
  })

  test('paths of others on the same application stay theirs, and open', async () => {
    const { send } = await createApp()
    expect(await (await send('https://mcp.example/health')).text()).toBe('well')
    expect(await (await send('https://mcp.example/.well-known/jwks.json')).text()).toBe('keys')
    expect(await (await send('https://mcp.example/mcp/other')).text()).toBe('other')
    expect((await send('https://mcp.example/nothing')).status).toBe(404)
  })

  test.each(['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain'])(
    'a body that is no message comes back in no answer: %s',
    async (type) => {
      const { issuer, send } = await createApp()
      const canary = `CANARY${crypto.randomUUID()}`
      const authorizations = [undefined, `Bearer ${canary}`, `Bearer ${canary} x`, `Bearer ${await issuer.sign()}`]
      for (const authorization of authorizations) {
        const headers = { 'content-type': type, ...(authorization === undefined ? {} : { authorization }) }
        const response = await send(RESOURCE, { method: 'POST', headers, body: `{"code_verifier":"${canary}",` })
        expect([400, 401]).toContain(response.status)
        expect(`${await response.text()}${JSON.stringify([...response.headers])}`).not.toContain(canary)
      }
    },
  )
})
