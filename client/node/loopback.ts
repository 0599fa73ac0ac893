/**
 * The interaction of native applications: the person's own browser, and a listener on this machine for the answer.
 *
 * @see RFC 8252 section 7.3 (loopback redirection, any port), section 8.3 (listen on loopback only, and only for the request)
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SallyportError } from '../errors.ts'
import type { Interaction, InteractionRequest, Verdict } from '../interactions/interaction.ts'
import { registeredLoopback } from '../interactions/registered-loopback.ts'
import { callbackPage } from './callback-page.ts'
import { isCode } from './is-code.ts'
import { openBrowser } from './open-browser.ts'

/** How the browser is opened, and where the listener listens. */
export interface LoopbackOptions {
  /** Opens the URL. Default: the person's browser. `false`: the URL is only shown. */
  readonly open?: ((url: string) => void | Promise<void>) | false
  /** Shows the URL, which is done in any case: browsers fail to open. Default: on standard error. */
  readonly show?: (url: string) => void
  /** A fixed port. Default: that of the client's `redirectUris`, else whatever is free. */
  readonly port?: number
  /** The callback's path. Default: that of the client's `redirectUris`, else `/callback`, followed by a segment of the issuer's own where the client registers itself. */
  readonly path?: string
}

/**
 * Listens on 127.0.0.1 (else ::1), opens the browser, waits for the callback that belongs to the flow. Requests that do not are
 * answered with 404 and change nothing. Declines where another interaction has fixed the redirect URI, and where the client is known by
 * redirect URIs of which none is on loopback.
 *
 * @throws {SallyportError} from `authorize`: `port_in_use` where `port` is taken. A browser that does not open is no error: the URL is
 *   shown as well
 * @example createSession(url, { interaction: [loopback(), paste(process.stdin)] })
 */
export function loopback(options: LoopbackOptions = {}): Interaction {
  return {
    name: 'loopback',
    async prepare({ redirectUri, registered, issuerSegment }) {
      const own = registered && registeredLoopback(registered)
      if (redirectUri !== undefined || (registered !== undefined && own === undefined)) return undefined
      const usual = issuerSegment === undefined ? '/callback' : `/callback/${issuerSegment}`
      const url = own ?? new URL(options.path ?? usual, 'http://127.0.0.1')
      const listener = createListener(url.pathname)
      const bound = await listen(listener.server, hostsOf(own), Number(url.port) || (options.port ?? 0))
      if (own === undefined) url.host = bound.host
      else url.port = bound.port
      return {
        redirectUri: url.href,
        open: (request) => waitForCallback(listener, url.origin, request, options),
        close: () => close(listener.server),
      }
    },
  }
}

/** A name is asked for at the address that every machine has. */
const hostsOf = (registered: URL | undefined): readonly string[] =>
  registered === undefined ? ['127.0.0.1', '::1'] : [registered.hostname === '[::1]' ? '::1' : '127.0.0.1']

/** Where requests go: to the flow that is waiting, if any. */
interface Listener {
  readonly server: Server
  readonly path: string
  handle: (request: IncomingMessage, response: ServerResponse) => void
}

const answerNothing: Listener['handle'] = (_request, response) => answer(response, 404, 'foreign')

function createListener(path: string): Listener {
  const server = createServer((request, response) => listener.handle(request, response))
  const listener: Listener = { path, server, handle: answerNothing }
  return listener
}

/** Binds. A machine without IPv4 loopback may still have IPv6; a port that is taken is taken. */
async function listen(server: Server, hosts: readonly string[], port: number): Promise<{ host: string; port: string }> {
  const bind = (host: string): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port, exclusive: true }, () => {
        server.off('error', reject)
        resolve()
      })
    })
  const [first = '127.0.0.1', second] = hosts
  await bind(first)
    .catch((cause) => {
      const missing = isCode(cause, 'EADDRNOTAVAIL', 'EAFNOSUPPORT')
      if (!missing || second === undefined) throw cause
      return bind(second)
    })
    .catch((cause) => {
      throw isCode(cause, 'EADDRINUSE') ? new SallyportError('port_in_use', { cause }) : cause
    })
  // Being ready must not keep a process alive; waiting for the person does.
  server.unref()
  const { address, port: bound, family } = addressOf(server)
  return { host: family === 'IPv6' ? `[${address}]:${bound}` : `${address}:${bound}`, port: String(bound) }
}

function addressOf(server: Server): AddressInfo {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the listener is not bound to an address')
  return address
}

async function waitForCallback(
  listener: Listener,
  origin: string,
  request: InteractionRequest,
  options: LoopbackOptions,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const abort = (): void => reject(request.signal.reason)
  request.signal.addEventListener('abort', abort, { once: true })
  listener.server.ref()
  listener.handle = (incoming, response) => {
    const { status, verdict, url } = receive(incoming, origin, listener.path, request.judge)
    // The page first: closing the listener before would show the person an error instead.
    response.once('close', () => {
      if (verdict !== 'foreign') resolve(url)
    })
    answer(response, status, verdict)
  }
  try {
    request.signal.throwIfAborted()
    present(request.url, options)
    return await promise
  } finally {
    listener.handle = answerNothing
    listener.server.unref()
    request.signal.removeEventListener('abort', abort)
  }
}

function receive(
  incoming: IncomingMessage,
  origin: string,
  path: string,
  judge: InteractionRequest['judge'],
): { readonly status: number; readonly verdict: Verdict; readonly url: string } {
  const url = URL.parse(incoming.url ?? '', origin)
  // A name that resolves to loopback is how a web page would reach this listener: the Host tells.
  if (url === null || url.origin !== origin || incoming.headers.host !== url.host || url.pathname !== path) {
    return { status: 404, verdict: 'foreign', url: '' }
  }
  if (incoming.method !== 'GET') return { status: 405, verdict: 'foreign', url: '' }
  const verdict = judge(url.searchParams)
  const status = { foreign: 404, accepted: 200, denied: 200, refused: 400 }[verdict]
  return { status, verdict, url: url.href }
}

function answer(response: ServerResponse, status: number, verdict: Verdict): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    connection: 'close',
    ...(status === 405 && { allow: 'GET' }),
  })
  response.end(callbackPage(verdict))
}

function present(url: string, { show = showOnTerminal, open = openBrowser }: LoopbackOptions): void {
  show(url)
  if (open === false) return
  // The person has the URL: a browser that cannot be opened is no reason to give up.
  const opened = async (): Promise<void> => open(url)
  opened().catch(() => {})
}

const showOnTerminal = (url: string): void => {
  process.stderr.write(`Open this address to sign in:\n  ${url}\n`)
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
}
