/**
 * A connection to one of the checked addresses, and the certificate checked against the name. Sockets are opened here, one for each
 * request, so that no pool can give one name the connection of another, and no variable of the environment a proxy.
 *
 * @see RFC 6125 and RFC 9525: the certificate is the name's, wherever we connected
 *
 * @standard RFC 6125: Service Identity in TLS
 * @status used
 * @does the certificate is the name’s, wherever the connection goes
 * @standard RFC 9525: Service Identity in TLS, revised
 * @status used
 * @does as above
 * @module
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { err, ok, type Result } from '../../shared/result.ts'
import type { OutboundFailure } from '../core/outbound.ts'
import type { Target } from './target.ts'

/** Begins a TCP connection to an address; the socket tells by its events what became of it. */
export type Connect = (address: string, port: number) => Socket

export const connectDirectly: Connect = (address, port) => connectTcp({ host: address, port })

/** How many addresses of a name are tried. */
const MAX_ATTEMPTS = 3

/** The first of the addresses that takes the connection within `limit` milliseconds. */
export async function openConnection(
  addresses: readonly string[],
  port: number,
  { connect, limit, signal }: { readonly connect: Connect; readonly limit: number; readonly signal: AbortSignal },
): Promise<Socket | null> {
  for (const address of addresses.slice(0, MAX_ATTEMPTS)) {
    if (signal.aborted) return null
    const socket = connect(address, port)
    destroyOnAbort(socket, signal)
    if (await hasConnected(socket, limit)) return socket
  }
  return null
}

/** Speaks TLS on the connection. No client certificate, and no setting of the process can switch the check off. */
export async function secure(
  socket: Socket,
  { name }: Target,
  ca: string | undefined,
): Promise<Result<Socket, OutboundFailure>> {
  const secured = connectTls({
    socket,
    // Names are announced to the server; an address is only compared with the certificate (RFC 6066 section 3).
    ...(isIP(name) === 0 ? { servername: name } : { host: name }),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca }),
  })
  const done = await settled(secured, 'secureConnect')
  if (done) return ok(secured)
  socket.destroy()
  return err('bad_tls')
}

function destroyOnAbort(socket: Socket, signal: AbortSignal): void {
  const destroy = (): void => void socket.destroy()
  signal.addEventListener('abort', destroy, { once: true })
  socket.once('close', () => signal.removeEventListener('abort', destroy))
}

async function hasConnected(socket: Socket, limit: number): Promise<boolean> {
  const timer = setTimeout(() => socket.destroy(), limit)
  const connected = await settled(socket, 'connect')
  clearTimeout(timer)
  return connected
}

/** Whether the event came before the end. Errors after it show themselves to whoever reads. */
function settled(socket: Socket, event: 'connect' | 'secureConnect'): Promise<boolean> {
  return new Promise((resolve) => {
    socket.once(event, () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}
