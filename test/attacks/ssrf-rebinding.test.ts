/**
 * SSRF by DNS rebinding: a name that resolves differently each time. Who was checked is who is connected to, and it must hold the
 * name's certificate.
 *
 * @see MCP 2026-07-28, security best practices, "SSRF": the time between check and use
 * @see RFC 9525: verifying the name in a certificate
 * @module
 */
import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { connect as dial } from 'node:net'
import process from 'node:process'
import { createOutbound } from '../../server/outbound/create-outbound.ts'
import {
  AUTHORITY,
  type Certificate,
  DOCUMENT,
  JSON_REQUEST,
  type Listener,
  listen,
  outboundTo,
  PUBLIC_ADDRESS,
  say,
  whole,
} from '../support/outbound.ts'

const app = await listen(say(whole('200 OK', DOCUMENT)), 'app')
const other = await listen(say(whole('200 OK', DOCUMENT)), 'other')
afterAll(() => {
  app.close()
  other.close()
})

describe('SEC-015 rebinding', () => {
  test('a name is resolved once, and what it resolved to is connected to', async () => {
    const answers = [[PUBLIC_ADDRESS], ['127.0.0.1'], ['169.254.169.254']]
    let resolved = 0
    const { outcome, dialled } = outboundTo(app, {}, { resolve: async () => answers[resolved++] ?? [] })
    expect(await outcome('https://app.example/client.json')).toBe('ok')
    expect(resolved).toBe(1)
    expect(await outcome('https://app.example/client.json')).toBe('special_use_address')
    expect(resolved).toBe(2)
    expect(dialled).toEqual([`${PUBLIC_ADDRESS} 443`])
  })

  test('also when a connection failed: the next address is one that was checked', async () => {
    let resolved = 0
    const dialled: string[] = []
    const outbound = createOutbound({
      ca: AUTHORITY,
      resolve: async () => (resolved++ === 0 ? ['2606:4700::1111', PUBLIC_ADDRESS] : ['127.0.0.1']),
      connect: (address) => {
        dialled.push(address)
        const socket = dial({ host: '127.0.0.1', port: app.port })
        if (dialled.length === 1) socket.destroy()
        return socket
      },
    })
    const answer = await outbound.get('https://app.example/', JSON_REQUEST)
    expect(answer.ok).toBe(true)
    expect([resolved, dialled]).toEqual([1, ['2606:4700::1111', PUBLIC_ADDRESS]])
  })

  test('and not more than three are tried', async () => {
    const addresses = ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4']
    const dialled: string[] = []
    const outbound = createOutbound({
      resolve: async () => addresses,
      connect: (address) => {
        dialled.push(address)
        return dial({ host: '127.0.0.1', port: app.port }).destroy()
      },
    })
    const answer = await outbound.get('https://app.example/', JSON_REQUEST)
    expect([answer, dialled]).toEqual([{ ok: false, error: 'unreachable' }, addresses.slice(0, 3)])
  })
})

