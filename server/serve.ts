/**
 * Listens for HTTP on Bun, Deno and Node, and stops without cutting anyone off.
 *
 * @module
 */
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve as listen, type Server, type ServerRequest } from 'srvx'
import { err, ok, type Result } from '../shared/result.ts'
import { type Problem, refusal } from './config/problem.ts'
import { whoAsksBehind } from './core/proxies.ts'
import { nextTurn } from './http/next-turn.ts'
import { newRequestId, REQUEST_ID } from './http/request-id.ts'
import { withHeader } from './http/with-header.ts'

export interface ServeOptions {
  /** `address` finds the peer's, or what a trusted proxy says it is, for as long as the request has not been answered. */
  readonly fetch: (request: Request, address: () => string | undefined) => Response | Promise<Response>
  /** `localhost`: both loopback addresses. */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Other processes may listen on the same port, if they say so too. Linux only. Default: false. */
  readonly sharePort?: boolean
  /** IP addresses, ranges of them, or `loopback`. Default: none. */
  readonly trustedProxies?: readonly string[]
  /** Told when `fetch` throws; the peer gets a bare 500. */
  readonly onError?: (error: unknown, requestId: string) => void
}

export interface Listening {
  readonly port: number
  /**
   * From now on each answer ends its connection, and whoever comes again comes over a new one: those that are kept would be closed later on,
   * perhaps with a request on its way. RFC 9112 section 9.6.
   */
  leave(): void
  /** Leaves; then takes no new connections, and lets the requests in flight finish, for at most `limit` seconds. */
  close(limit?: number): Promise<void>
}

/** Seconds that requests in flight get to finish, unless told otherwise. Streams that never end are cut off then. */
const CLOSE_LIMIT = 3

/** Seconds in which whoever uses a connection right now is told that it ends. */
const FAREWELL = 0.1

/** Bytes. An MCP message with an attachment fits; the endpoints of the authorization server have narrower limits of their own. */
const MAX_BODY = 4 * 1024 * 1024

/**
 * Bytes of all headers. Bun and Node refuse more than that together with the URL by themselves; Deno takes fifteen times as much.
 *
 * @see RFC 6585 section 5: 431 Request Header Fields Too Large
 */
const MOST_HEADERS = 16 * 1024

/** Starts to listen; a `Problem` when the address cannot be had. */
export async function serve(options: ServeOptions): Promise<Result<Listening, Problem>> {
  const servers: Server[] = []
  let leaving = false
  const leave = (): void => {
    leaving = true
  }
  let { port } = options
  for (const hostname of hostnames(options.host)) {
    try {
      const server = await listenOn(hostname, port, options, () => leaving)
      servers.push(server)
      port = portOf(server) ?? port
    } catch (error) {
      // A machine without IPv6 has no ::1, and nobody there will ask for it.
      if (servers.length > 0 && !isInUse(error)) continue
      await Promise.all(servers.map((server) => server.close(true)))
      return err(refusal(explain(error, hostname, port)))
    }
  }
  return ok({
    port,
    leave,
    async close(limit = CLOSE_LIMIT) {
      leave()
      await sleep(Math.min(FAREWELL, limit) * 1000)
      await closeAll(servers, limit)
    },
  })
}

/**
 * Calls `stop` at the first Ctrl-C or SIGTERM, then ends the process with exit code 0. A second one ends it at once.
 * A terminal signals every process of the group, and npm and Bun pass signals on: within a second it is the same keystroke.
 */
export function stopOnSignals(stop: (signal: 'SIGINT' | 'SIGTERM') => Promise<void>): void {
  let first: number | undefined
  const onSignal = (signal: 'SIGINT' | 'SIGTERM'): void => {
    const now = performance.now()
    if (first === undefined) {
      first = now
      stop(signal).then(
        () => process.exit(0),
        () => process.exit(1),
      )
    } else if (now - first > 1000) process.exit(130)
  }
  process.on('SIGINT', () => onSignal('SIGINT'))
  process.on('SIGTERM', () => onSignal('SIGTERM'))
}

