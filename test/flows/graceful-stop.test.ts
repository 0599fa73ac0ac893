/**
 * SIGTERM: readiness goes first, then the door is closed, then the last request is answered, then the process ends with 0.
 *
 * @see docs/adr/0007-listening-and-stopping.md
 * @module
 */
import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { connect, type Socket } from 'node:net'
import { REDIRECT_URI } from '../support/authorization-server.ts'
import { type Installation, install, type ServerProcess, startServerProcess, until } from '../support/server-process.ts'
import { RUNTIMES } from '../support/spawn.ts'

setDefaultTimeout(60_000)

const installations: Installation[] = []
const servers: ServerProcess[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.kill()
    await server.exited
  }
  for (const installation of installations.splice(0)) await installation.remove()
})

async function startWith(shutdown: { drain: number; limit: number }, runtime: readonly string[] = RUNTIMES.bun) {
  const installation = await install({ shutdown })
  installations.push(installation)
  const server = await startServerProcess(installation, { runtime })
  servers.push(server)
  return server
}

const BODY = JSON.stringify({ redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' })

/** A registration of which the server has half. */
async function beginRequest(port: number): Promise<{ readonly finish: () => void; readonly answer: Promise<string> }> {
  const socket: Socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => {
    text += String(chunk)
  })
  const answer = new Promise<string>((resolve) => {
    socket.on('close', () => resolve(text))
    socket.on('error', () => resolve(text))
  })
  const headers = ['POST /oauth/register HTTP/1.1', 'host: localhost', 'connection: close']
  const rest = ['content-type: application/json', `content-length: ${BODY.length}`, '', '']
  await new Promise<void>((resolve) => {
    socket.write([...headers, ...rest].join('\r\n') + BODY.slice(0, 10), () => resolve())
  })
  return { answer, finish: () => void socket.write(BODY.slice(10)) }
}

const statusOf = (server: ServerProcess, path: string): Promise<number | 'refused'> =>
  server.fetch(path, { keepalive: false }).then(
    ({ status }) => status,
    () => 'refused',
  )

describe.each([
  ['Bun', RUNTIMES.bun],
  ['Node', RUNTIMES.node],
] as const)('on %s', (_, runtime) => {
  test('not ready, but serving; then closed, and the request in flight is answered; then 0', async () => {
    const server = await startWith({ drain: 4, limit: 30 }, runtime)
    const request = await beginRequest(server.port)
    // The half is there before the signal: this was accepted after it.
    expect(await statusOf(server, '/health/ready')).toBe(200)
    server.kill('SIGTERM')
    await until(async () => (await statusOf(server, '/health/ready')) === 503)
    expect(await statusOf(server, '/health/live')).toBe(200)
    expect(await statusOf(server, '/.well-known/oauth-authorization-server')).toBe(200)
    await until(async () => (await statusOf(server, '/health/ready')) === 'refused')
    request.finish()
    expect(await request.answer).toStartWith('HTTP/1.1 201')
    expect(await server.exited).toBe(0)
  })
})

/** Asks once, over a connection that could be kept. */
async function ask(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n')
  return await new Promise((resolve, reject) => {
    socket.on('data', (answer) => {
      socket.destroy()
      resolve(String(answer))
    })
    socket.on('error', reject)
  })
}

test.each([
  ['Bun', RUNTIMES.bun],
  ['Node', RUNTIMES.node],
] as const)('%s: whoever comes while it goes on serving is told that the connection ends', async (_, runtime) => {
  const server = await startWith({ drain: 300, limit: 5 }, runtime)
  expect(await ask(server.port)).not.toMatch(/^connection: close\r$/im)
  server.kill('SIGTERM')
  await until(async () => (await statusOf(server, '/health/ready')) === 503)
  expect(await ask(server.port)).toMatch(/^connection: close\r$/im)
})

/** Asks again and again over one connection, until an answer says that it was the last one; tells how it ended. */
async function askUntilTold(port: number): Promise<'told' | 'cut off'> {
  const socket = connect(port, '127.0.0.1')
  const ask = (): void => void socket.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n')
  return await new Promise((resolve) => {
    let told = false
    socket.on('connect', ask)
    socket.on('data', (answer) => {
      told = /^connection: close\r$/im.test(String(answer))
      if (!told) ask()
    })
    socket.on('error', () => resolve('cut off'))
    socket.on('close', () => resolve(told ? 'told' : 'cut off'))
  })
}

test.each([
  ['Bun', 'SIGTERM', RUNTIMES.bun],
  ['Bun', 'SIGINT', RUNTIMES.bun],
  ['Node', 'SIGTERM', RUNTIMES.node],
  ['Node', 'SIGINT', RUNTIMES.node],
  ['Deno', 'SIGTERM', RUNTIMES.deno],
] as const)(
  '%s, %s: whoever keeps a connection busy is told that it ends, and loses no request',
  async (_, signal, runtime) => {
    const server = await startWith({ drain: 1, limit: 5 }, runtime)
    const clients = Array.from({ length: 24 }, () => askUntilTold(server.port))
    expect(await statusOf(server, '/health/ready')).toBe(200)
    server.kill(signal)
    expect(await Promise.all(clients)).toEqual(clients.map(() => 'told'))
    expect(await server.exited).toBe(0)
  },
)

test('Ctrl-C does not go on serving first', async () => {
  const server = await startWith({ drain: 300, limit: 30 })
  server.kill('SIGINT')
  expect(await server.exited).toBe(0)
})

test('a request that does not end is cut off at the limit, and the process ends with 0 all the same', async () => {
  const server = await startWith({ drain: 0, limit: 1 })
  const request = await beginRequest(server.port)
  expect(await statusOf(server, '/health/ready')).toBe(200)
  server.kill('SIGTERM')
  expect(await server.exited).toBe(0)
  expect(await request.answer).toBe('')
})