describe('SEC-002 the certificate is the name’s, whatever the address', () => {
  test('the name is in SNI and in Host, the address in neither', async () => {
    const { outcome } = outboundTo(app)
    expect(await outcome('https://app.example:8443/client.json?v=1')).toBe('ok')
    expect(app.serverNames.at(-1)).toBe('app.example')
    const [line, ...fields] = app.heads.at(-1)?.trim().split('\r\n') ?? []
    expect(line).toBe('GET /client.json?v=1 HTTP/1.1')
    expect(fields.map((field) => field.toLowerCase()).sort()).toEqual([
      'accept-encoding: identity',
      'accept: application/json',
      'connection: close',
      'host: app.example:8443',
      'user-agent: sallyport',
    ])
  })

  test('a dot at the end of the name changes neither', async () => {
    const { outcome, asked } = outboundTo(app)
    expect(await outcome('https://app.example./client.json')).toBe('ok')
    expect(asked).toEqual(['app.example'])
    expect(app.serverNames.at(-1)).toBe('app.example')
    expect(app.heads.at(-1)).toMatch(/\r\nhost: app\.example\r\n/i)
  })

  const strangers: readonly [string, Certificate, string][] = [
    ['of another name', 'other', 'app.example'],
    ['of the name that is not asked for', 'app', 'other.example'],
    ['of a name, asked for by an address', 'other', PUBLIC_ADDRESS],
    ['that has expired', 'expired', 'app.example'],
    ['that nobody signed', 'unknown', 'app.example'],
  ]
  test.each(strangers)('a certificate %s is refused', async (_, certificate, name) => {
    const stranger = await listen(say(whole('200 OK', DOCUMENT)), certificate)
    const { outcome, dialled } = outboundTo(stranger, { 'app.example': [PUBLIC_ADDRESS], 'other.example': ['1.1.1.1'] })
    expect(await outcome(`https://${name}/client.json`)).toBe('bad_tls')
    expect(dialled).toHaveLength(1)
    expect(stranger.heads).toEqual([])
    stranger.close()
  })

  test('who is trusted by nobody here is refused', async () => {
    const resolve = async (): Promise<readonly string[]> => [PUBLIC_ADDRESS]
    const connect = () => dial({ host: '127.0.0.1', port: app.port })
    const answer = await createOutbound({ resolve, connect }).get('https://app.example/', JSON_REQUEST)
    expect(answer).toEqual({ ok: false, error: 'bad_tls' })
  })

  test.each([PUBLIC_ADDRESS, '[2606:4700::1111]'])(
    'an address is asked under its own certificate: %s',
    async (host) => {
      const { outcome, asked, dialled } = outboundTo(app)
      expect(await outcome(`https://${host}/client.json`)).toBe('ok')
      expect(asked).toEqual([])
      expect(dialled).toEqual([`${host.replace(/[[\]]/g, '')} 443`])
    },
  )

  test('no connection of one name serves another at the same address', async () => {
    const names = { 'app.example': [PUBLIC_ADDRESS], 'other.example': [PUBLIC_ADDRESS] }
    const { outcome } = outboundTo(app, names)
    const before = app.connections()
    const outcomes: string[] = []
    for (const name of ['app', 'other', 'app']) outcomes.push(await outcome(`https://${name}.example/`))
    expect(outcomes).toEqual(['ok', 'bad_tls', 'ok'])
    // Each of the two had a connection of its own.
    expect(app.connections() - before).toBeGreaterThanOrEqual(2)
  })

  test.each(['HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}', '\u0015\u0003\u0003\u0000\u0002\u0002\u0028', ''])(
    'who does not speak TLS is refused: %p',
    async (greeting) => {
      const plain = await listen(say(greeting), undefined, 'connected')
      expect(await outboundTo(plain).outcome('https://app.example/')).toBe('bad_tls')
      plain.close()
    },
  )
})

describe('the environment does not change where and how', () => {
  const before = { ...process.env }
  const NAMES = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY']
  const listeners: Listener[] = []
  afterEach(() => {
    for (const name of [...NAMES, 'NODE_TLS_REJECT_UNAUTHORIZED']) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
    for (const listener of listeners.splice(0)) listener.close()
  })

  test('SEC-015 a proxy of the environment is not asked: it would resolve anew', async () => {
    const proxy = await listen(say(whole('200 OK', DOCUMENT)))
    listeners.push(proxy)
    for (const name of NAMES) process.env[name] = `http://127.0.0.1:${proxy.port}`
    process.env['NODE_USE_ENV_PROXY'] = '1'
    expect(await outboundTo(app).outcome('https://app.example/')).toBe('ok')
    expect(proxy.connections()).toBe(0)
  })

  test('SEC-002 NODE_TLS_REJECT_UNAUTHORIZED=0 does not switch the check off', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    expect(await outboundTo(other).outcome('https://app.example/')).toBe('bad_tls')
  })
})
