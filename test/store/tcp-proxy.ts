/**
 * A network between us and a server that can be cut.
 *
 * @module
 */
import { connect, createServer, type Server, type Socket } from 'node:net'

export interface TcpProxy {
  /** The server's URL, by way of the proxy. */
  readonly url: string
  /** Cuts everything, and resets whoever connects. */
  refuse(): void
  /** Keeps everything open and passes nothing on. */
  silence(): void
  /** Cuts everything, and accepts only to close politely. */
  hangUp(): void
  restore(): void
  stop(): Promise<void>
}

export async function startProxy(serverUrl: string): Promise<TcpProxy> {
  const target = new URL(serverUrl)
  const sockets = new Set<Socket>()
  let mode: 'pass' | 'refuse' | 'silence' | 'hangUp' = 'pass'

  const server = createServer((client) => {
    sockets.add(client)
    client.on('error', () => {})
    client.on('close', () => sockets.delete(client))
    if (mode === 'refuse') client.resetAndDestroy()
    if (mode === 'hangUp') client.end()
    if (mode !== 'pass') return
    const upstream = connect(Number(target.port), target.hostname)
    sockets.add(upstream)
    upstream.on('error', () => client.destroy())
    upstream.on('close', () => {
      sockets.delete(upstream)
      client.destroy()
    })
    client.on('close', () => upstream.destroy())
    client.pipe(upstream)
    upstream.pipe(client)
  })
  await listen(server)

  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  const url = new URL(serverUrl)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy does not listen.')
  url.port = String(address.port)

  return {
    url: url.href,
    refuse() {
      mode = 'refuse'
      cut()
    },
    silence() {
      mode = 'silence'
      for (const socket of sockets) {
        socket.unpipe()
        socket.pause()
      }
    },
    hangUp() {
      mode = 'hangUp'
      cut()
    },
    restore() {
      mode = 'pass'
      cut()
    },
    async stop() {
      cut()
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      await promise
    },
  }
}

function listen(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  return promise
}
