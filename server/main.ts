/**
 * `bun run server`: the authorization server alone. Other programs start theirs with `runServer`, and their own composition.
 *
 * @module
 */

import process from 'node:process'
import { isLoopbackHost, isLoopbackUrl } from '../shared/loopback.ts'
import { err, ok, type Result } from '../shared/result.ts'
import { administered } from './admin/administered.ts'
import { startBackground } from './background.ts'
import { exitWith, loadSettings } from './config/load.ts'
import { type Problem, refusal } from './config/problem.ts'
import type { Settings } from './config.ts'
import { SERVER } from './core/audit.ts'
import { StoreUnavailable } from './core/ports.ts'
import { createServer, type ServerOptions, systemClock } from './create-server.ts'
import { DEMO_USER, hasDemoPassword, provideDemoUser } from './demo-user.ts'
import { type Address, arrivalOf } from './http/arrival.ts'
import { idFor, withRequestId } from './http/request-id.ts'
import { urlOf } from './http/url-of.ts'
import { auditLog, configureLogging, log } from './logging.ts'
import { serve, stopOnSignals } from './serve.ts'
import { openStore } from './store/open-store.ts'
import { random } from './store/random.ts'
import { type WorkerRole, workerRole } from './worker-role.ts'

/** What is served: an authorization server, with or without something beside it. */
export interface Composition {
  handle(request: Request, address?: Address): Promise<Response | null>
  close?(): void | Promise<void>
}

export interface StopOptions {
  /** Whether to go on serving for a while first. A person at a terminal has no load balancer. Default: true. */
  readonly drain?: boolean
}

/** A server that listens. */
export interface Running {
  readonly port: number
  /** Turns readiness off, goes on serving while load balancers notice, finishes what is in flight, closes the store. */
  stop(how?: StopOptions): Promise<void>
}

/** Opens the store, composes, listens; a `Problem` for the person who started it when something of that cannot be. */
export async function startServer(
  settings: Settings,
  compose: (options: ServerOptions) => Promise<Composition> = createServer,
  { sharePort = false }: { readonly sharePort?: boolean } = {},
): Promise<Result<Running, Problem>> {
  const onFailure = (error: unknown, requestId: string | null = null): void =>
    log.error('failed', requestId === null ? { error } : { error, requestId })
  const onWarning = (message: string, facts = {}): void => log.warning(message, facts)
  const localOnly = isLoopbackUrl(new URL(settings.issuer))
  let stopping = false
  try {
    const store = await openStore({
      database: settings.database,
      synchronous: settings.sqlite.synchronous,
      onWarning,
    })
    const { users } = administered(store, { actor: SERVER, now: systemClock })
    if (settings.dev) await provideDemoUser({ users, now: systemClock, random })
    if (!localOnly && (await hasDemoPassword(store.users))) {
      await store.close()
      return err(refusal(DEMO_PASSWORD_REFUSED))
    }
    if (settings.dev_login !== undefined && (await store.users.findByUsername(settings.dev_login)) === null) {
      await store.close()
      return err(
        refusal(
          `dev_login: there is no user ${settings.dev_login}. Add one with: sallyport users add ${settings.dev_login}`,
        ),
      )
    }
    const composed = await compose({
      settings,
      store,
      audit: auditLog(),
      onFailure,
      onWarning,
      onLimited: (limited) => log.warning('too many requests', { ...limited }),
      stopping: () => stopping,
    })
    const listening = await serve({
      fetch: async (request, address) =>
        localOnly && isMisdirected(request)
          ? named(misdirected(), request)
          : named((await composed.handle(request, address)) ?? notFound(), request),
      host: settings.host,
      port: settings.port,
      sharePort,
      trustedProxies: settings.trusted_proxies,
      onError: onFailure,
    })
    const close = async (): Promise<void> => {
      await composed.close?.()
      await store.close()
    }
    if (!listening.ok) {
      await close()
      return listening
    }
    const background = startBackground({ settings, store, onFailure, onWarning, audit: auditLog() })
    return ok({
      port: listening.value.port,
      async stop({ drain = true } = {}) {
        stopping = true
        listening.value.leave()
        const quiet = background.stop()
        if (drain) await new Promise((resolve) => setTimeout(resolve, settings.shutdown.drain * 1000))
        await listening.value.close(settings.shutdown.limit)
        await quiet
        await close()
      },
    })
  } catch (error) {
    return err(refusal(explain(error)))
  }
}

