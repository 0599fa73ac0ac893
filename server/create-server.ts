/**
 * Puts an authorization server together from settings and a store: keys, core, pages, routes. Whoever embeds Sallyport starts here;
 * `main.ts` adds the listening, and `startBackground` what is done beside requests.
 *
 * @module
 */
import { setTimeout } from 'node:timers'
import { createDpopNonces } from '../shared/dpop/nonces.ts'
import { proofUrl } from '../shared/dpop/proof-url.ts'
import { DPOP_ALGORITHMS } from '../shared/dpop/public-key.ts'
import { toResource } from './admin/resource-record.ts'
import { type Application, createApp, createHandler, type Handler } from './app.ts'
import { type CompanySignInOptions, companySignIn, resealRefreshTokens } from './company-sign-in.ts'
import type { Settings } from './config.ts'
import {
  type Audit,
  type AuditEvent,
  type Circumstances,
  isIssue,
  isObservation,
  outcomeOf,
  SERVER,
} from './core/audit.ts'
import type { AuthorizationServer } from './core/authorization-server.ts'
import { withDocuments } from './core/client-documents/client-documents.ts'
import { createAuthorizationServer } from './core/create-authorization-server.ts'
import type { AuthorizationServerSettings } from './core/dependencies.ts'
import type { Trace } from './core/flow.ts'
import { memoizeLast } from './core/memoize-last.ts'
import { endpointsOf } from './core/metadata.ts'
import type { Outbound, OutboundDoor } from './core/outbound.ts'
import type { Clock, Random, Resources } from './core/ports.ts'
import { createRateLimiter, type Limited } from './core/rate-limits/rate-limiter.ts'
import type { Resource } from './core/records.ts'
import type { Dpop } from './core/sender.ts'
import { exchangeSettings } from './exchange-rules.ts'
import { localLogin } from './login/local-login.ts'
import { createOutbound } from './outbound/create-outbound.ts'
import { rateLimited } from './outbound/rate-limited.ts'
import { publishedClients } from './published-clients.ts'
import { rateLimits } from './rate-limit-rules.ts'
import { asRecorded, refusalAsRecorded } from './records/as-recorded.ts'
import { createFlowTrace } from './records/flow-trace.ts'
import { createIssues } from './records/issues.ts'
import { createObservations } from './records/observations.ts'
import { createProofKeys } from './resource/proof-keys.ts'
import { auditedKeys } from './store/audited-keys.ts'
import { digest, hash } from './store/hash.ts'
import type { OpenStore } from './store/open-store.ts'
import { ordinal } from './store/ordinal.ts'
import { random as secureRandom } from './store/random.ts'
import { sealer } from './store/sealer.ts'
import { createSigner } from './store/signer.ts'
import { wifOf, xaaOf } from './trusted-issuers.ts'

/** What an authorization server is made from. */
export interface ServerOptions {
  readonly settings: Settings
  /** Stays the caller's: it is not closed with the server. */
  readonly store: OpenStore
  /** Told of everything that the audit log holds. */
  readonly audit: (event: AuditEvent, circumstances: Circumstances) => void
  /** Told of every failure of our own. */
  readonly onFailure: (error: unknown, requestId?: string | null) => void
  /** Told of what an administrator should know, in constant words. Default: nobody is. */
  readonly onWarning?: CompanySignInOptions['onWarning']
  /** True once the server is about to stop. */
  readonly stopping?: () => boolean
  /** Told who reached a limit, once for each and window. */
  readonly onLimited?: (limited: Limited) => void
  /** Seconds since the epoch. Default: the system's clock. */
  readonly now?: Clock
  readonly random?: Random
  /** How URLs that clients name are read. Default: the safe fetch; with `dev`, on this machine too. */
  readonly outbound?: Outbound
  /** How companies' identity providers are reached. Default: the safe fetch, as `oidc.private_networks` has it. */
  readonly door?: OutboundDoor
}

/** An authorization server, ready to take requests. */
export interface Server {
  readonly as: AuthorizationServer
  readonly app: Application
  /** Takes any request; null when its path is not this issuer's. */
  readonly handle: Handler
  /** Writes down what waits to be. To be called before the store is closed. */
  close(): Promise<void>
}

