/**
 * Listening: both loopback addresses, a port that is taken, proxies, and an end that cuts nobody off.
 *
 * @module
 */
import { afterEach, describe, expect, test } from 'bun:test'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import * as v from 'valibot'
import { Config } from '../../server/config.ts'
import { type Listening, type ServeOptions, serve } from '../../server/serve.ts'
import { until } from '../support/server-process.ts'

const open: Listening[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((listening) => listening.close(0)))
})

async function listen(options: Partial<ServeOptions> = {}): Promise<Listening> {
  const started = await serve({
    host: 'localhost',
    port: 0,
    fetch: (_, address) => new Response(address()),
    ...options,
  })
  if (!started.ok) throw new Error(started.error.message)
  open.push(started.value)
  return started.value
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

describe('addresses', () => {
  test('localhost is reached over IPv4 and, where there is IPv6, over that', async () => {
    const { port } = await listen()
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('127.0.0.1')
    const six = await fetch(`http://[::1]:${port}/`).catch(() => null)
    expect(six === null ? '::1' : await six.text()).toBe('::1')
  })

  test('RS-070 where nothing is said, this machine reaches it and no other', async () => {
    const { port } = await listen({ host: v.parse(Config, { dev: true }).host })
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ internal, family }) => !internal && family === 'IPv4')
    if (outside === undefined) return console.log('not tried: this machine has no address that others could reach')
    const socket = connect(port, outside.address)
    const came = once(socket, 'connect').then(
      () => 'connected',
      (problem) => problem.code,
    )
    expect(await came).toBe('ECONNREFUSED')
    socket.destroy()
  })

  test('a port in use is one clear line', async () => {
    const { port } = await listen()
    const message = `Port ${port} is in use. Stop what listens there, or choose another with --port.`
    expect(await serve({ host: 'localhost', port, fetch: () => new Response() })).toEqual({
      ok: false,
      error: { message, exitCode: 1 },
    })
  })

  test("an address that is not this machine's is one clear line", async () => {
    const refused = await serve({ host: '203.0.113.1', port: 0, fetch: () => new Response() })
    expect(refused).toMatchObject({ ok: false, error: { exitCode: 1 } })
  })
})

describe('proxies', () => {
  const headers = { 'x-forwarded-for': '198.51.100.7', 'x-forwarded-host': 'evil.example' }
  test('nobody is believed by default', async () => {
    const { port } = await listen()
    expect(await (await fetch(`http://127.0.0.1:${port}/`, { headers })).text()).toBe('127.0.0.1')
  })
  test('a trusted one is', async () => {
    const { port } = await listen({ trustedProxies: ['loopback'] })
    expect(await (await fetch(`http://127.0.0.1:${port}/`, { headers })).text()).toBe('198.51.100.7')
  })
})

describe('ADR 0078 posts that arrive together', () => {
  /** Sends from so many connections in one turn, again and again; whether any two were under way at once. */
  async function areInStep(method: 'GET' | 'POST'): Promise<boolean> {
    let underWay = 0
    let most = 0
    const { port } = await listen({
      fetch: async () => {
        underWay += 1
        most = Math.max(most, underWay)
        // Waits for nothing that is not ready, as an answer from memory does.
        for (let step = 0; step < 10; step += 1) await null
        underWay -= 1
        return new Response('x')
      },
    })
    const text = `${method} / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`
    const sockets = await Promise.all(Array.from({ length: 8 }, () => connected(port)))
    for (let round = 0; round < 20 && most < 2; round += 1) {
      const answers = sockets.map(async (socket) => once(socket, 'data'))
      for (const socket of sockets) socket.write(text)
      await Promise.all(answers)
    }
    for (const socket of sockets) socket.destroy()
    return most > 1
  }

  test('are answered in step', async () => expect(await areInStep('POST')).toBe(true))
  test('and others one after the other', async () => expect(await areInStep('GET')).toBe(false))
})

describe('the end', () => {
  test('a request in flight is answered, and no new one is taken', async () => {
    const arrived = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<void>()
    const listening = await listen({
      fetch: async ({ url }) => {
        if (!url.endsWith('/slow')) return new Response('at once')
        arrived.resolve()
        await finish.promise
        return new Response('done')
      },
    })
    const url = `http://127.0.0.1:${listening.port}/`
    const answer = fetch(`${url}slow`).then((response) => response.text())
    await arrived.promise
    const closed = listening.close(30)
    const status = (): Promise<number | 'refused'> =>
      fetch(url, { keepalive: false }).then(
        (r) => r.status,
        () => 'refused',
      )
    await until(async () => (await status()) === 'refused')
    finish.resolve()
    expect(await answer).toBe('done')
    await closed
  })

  test('a stream without an end is cut off', async () => {
    const listening = await listen({ fetch: () => new Response(new ReadableStream({ start: (c) => c.enqueue('x') })) })
    await fetch(`http://127.0.0.1:${listening.port}/`)
    await listening.close(0)
    expect(await fetch(`http://127.0.0.1:${listening.port}/`).catch(() => 'refused')).toBe('refused')
  })
})

test('a failure inside says nothing outside, and is told inside', async () => {
  const errors: unknown[] = []
  const { port } = await listen({
    fetch: () => {
      throw new Error('canary')
    },
    onError: (error) => void errors.push(error),
  })
  const response = await fetch(`http://127.0.0.1:${port}/`)
  expect([response.status, await response.text()]).toEqual([500, ''])
  expect(errors).toEqual([new Error('canary')])
})
