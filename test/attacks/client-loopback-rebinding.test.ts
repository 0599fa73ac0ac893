/**
 * DNS rebinding: a web page reaches the loopback listener under a name of its own.
 *
 * @see RFC 8252 section 8.3
 * @module
 */
import { expect, test } from 'bun:test'
import { connect } from 'node:net'
import { loopback } from '../../client/node/index.ts'

test('a request for another host, port or scheme is not for the listener', async () => {
  const prepared = await loopback({ open: false, show: () => {} }).prepare({
    resource: 'https://mcp.example.com/mcp',
    issuer: 'https://as.example.com',
    redirectUri: undefined,
    issuerSegment: undefined,
    signal: new AbortController().signal,
  })
  if (prepared === undefined) throw new Error('the listener declined')
  const { host, port } = new URL(prepared.redirectUri)
  const abort = new AbortController()
  const answer = prepared.open({ url: 'https://as.example.com/', judge: () => 'accepted', fetch, signal: abort.signal })

  const path = '/callback?code=evil&state=right'
  const statuses: string[] = []
  for (const [target, name] of [
    [path, 'evil.example'],
    [path, `evil.example:${port}`],
    [path, `localhost:${port}`],
    [path, '127.0.0.1'],
    [path, `127.0.0.1:${Number(port) + 1}`],
    [`http://evil.example${path}`, host],
    [`//evil.example${path}`, host],
    [`http://evil.example${path}`, 'evil.example'],
  ] as const) {
    statuses.push(await rawStatus(Number(port), target, name))
  }
  expect(new Set(statuses)).toEqual(new Set(['404']))
  expect(await rawStatus(Number(port), path, host)).toBe('200')
  expect(await answer).toEndWith(path)
  await prepared.close()
})

/** Sends a request line and a Host header as they are; the status code of the answer. */
function rawStatus(port: number, target: string, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    })
    socket.once('data', (data) => {
      resolve(String(data).split(' ')[1] ?? '')
      socket.destroy()
    })
    socket.once('error', reject)
  })
}
