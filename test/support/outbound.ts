/**
 * The world outside, on this machine: listeners that answer byte for byte as told, names that resolve as told, and the addresses that
 * were dialled, each of which leads to the listener.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import type { OutboundRequest } from '../../server/core/outbound.ts'
import { createOutbound, type OutboundOptions } from '../../server/outbound/create-outbound.ts'

const pem = (name: string): string => readFileSync(new URL(`certificates/${name}.pem`, import.meta.url), 'utf8')

/** Who signed the certificates `app` and `other`. */
export const AUTHORITY = pem('authority')

export type Certificate = 'app' | 'other' | 'world' | 'expired' | 'unknown'

export type Answer = (socket: Socket, head: string) => void

export interface Listener {
  readonly port: number
  /** Each request until the empty line, as it came. */
  readonly heads: readonly string[]
  /** The names that TLS was asked for. */
  readonly serverNames: readonly unknown[]
  /** How many connections there were. */
  readonly connections: () => number
  /** Once all connections have ended. */
  readonly idle: () => Promise<void>
  readonly close: () => void
}

/** Sends text, and ends the connection. Deno 2.9 tells a client in the same process of no end after nothing. */
export const say =
  (text: string): Answer =>
  (socket) =>
    text === '' ? socket.destroy() : socket.end(text)

/** An answer with a length. */
export const whole = (status: string, body = '', ...fields: readonly string[]): string =>
  [`HTTP/1.1 ${status}`, `content-length: ${body.length}`, ...fields, '', body].join('\r\n')

export const DOCUMENT = '{"client_name":"App"}'

/** Listens on every address of this machine. Without a certificate it speaks plain TCP; it answers requests, or whoever connects. */
export async function listen(
  answer: Answer,
  certificate?: Certificate,
  when: 'asked' | 'connected' = 'asked',
): Promise<Listener> {
  const heads: string[] = []
  const serverNames: unknown[] = []
  const open = new Set<Socket>()
  let connections = 0
  let whenIdle: (() => void) | null = null

  const take = (socket: Socket): void => {
    connections += 1
    open.add(socket)
    let head = ''
    const collect = (chunk: Uint8Array): void => {
      head += new TextDecoder().decode(chunk)
      if (!head.includes('\r\n\r\n')) return
      socket.off('data', collect)
      // What comes later is read too, so that the end is noticed.
      socket.resume()
      heads.push(head)
      answer(socket, head)
    }
    if (when === 'asked') socket.on('data', collect)
    else answer(socket.resume(), '')
    socket.on('error', () => {})
    socket.once('close', () => {
      open.delete(socket)
      if (open.size === 0) whenIdle?.()
    })
  }
  const takeSecure = (socket: TLSSocket): void => {
    serverNames.push(Reflect.get(socket, 'servername'))
    take(socket)
  }
  const server =
    certificate === undefined
      ? createServer(take)
      : createTlsServer({ key: pem(certificate), cert: pem(certificate) }, takeSecure)
  server.on('tlsClientError', () => {})
  const port = await listening(server)
  return {
    port,
    heads,
    serverNames,
    connections: () => connections,
    idle: () => (open.size === 0 ? Promise.resolve() : new Promise((resolve) => (whenIdle = resolve))),
    close: () => {
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '::', () => {
      const address: AddressInfo | string | null = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

/** An address of the public internet that `app`'s certificate also names. */
export const PUBLIC_ADDRESS = '93.184.216.34'

/** A safe fetch whose every connection ends at `listener`, whatever the address. */
export function outboundTo(
  listener: Listener,
  names: Readonly<Record<string, readonly string[]>> = { 'app.example': [PUBLIC_ADDRESS] },
  options: OutboundOptions = {},
) {
  const dialled: string[] = []
  const asked: string[] = []
  const outbound = createOutbound({
    ca: AUTHORITY,
    resolve: async (name) => {
      asked.push(name)
      return names[name] ?? []
    },
    connect: (address, port) => {
      dialled.push(`${address} ${port}`)
      return dial({ host: '127.0.0.1', port: listener.port })
    },
    ...options,
  })
  /** `ok`, or why not. */
  const outcome = async (url: string, request: Partial<OutboundRequest> = {}): Promise<string> => {
    const answer = await outbound.get(url, { ...JSON_REQUEST, ...request })
    return answer.ok ? 'ok' : answer.error
  }
  return { outbound, outcome, dialled, asked }
}

export const JSON_REQUEST: OutboundRequest = { accept: 'application/json', maxBytes: 5 * 1024 }
