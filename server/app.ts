/**
 * The authorization server as one web-standard application: chains the plugins, and is the only place with an inferred type.
 *
 * @module
 */
import { type AnyElysia, Elysia } from 'elysia'
import { identifierPath } from '../shared/well-known.ts'
import type { Store } from './core/ports.ts'
import { type RateLimiter, unlimited } from './core/rate-limits/rate-limiter.ts'
import { type Address, keepArrival } from './http/arrival.ts'
import { backChannelLogout } from './http/back-channel-logout.ts'
import { routeBelow } from './http/below-issuer.ts'
import { bounds } from './http/bounds.ts'
import { clientAddress, clientNetwork } from './http/client-address.ts'
import { cors } from './http/cors.ts'
import { errors, type OnFailure } from './http/errors.ts'
import { health } from './http/health.ts'
import { introspect } from './http/introspect.ts'
import { metadata } from './http/metadata.ts'
import { originOf } from './http/origin.ts'
import { refusals } from './http/refusals.ts'
import { register } from './http/register.ts'
import { idFor, requestIdOf, withRequestId } from './http/request-id.ts'
import { revoke } from './http/revoke.ts'
import { token } from './http/token.ts'
import { urlOf } from './http/url-of.ts'
import type { PagesOptions } from './pages/context.ts'
import { pages } from './pages/pages.ts'

/** Everything that the application needs: what the pages need, and the whole store. */
export interface AppOptions
  extends Omit<PagesOptions, 'store' | 'limits' | 'clientAddress' | 'clientNetwork' | 'requestIdOf' | 'onFailure'> {
  readonly store: Store
  /** How often anyone may come. Default: as often as they like. */
  readonly limits?: RateLimiter
  /** Told of every failure of our own. */
  readonly onFailure: OnFailure
  /** Describes the routes: `openapi()` of `http/openapi.ts`. Default: nothing does. */
  readonly openapi?: AnyElysia
  /** True once the server is about to stop: it is no longer ready. */
  readonly stopping?: () => boolean
}

/** The routes, declared below the issuer. */
export const createApp = ({ limits = unlimited(), ...options }: AppOptions) =>
  new Elysia({ strictPath: true })
    .use(errors(options.onFailure, refusals(options)))
    .use(cors())
    .use(bounds())
    .use(untyped(options.openapi ?? new Elysia()))
    .use(health(options.store, options.stopping))
    .use(metadata(options.as, sighting(options)))
    .use(token(options.as, limits.token))
    .use(register(options.as, limits.register))
    .use(revoke(options.as, limits.token))
    .use(introspect(options.as, limits.introspect))
    .use(untyped(logoutBehind(options, limits)))
    .use(untyped(pages({ ...options, limits, clientAddress, clientNetwork, requestIdOf })))

/** Where providers say that somebody has signed out; nothing where there are none. */
const logoutBehind = ({ upstream, ...options }: AppOptions, limits: RateLimiter): AnyElysia =>
  upstream === undefined ? new Elysia() : backChannelLogout(upstream, limits.sign_in, options)

/** A crowd that reads the metadata is no attempt to connect that an operator asks about, and it must not pay for being watched. */
const MOST_SIGHTINGS = 10

/** Tells the flow trace that somebody reads the metadata: of the first few in each second. */
function sighting({ trace = () => {}, now }: Pick<AppOptions, 'trace' | 'now'>): (request: Request) => void {
  let second = 0
  let seen = 0
  return (request) => {
    const at = now()
    if (at !== second) [second, seen] = [at, 0]
    seen += 1
    if (seen <= MOST_SIGHTINGS) trace({ event: { type: 'metadata_read' }, at, ...originOf(request) })
  }
}

/** What `createApp` makes. */
export type Application = ReturnType<typeof createApp>

/** The type of all routes, which the typed client is made from. */
export type App = AsSent<Application>

/** Takes any request; null when its path is not this issuer's. `address`: the peer's, where there is one. */
export type Handler = (request: Request, address?: Address) => Promise<Response | null>

/** Leads requests to the routes, for issuers with and without a path. */
export function createHandler(app: Pick<Application, 'fetch'>, issuer: string): Handler {
  const base = identifierPath(issuer)
  return async (request, address) => {
    const arrival = { id: idFor(request), answered: false, address }
    const url = urlOf(request)
    if (url === null) {
      keepArrival(request, arrival)
      // RFC 9112 section 3.2: a Host header that is none.
      return withRequestId(new Response(null, { status: 400 }), arrival)
    }
    const route = routeBelow(base, url.pathname)
    if (route === null) return null
    keepArrival(request, arrival)
    const asIs = route === url.pathname && url.origin.length >= ROUTER_ORIGIN_LENGTH
    const routed = asIs ? request : new Request(`http://localhost${route}${url.search}`, request)
    if (!asIs) keepArrival(routed, arrival)
    return withRequestId(await app.fetch(routed), arrival)
  }
}

/** A plugin whose routes are for people: they are no part of the typed client. */
const untyped = (plugin: AnyElysia): Elysia => plugin

/** Elysia looks for the path from here on. A shorter origin, such as a container's `http://as`, would hide it. */
const ROUTER_ORIGIN_LENGTH = 11

/** Elysia's types add an answer 422 to every route. `errors.ts` replaces it, so no client has to expect it. */
type AsSent<Server> =
  Server extends Elysia<infer Base, infer Singleton, infer Defs, infer Meta, infer Routes, infer Eph, infer Vol>
    ? Elysia<Base, Singleton, Defs, Meta, Without422<Routes>, Eph, Vol>
    : never

type Without422<Routes> = {
  [Name in keyof Routes]: Routes[Name] extends { readonly response: infer Answers }
    ? Omit<Routes[Name], 'response'> & { readonly response: Omit<Answers, 422> }
    : Without422<Routes[Name]>
}
