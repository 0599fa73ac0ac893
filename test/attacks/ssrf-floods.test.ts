/**
 * SSRF to wear us out: servers that answer slowly, endlessly or never, and too many of them at once. Each ends in time, and leaves no
 * connection behind.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 8.7
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { Socket } from 'node:net'
import type { OutboundAnswer, OutboundFailure } from '../../server/core/outbound.ts'
import { createOutbound } from '../../server/outbound/create-outbound.ts'
import { createSlots } from '../../server/outbound/slots.ts'
import type { Result } from '../../shared/result.ts'
import {
  type Answer,
  DOCUMENT,
  JSON_REQUEST,
  type Listener,
  listen,
  outboundTo,
  PUBLIC_ADDRESS,
  say,
  whole,
} from '../support/outbound.ts'

const URL = 'https://app.example/client.json'

/** Seconds. Long enough to get as far as the trouble. */
const SHORT = 0.25

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n'
const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'

/** Sends `first`, then `more` again and again for as long as anybody listens. */
const keepSaying =
  (first: string, more: string): Answer =>
  (socket) => {
    socket.write(first)
    const timer = setInterval(() => socket.write(more), 5)
    socket.once('close', () => clearInterval(timer))
  }

/** As fast as it is taken. */
const flood =
  (first: string, more: string): Answer =>
  (socket) => {
    socket.write(first)
    const pour = (): void => {
      for (let at = 0; at < 64 && !socket.destroyed; at += 1) if (!socket.write(more)) return
      if (!socket.destroyed) setImmediate(pour)
    }
    socket.on('drain', pour)
    pour()
  }

const STALLS: readonly [string, Answer][] = [
  ['silence', () => {}],
  ['half a status line', (socket) => socket.write('HTTP/1.1 2')],
  ['a header byte by byte', keepSaying('HTTP/1.1 200 OK\r\nx: ', 'y')],
  ['a header without an end', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n')],
  ['a body that does not come', (socket) => socket.write(HEAD)],
  ['a body byte by byte', keepSaying(HEAD, 'x')],
  ['chunks byte by byte', keepSaying(CHUNKED, '1\r\nx\r\n')],
  ['a chunk extension without an end', keepSaying(`${CHUNKED}1;`, 'x')],
  ['answers before the answer', keepSaying('', 'HTTP/1.1 103 Early Hints\r\n\r\n')],
]

describe('slow', () => {
  test.each(STALLS)('%s ends after the time limit', async (_, answer) => {
    const listener = await listen(answer, 'app')
    const { outcome } = outboundTo(listener, undefined, { timeout: SHORT })
    const began = performance.now()
    expect(await outcome(URL)).toBe('timeout')
    // The usual limit is five seconds.
    expect(performance.now() - began).toBeLessThan(4900)
    await listener.idle()
    listener.close()
  })

  test.each(STALLS)('%s ends when the caller gives up', async (_, answer) => {
    const caller = new AbortController()
    const listener = await listen((socket, head) => {
      answer(socket, head)
      setImmediate(() => caller.abort())
    }, 'app')
    expect(await outboundTo(listener).outcome(URL, { signal: caller.signal })).toBe('aborted')
    await listener.idle()
    listener.close()
  })

  test('a server that never greets in TLS', async () => {
    const listener = await listen(() => {}, undefined, 'connected')
    expect(await outboundTo(listener, undefined, { timeout: SHORT }).outcome(URL)).toBe('timeout')
    await listener.idle()
    listener.close()
  })

  test('an address that never answers leaves time for the next', async () => {
    const listener = await listen(say(whole('200 OK', DOCUMENT)), 'app')
    const { outcome } = outboundTo(
      listener,
      { 'app.example': ['2606:4700::1111', PUBLIC_ADDRESS] },
      { timeout: 8, connect: (address) => (address.includes(':') ? new Socket() : dialTo(listener)) },
    )
    expect(await outcome(URL)).toBe('ok')
    listener.close()
  })

  test('addresses that never answer', async () => {
    const sockets: Socket[] = []
    const connect = (): Socket => {
      const socket = new Socket()
      sockets.push(socket)
      return socket
    }
    const resolve = async () => ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4', '1.1.1.5']
    const answer = await createOutbound({ timeout: SHORT, resolve, connect }).get(URL, JSON_REQUEST)
    expect(answer).toEqual({ ok: false, error: 'unreachable' })
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true, true])
  })

  test('a resolver that never answers', async () => {
    const resolve = (): Promise<never> => new Promise(() => {})
    const answer = await createOutbound({ timeout: SHORT, resolve }).get(URL, JSON_REQUEST)
    expect(answer).toEqual({ ok: false, error: 'timeout' })
  })

  test('a caller that gave up before it asked', async () => {
    const listener = await listen(say(whole('200 OK', DOCUMENT)), 'app')
    const { outcome, dialled, asked } = outboundTo(listener)
    expect(await outcome(URL, { signal: AbortSignal.abort() })).toBe('aborted')
    expect([dialled, asked]).toEqual([[], []])
    listener.close()
  })
})