/** A whole program: settings from flags, environment and file; then the server, until it is told to stop. */
export async function runServer(
  announce: (settings: Settings, running: Running) => void,
  options: {
    program?: string
    argv?: readonly string[]
    compose?: (options: ServerOptions) => Promise<Composition>
  } = {},
): Promise<void> {
  const { compose, ...surroundings } = options
  const settings = await loadSettings(surroundings)
  if (!settings.ok) return exitWith(settings.error)
  configureLogging(settings.value.log)
  const worker = workerRole()
  const running = await start(settings.value, worker, compose)
  if (!running.ok) return exitWith(running.error)
  stopOnSignals((signal) => running.value.stop({ drain: signal === 'SIGTERM' }))
  if (worker !== null) return worker.listening()
  warn(settings.value)
  announce(settings.value, running.value)
}

/** As one process, as the parent of several, or as one of those. */
async function start(
  settings: Settings,
  worker: WorkerRole | null,
  compose?: (options: ServerOptions) => Promise<Composition>,
): Promise<Result<Running, Problem>> {
  if (worker !== null) return startServer({ ...settings, port: worker.port }, compose, { sharePort: true })
  if (settings.workers === 1) return startServer(settings, compose)
  const { startWorkers } = await import('./workers.ts')
  const workers = await startWorkers(settings)
  if (!workers.ok) return workers
  return ok({
    port: workers.value.port,
    stop: ({ drain = true } = {}) => workers.value.stop(drain ? 'SIGTERM' : 'SIGINT'),
  })
}

function warn(settings: Settings): void {
  if (settings.compat.token_endpoint_audience) {
    log.warning(
      'compat.token_endpoint_audience is on: assertions made for the token endpoint are accepted, which RFC 7523 bis forbids',
    )
  }
  if (settings.client_credentials.enabled) {
    log.info(
      settings.audit.before_answer
        ? 'audit.before_answer is on: a token of a machine is handed out once its entry is stored'
        : 'audit.before_answer is off: a token of a machine is handed out before its entry is stored, and a crash loses the entries of the last tenth of a second',
    )
  }
  if (settings.dev_login === undefined) return
  log.warning('dev_login is on: every authorization request is approved without a page', { user: settings.dev_login })
}

/**
 * A development server is found by names of this machine only. Any other name in Host is a web page that had its own name resolve to
 * loopback, to read answers that are not for it.
 */
function isMisdirected(request: Request): boolean {
  const url = urlOf(request)
  return url !== null && !isLoopbackHost(url.hostname)
}

const misdirected = (): Response => new Response('This server answers to localhost only.\n', { status: 421 })

/** What does not come from the authorization server names its request all the same. */
const named = (response: Response, request: Request): Response =>
  arrivalOf(request) === undefined ? withRequestId(response, { id: idFor(request), answered: false }) : response

const DEMO_PASSWORD_REFUSED =
  'The user demo still has its published password, and the issuer is not on loopback. Remove it (sallyport users remove demo) or change the password (sallyport users password demo).'

const notFound = (): Response => new Response(null, { status: 404 })

/** One line. What the errors of the store say is meant for the operator; anything else is a defect, and its stack is wanted. */
function explain(error: unknown): string {
  if (error instanceof StoreUnavailable) return `The database cannot be opened. ${error.message}`.trim()
  if (error instanceof Error) return error.message
  return String(error)
}

/** What is said once it serves. */
export function announce({ dev, issuer }: Settings, { port }: Running): void {
  log.info('listening', { issuer, port })
  if (dev) process.stderr.write(`Sign in as ${DEMO_USER.username}, password ${DEMO_USER.password}\n`)
}

if (import.meta.main) await runServer(announce, { program: 'bun run server' })
