/**
 * Requests over a real socket that no client would send. They are answered with 4xx, and none is a failure of ours.
 *
 * @see RFC 9112 section 3.2
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { serve } from '../../server/serve.ts'
import { createTestServer } from '../support/authorization-server.ts'

const failures: unknown[] = []

async function listen(issuer: string) {
  const server = await createTestServer({ issuer })
  const listening = await serve({
    host: '127.0.0.1',
    port: 0,
    fetch: async (request, address) => (await server.handle(request, address)) ?? new Response(null, { status: 404 }),
    onError: (error) => failures.push(error),
  })
  if (!listening.ok) throw new Error('not listening')
  const { port, close } = listening.value
  afterAll(async () => {
    await close(0)
    await server.close()
  })
  return { server, port }
}

/** Sends text; the head of the answer, as far as there is one. */
function headOf(port: number, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect(port, '127.0.0.1', () => socket.write(text))
  let answer = ''
  socket.on('data', (bytes) => {
    answer += String(bytes)
    if (answer.includes('\r\n\r\n')) socket.destroy()
  })
  socket.on('close', () => resolve(answer.split('\r\n\r\n')[0] ?? ''))
  socket.on('error', reject)
  return promise
}

/** Its status, 0 when the connection was closed without an answer. */
const statusOf = async (port: number, text: string): Promise<number> =>
  Number(/^HTTP\/1\.[01] (\d{3})/.exec(await headOf(port, text))?.[1] ?? 0)

describe.each(['http://localhost:9100', 'http://localhost:9100/tenant'])('the issuer %s', async (issuer) => {
  const { server, port } = await listen(issuer)
  const base = new URL(issuer).pathname.replace(/\/$/, '')
  const metadata = `/.well-known/oauth-authorization-server${base}`

  test.each(['localhost', 'as', 'a', 'evil.example', '127.0.0.1:1', '[::1]:9100'])(
    'Host: %s is as good as any',
    async (host) => {
      expect(await statusOf(port, `GET ${metadata} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).toBe(200)
    },
  )

  test.each(['', 'x y', '[', '[::1', 'a:b:c', '<x>', 'a\tb', '%'])('Host: %p is a bad request', async (host) => {
    const status = await statusOf(port, `GET ${metadata} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    expect([400, 404]).toContain(status)
  })

  test('a Host that is none does not keep the answer from naming its request', async () => {
    const head = await headOf(port, `GET ${metadata} HTTP/1.1\r\nHost: [\r\nX-Request-Id: theirs-1\r\n\r\n`)
    expect(head).toStartWith('HTTP/1.1 400')
    expect(head).toMatch(/^x-request-id: theirs-1$/im)
  })

  test.each(['//evil.example/oauth/token', '/%', '/%00', '/%ff', '/?%', '/oauth/token/%2e%2e', '/\u00ff'])(
    'GET %p',
    async (path) => {
      const status = await statusOf(port, `GET ${base}${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      expect(status === 0 || (status >= 300 && status < 500)).toBe(true)
    },
  )

  test.each(['FOO', 'TRACE', 'CONNECT', 'OPTIONS'])('%s is no failure', async (method) => {
    const status = await statusOf(port, `${method} ${base}/oauth/token HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    expect(status).toBeLessThan(500)
  })

  test('a body that is cut off', async () => {
    const head = `POST ${base}/oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n`
    expect(await statusOf(port, `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`)).toBeLessThan(500)
    expect(await statusOf(port, `${head}Content-Length: x\r\n\r\n`)).toBeLessThan(500)
    expect(await statusOf(port, `${head}Transfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n0\r\n\r\n`)).toBe(400)
  })

  test('none of it was a failure of ours', () => expect([...failures, ...server.failures]).toEqual([]))
})