describe('AS-035 endless', () => {
  const floods: readonly [string, string, Answer][] = [
    ['chunks', 'too_large', flood(CHUNKED, `400\r\n${'x'.repeat(1024)}\r\n`)],
    ['one chunk', 'too_large', flood(`${CHUNKED}7fffffff\r\n`, 'x'.repeat(1024))],
    ['a body', 'broken_answer', flood('HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(1024))],
    ['a body behind a small length', 'ok', flood('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}', 'x'.repeat(1024))],
    ['a header', 'broken_answer', flood('HTTP/1.1 200 OK\r\n', 'x: y\r\n')],
    ['a field', 'broken_answer', flood('HTTP/1.1 200 OK\r\nx: ', 'y'.repeat(1024))],
    [
      'the body of an error',
      'client_error',
      flood('HTTP/1.1 404 No\r\ncontent-length: 999999999\r\n\r\n', 'x'.repeat(1024)),
    ],
  ]
  test.each(floods)('%s: %s, long before the time is over', async (_, expected, answer) => {
    const listener = await listen(answer, 'app')
    expect(await outboundTo(listener, undefined, { timeout: 30 }).outcome(URL)).toBe(expected)
    await listener.idle()
    listener.close()
  })
})

describe('many at once', () => {
  test('so many are asked, so many wait, and the others are told at once', async () => {
    const release: (() => void)[] = []
    const listener = await listen((socket) => release.push(() => socket.end(whole('200 OK', '{}'))), 'app')
    const { outcome } = outboundTo(listener, undefined, { concurrency: 2, queue: 3 })
    const first = Array.from({ length: 5 }, () => outcome(URL))
    expect(await outcome(URL)).toBe('busy')
    expect(listener.connections()).toBeLessThan(3)
    // Whoever is answered makes room for the next.
    let answered = 0
    const all = Promise.all(first).finally(() => (answered = 5))
    while (answered < 5) {
      release.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await all).toEqual(['ok', 'ok', 'ok', 'ok', 'ok'])
    expect(await Promise.all([outcome(URL), until(release)])).toEqual(['ok', undefined])
    listener.close()
  })

  test('waiting counts as time', async () => {
    const listener = await listen(() => {}, 'app')
    const { outcome } = outboundTo(listener, undefined, { concurrency: 1, timeout: SHORT })
    expect(await Promise.all([outcome(URL), outcome(URL), outcome(URL)])).toEqual(['timeout', 'timeout', 'timeout'])
    expect(listener.connections()).toBeLessThan(2)
    await listener.idle()
    listener.close()
  })

  test('a lookup that was given up keeps its place until it ends, so that they cannot pile up', async () => {
    const lookups: (() => void)[] = []
    const outbound = createOutbound({
      timeout: SHORT,
      concurrency: 2,
      queue: 0,
      resolve: () => new Promise((resolve) => lookups.push(() => resolve([]))),
    })
    const ask = (): Promise<Result<OutboundAnswer, OutboundFailure>> => outbound.get(URL, JSON_REQUEST)
    const timeout = { ok: false, error: 'timeout' } as const
    expect(await Promise.all([ask(), ask()])).toEqual([timeout, timeout])
    expect(await ask()).toEqual({ ok: false, error: 'busy' })
    expect(lookups).toHaveLength(2)
    for (const end of lookups.splice(0)) end()
    await new Promise((resolve) => setImmediate(resolve))
    const [next] = await Promise.all([ask(), until(lookups)])
    expect(next).toEqual({ ok: false, error: 'unresolvable' })
  })

  test('work that fails gives its place back', async () => {
    const slots = createSlots(1, 1)
    const failing = slots(() => Promise.reject(new Error('no')))
    const waiting = slots(async () => 'yes')
    expect(slots(async () => 'never')).toBeNull()
    expect(await failing?.catch(({ message }) => message)).toBe('no')
    expect(await waiting).toBe('yes')
    expect(await slots(async () => 'again')).toBe('again')
  })
})

const dialTo = ({ port }: Listener): Socket => new Socket().connect(port, '127.0.0.1')

/** Answers the next that asks. */
async function until(release: (() => void)[]): Promise<void> {
  while (release.length === 0) await new Promise((resolve) => setImmediate(resolve))
  release.shift()?.()
}