/** `localhost` is two addresses, and clients differ in which one they try first. */
const hostnames = (host: string): readonly string[] => (host === 'localhost' ? ['127.0.0.1', '::1'] : [host])

async function listenOn(
  hostname: string,
  port: number,
  options: ServeOptions,
  isLeaving: () => boolean,
): Promise<Server> {
  const { trustedProxies = [] } = options
  const address = trustedProxies.length === 0 ? ({ ip }: ServerRequest) => ip : addressBehind(trustedProxies)
  const server = listen({
    hostname,
    port,
    silent: true,
    manual: true,
    reusePort: options.sharePort ?? false,
    gracefulShutdown: false,
    maxRequestBodySize: MAX_BODY,
    // Bun closes a quiet connection after 10 s by default, which would end every idle event stream.
    bun: { idleTimeout: 255 },
    fetch: async (request) => {
      if (IS_DENO && lengthOf(request.headers) > MOST_HEADERS) return tooManyHeaders()
      if (request.method === 'POST') await nextTurn()
      const response = await options.fetch(request, () => address(request))
      return isLeaving() ? withHeader(response, 'connection', 'close') : response
    },
    error: (error) => {
      const id = newRequestId()
      const headers = { [REQUEST_ID]: id }
      if (isTooLarge(error)) return new Response(null, { status: 413, headers: { ...headers, connection: 'close' } })
      options.onError?.(error, id)
      return new Response(null, { status: 500, headers })
    },
  })
  await server.serve()
  return await server.ready()
}

/** srvx ends the reading of a body over the limit with this. */
const isTooLarge = (error: unknown): boolean => error instanceof Error && 'status' in error && error.status === 413

const IS_DENO = 'Deno' in globalThis

/** With the colon, the space and the end of each line. */
function lengthOf(headers: Headers): number {
  let length = 0
  headers.forEach((value, name) => {
    length += name.length + value.length + 4
  })
  return length
}

const tooManyHeaders = (): Response =>
  new Response(null, { status: 431, headers: { [REQUEST_ID]: newRequestId(), connection: 'close' } })

/** Not srvx's own: that compares addresses as text, and takes scheme and host of a request from the proxy, too. */
function addressBehind(proxies: readonly string[]) {
  const whoAsks = whoAsksBehind(proxies)
  return ({ ip, headers }: ServerRequest): string | undefined =>
    ip === undefined ? undefined : whoAsks(ip, headers.get('x-forwarded-for'))
}

function portOf(server: Server): number | null {
  const port = URL.parse(server.url ?? '')?.port
  return port === undefined || port === '' ? null : Number(port)
}

async function closeAll(servers: readonly Server[], limit: number): Promise<void> {
  const finished = Promise.all(servers.map((server) => server.close()))
  // Node closes the connections that are idle now; those that become idle later would linger.
  const sweep = setInterval(() => servers.forEach(closeIdle), 20)
  await atMost(limit, finished)
  clearInterval(sweep)
  // Deno cannot cut off a stream; the end of the process does.
  await atMost(0.5, Promise.all(servers.map((server) => server.close(true))))
}

function closeIdle({ node }: Server): void {
  if (node?.server !== undefined && 'closeIdleConnections' in node.server) node.server.closeIdleConnections()
}

async function atMost(seconds: number, work: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, seconds * 1000)
  await Promise.race([work, late])
  clearTimeout(timer)
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)

const isInUse = (error: unknown): boolean =>
  codeOf(error) === 'EADDRINUSE' || (error instanceof Error && error.name === 'AddrInUse')

function explain(error: unknown, hostname: string, port: number): string {
  if (isInUse(error)) return `Port ${port} is in use. Stop what listens there, or choose another with --port.`
  return `Cannot listen on ${hostname} port ${port}: ${error instanceof Error ? error.message.split('\n')[0] : error}`
}
