import { describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { bearerChallenge, createResourceFixture, RESOURCE, refused, toolCall } from '../support/resource-fixture.ts'

const CLEAR = toolCall('notes_clear')
const LIST = toolCall('notes_list')

describe('RS-021 RS-031 calling a tool whose scope is missing', () => {
  const denied: readonly [string, string][] = [
    ['plainly', JSON.stringify(CLEAR)],
    ['in a batch, after what is allowed', JSON.stringify([LIST, CLEAR])],
    ['as the second of two members of one name', `{"method":"ping",${JSON.stringify(CLEAR).slice(1)}`],
    ['with the tool named twice', '{"method":"tools/call","params":{"name":"notes_list","name":"notes_clear"}}'],
    ['with escapes in the name', '{"method":"tools\\/call","params":{"name":"notes\\u005fclear"}}'],
    ['as a notification', '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"notes_clear"}}'],
    ['behind a byte order mark', `\uFEFF${JSON.stringify(CLEAR)}`],
  ]
  test.each(denied)('%s', async (_, body) => {
    const { issuer, post } = await createResourceFixture()
    const response = refused(await post(await issuer.sign({ scope: 'notes:write' }), body))
    expect(response.status).toBe(403)
    expect(bearerChallenge(response)['scope']).toContain('notes:admin')
  })

  const unreadable: readonly [string, BodyInit][] = [
    ['a name that is a list', JSON.stringify(toolCall(['notes_clear']))],
    ['a name that is an object', JSON.stringify(toolCall({ toString: 'notes_clear' }))],
    ['no name', '{"method":"tools/call","params":{}}'],
    ['a name by way of the prototype', '{"method":"tools/call","params":{"__proto__":{"name":"notes_clear"}}}'],
    ['parameters by position', '{"method":"tools/call","params":["notes_clear"]}'],
    ['a method that is a list', '{"method":["tools/call"],"params":{"name":"notes_clear"}}'],
    ['a batch within a batch', JSON.stringify([[CLEAR]])],
    ['a string', JSON.stringify('tools/call')],
    ['a comment before it', `/**/${JSON.stringify(CLEAR)}`],
    ['a trailing comma', `${JSON.stringify(CLEAR).slice(0, -1)},}`],
    ['two documents', `${JSON.stringify(LIST)}\n${JSON.stringify(CLEAR)}`],
    ['UTF-16', new Uint8Array(Buffer.from(`\uFEFF${JSON.stringify(CLEAR)}`, 'utf16le'))],
    ['bytes that are no UTF-8', new Uint8Array([...Buffer.from('{"a":"'), 0xff, ...Buffer.from('"}')])],
    ['compressed', new Uint8Array(gzipSync(JSON.stringify(CLEAR)))],
    ['nothing', ' '],
  ]
  test.each(unreadable)('what another reader might take for a call is not passed on: %s', async (_, body) => {
    const { issuer, events, send } = await createResourceFixture()
    const headers = { authorization: `Bearer ${await issuer.sign()}` }
    const response = refused(await send({ method: 'POST', headers, body }))
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ jsonrpc: '2.0', error: { code: -32700, message: 'Parse error' }, id: null })
    expect(events).toEqual([{ type: 'refused', reason: 'unreadable_body', status: 400 }])
  })

  test.each(['PUT', 'PATCH', 'DELETE', 'QUERY'])('by %s', async (method) => {
    const { issuer, send } = await createResourceFixture()
    const headers = { authorization: `Bearer ${await issuer.sign()}` }
    expect(refused(await send({ method, headers, body: JSON.stringify(CLEAR) })).status).toBe(403)
  })

  test('behind headers that name another operation', async () => {
    const { issuer, send } = await createResourceFixture()
    const authorization = `Bearer ${await issuer.sign()}`
    const headers = {
      authorization,
      'mcp-method': 'tools/call',
      'mcp-name': 'notes_list',
      'content-type': 'text/plain',
    }
    expect(refused(await send({ method: 'POST', headers, body: JSON.stringify(CLEAR) })).status).toBe(403)
  })

  test('behind more than will be read', async () => {
    const { issuer, notes } = await createResourceFixture({ maxBodyBytes: 1000 })
    const headers = { authorization: `Bearer ${await issuer.sign()}` }
    let pulled = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1
        controller.enqueue(new Uint8Array(100).fill(0x20))
      },
    })
    const init = { method: 'POST', headers, body: endless, duplex: 'half' }
    const response = refused(await notes.handle(new Request(RESOURCE, init)))
    expect([response.status, response.headers.get('connection')]).toEqual([413, 'close'])
    expect(pulled).toBeLessThan(50)
  })

  test('with a scope that only looks like it', async () => {
    const { issuer, post } = await createResourceFixture()
    for (const scope of ['notes', 'notes:admins', 'NOTES:ADMIN', 'notes:*', 'notes:admin,notes:read', '__proto__'])
      expect(refused(await post(await issuer.sign({ scope }), CLEAR)).status).toBe(403)
  })
})