/**
 * @throws {WrongSecret} when the database's keys were encrypted with another secret.
 * @throws {StoreUnavailable}
 * @example
 * const store = await openStore({ database: settings.database })
 * const { handle } = await createServer({ settings, store, audit: console.log, onFailure: console.error })
 */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { settings, store, now = systemClock, random = secureRandom } = options
  const observations = createObservations(store.audit, options.onFailure)
  const issues = createIssues(store.audit, options.onFailure)
  const flows = createFlowTrace(store.flows, options.onFailure)
  const resources = withConfigured(store.resources, settings.resources.map(toResource))
  const recording = { digest, isKnown: resources.isKnown }
  const trace: Trace = (sighting) => flows.note(asRecorded(sighting, recording))
  const audit: Audit = (given) => {
    const observed = isObservation(given)
    const entry = observed && outcomeOf(given.event) === 'refused' ? refusalAsRecorded(given, recording) : given
    options.audit(entry.event, entry)
    if (isIssue(entry)) issues.add(entry)
    else if (isObservation(entry)) observations.add(entry)
    flows.note(entry)
  }
  const signer = await createSigner({
    keys: auditedKeys(store.signingKeys, { actor: SERVER, now, audit }),
    secret: settings.secret,
    previousSecret: settings.previous_secret,
    algorithm: settings.access_token.algorithm,
    now,
    onFailure: options.onFailure,
  })
  await resealRefreshTokens(settings, store)
  const door = options.outbound ?? createOutbound({ development: settings.dev })
  // Keys are fetched for whoever sends an assertion, documents for whoever is signed in: the first must not use up what is the others'. Nor
  // must clients that somebody has registered by the thousand use up what is for those that are used.
  const outbound = rateLimited(door, now)
  const outboundForUnused = rateLimited(door, now)
  const documents = rateLimited(door, now)
  const outboundForIssuers = rateLimited(door, now)
  const clientDocuments = publishedClients(settings, { store, outbound: documents, now })
  const clients = clientDocuments === undefined ? store.clients : withDocuments(store.clients, clientDocuments)
  const known = { ...store, resources, clients }
  const as = createAuthorizationServer({
    settings: toCoreSettings(settings),
    store: known,
    signer,
    sealer,
    hash,
    random,
    ordinal,
    outbound,
    outboundForUnused,
    outboundForIssuers,
    clientDocuments,
    dpop: settings.dpop.enabled ? toDpop(settings, now) : undefined,
    now,
    audit,
    auditStored: settings.audit.before_answer ? issues.stored : undefined,
    trace,
  })
  const limits = createRateLimiter({
    limits: rateLimits(settings.rate_limits),
    now,
    digest,
    onLimited: options.onLimited ?? (() => {}),
    meeting: isAlone(settings) ? null : { shared: store.sharedLimits, inASecond, onFailure: options.onFailure },
  })
  const close = async (): Promise<void> =>
    void (await Promise.all([issues.close(), observations.close(), flows.close(), limits.exchange()]))
  const app = createApp({
    as,
    limits,
    store: known,
    login: localLogin({ users: store.users, signInAttempts: store.signInAttempts, now }),
    now,
    random,
    hash,
    sealer,
    upstream: await companySignIn(settings, {
      store,
      now,
      random,
      audit,
      door: options.door,
      onWarning: options.onWarning,
    }),
    audit,
    trace,
    sessionTtl: settings.session.lifetime,
    devLogin: settings.dev_login,
    onFailure: options.onFailure,
    // Loaded where it is served, for it takes a tenth of the whole start.
    ...(settings.dev ? { openapi: (await import('./http/openapi.ts')).openapi() } : {}),
    ...(options.stopping === undefined ? {} : { stopping: options.stopping }),
  })
  return { as, app, handle: createHandler(app, settings.issuer), close }
}

/** Whether no other process serves from this database. */
const isAlone = ({ database, workers }: Settings): boolean => database.startsWith('sqlite:') && workers === 1

/** Keeps no process from ending. */
const inASecond = (run: () => void): void => void setTimeout(run, 1000).unref()

/** The system's clock, in seconds. */
export const systemClock: Clock = () => Math.floor(Date.now() / 1000)

const toCoreSettings = (settings: Settings): AuthorizationServerSettings => ({
  issuer: settings.issuer,
  documentation: settings.metadata,
  requireScope: settings.oauth.require_scope,
  localhostAnyPort: settings.oauth.localhost_any_port,
  codeLifetime: settings.code.lifetime,
  accessTokenLifetime: settings.access_token.lifetime,
  replayWindow: settings.refresh.replay_window,
  refreshIdleLifetime: settings.refresh.idle_lifetime,
  refreshAbsoluteLifetime: settings.refresh.absolute_lifetime,
  clientCredentials: settings.client_credentials.enabled,
  ...exchangeSettings(settings),
  tokenEndpointAudience: settings.compat.token_endpoint_audience,
  xaa: xaaOf(settings),
  wif: wifOf(settings),
  registration: {
    mode: settings.registration.mode,
    approvedRedirects: settings.registration.approved_redirects,
    unusedLifetime: settings.registration.unused_lifetime,
    idleLifetime: settings.registration.idle_lifetime,
  },
})

/** Nonces follow from the secret, so that all replicas have the same. */
const toDpop = ({ dpop, issuer, secret }: Settings, now: Clock): Dpop => ({
  url: proofUrl(endpointsOf(issuer).token_endpoint) ?? issuer,
  algorithms: DPOP_ALGORITHMS,
  readKey: createProofKeys(DPOP_ALGORITHMS),
  nonces: createDpopNonces({ secret, origin: new URL(issuer).origin, lifetime: dpop.nonce_lifetime, now }),
  requireNonce: dpop.nonce === 'required',
  tolerance: dpop.tolerance,
})

/** The settings' resources stand before the store's, and win where both name one. */
function withConfigured(stored: Resources, configured: readonly Resource[]) {
  const names = new Set(configured.map(({ identifier }) => identifier))
  const together = memoizeLast((others: readonly Resource[]): readonly Resource[] => [
    ...configured,
    ...others.filter(({ identifier }) => !names.has(identifier)),
  ])
  let listed = configured
  const list = async (): Promise<readonly Resource[]> => {
    listed = together(await stored.list())
    return listed
  }
  /** As of when they were last listed: whoever writes things down does not wait for the database. */
  const isKnown = (name: string): boolean =>
    listed.some(({ identifier, aliases }) => identifier === name || aliases.includes(name))
  return { ...stored, list, isKnown }
}
