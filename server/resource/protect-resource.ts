/**
 * The one call that protects an MCP server: metadata, challenges, token verification and scopes per tool.
 *
 * @see RFC 9728: protected resource metadata
 * @see RFC 6750: bearer tokens
 * @see RFC 9449 section 7: tokens that are bound to a key
 * @see MCP 2026-07-28, authorization: the resource server's part
 * @module
 */
import type { ProtectedResourceMetadata } from '../../shared/protected-resource-metadata.ts'
import { ok, type Result } from '../../shared/result.ts'
import { type AuthInfo, toAuthInfo } from './auth-info.ts'
import { createAuthorizationServer } from './authorization-server.ts'
import { type Refusal, refusalResponse } from './challenge.ts'
import { preflightResponse, withCors } from './cors.ts'
import type { PossessionProblem, TokenProblem, TokenTrouble } from './events.ts'
import { type Admission, type GuardRules, guard } from './guard.ts'
import { resourceMetadata, resourceMetadataUrl } from './metadata.ts'
import { isAllowedOrigin } from './origin.ts'
import { checkBearer, createPossession } from './possession.ts'
import { type ResourceOptions, settleOptions } from './resource-options.ts'
import { createVerifier, type VerifiedToken } from './verify-access-token.ts'
import { createWellKnownPaths } from './well-known-paths.ts'

/** Serves a request that may pass. The request does not carry the token. */
export type ProtectedHandler = (request: Request, authInfo: AuthInfo) => Response | Promise<Response>

export interface ProtectedResource {
  /** The identifier, as configured. */
  readonly resource: string
  readonly metadata: ProtectedResourceMetadata
  readonly metadataUrl: string
  /** For routers: the paths that are this resource's, the endpoint first. One may end in a wildcard segment. */
  readonly routes: readonly string[]
  /** Whether a request is this resource's to answer, for servers that hold others beside it. */
  owns(request: Request): boolean
  /**
   * Answers what it can answer itself (metadata, preflights, challenges, errors), else tells who is calling; the request is then
   * to be served, its body unread. Guards every request that it is given, whatever its path.
   */
  handle(request: Request): Promise<Response | AuthInfo>
  /** `handle` and a handler as one function for any server that takes a `fetch` handler. */
  serve(handler: ProtectedHandler): (request: Request) => Promise<Response>
  /** Verifies a token alone, without a request: one that is bound to a key is refused. */
  verify(token: string): Promise<Result<AuthInfo, TokenProblem | TokenTrouble | PossessionProblem>>
}

/**
 * Protects the MCP server at `options.resource`. Nothing is fetched until the first token comes.
 *
 * @example
 * const notes = protectResource({
 *   resource: 'https://notes.example/mcp',
 *   authorizationServers: ['https://auth.example'],
 *   scopes: ['notes:read', 'notes:write'],
 *   toolScopes: { notes_add: ['notes:write'] },
 * })
 * export default { fetch: notes.serve((request, authInfo) => transport.handleRequest(request, { authInfo })) }
 *
 * @throws TypeError when an option cannot be right
 */
export function protectResource(options: ResourceOptions): ProtectedResource {
  const settings = settleOptions(options)
  const { dpop, maxBodyBytes, resource, scopeHierarchy, scopes, toolAgents, toolScopes } = settings
  const servers = settings.authorizationServers.map((issuer) => createAuthorizationServer(issuer, settings))
  const metadata = resourceMetadata(settings)
  const metadataUrl = resourceMetadataUrl(resource)

  const wellKnown = createWellKnownPaths(settings, metadata, servers)
  const endpoint = new URL(resource).pathname

  const context = { resource, resourceMetadataUrl: metadataUrl, scopeHierarchy }
  const authInfoOf = ({ claims, digest }: VerifiedToken): AuthInfo => toAuthInfo(digest, claims, context)
  const rules: GuardRules = {
    verify: createVerifier(servers, settings),
    possession: createPossession(settings),
    toAuthInfo: authInfoOf,
    toolScopes,
    toolAgents,
    maxBodyBytes,
  }

  const refuse = (refusal: Refusal): Response => {
    const response = refusalResponse(refusal, { resourceMetadataUrl: metadataUrl, scopes, dpop })
    settings.report({ type: 'refused', reason: refusal.reason, status: response.status })
    return response
  }

  const judge = async (request: Request, bodyOf: Parameters<typeof guard>[2]): Promise<Response | Admission> => {
    const pathname = pathOf(request)
    if (pathname === null) return new Response(null, { status: 400 })
    const document = wellKnown.answer(request.method, pathname)
    if (document !== undefined) return document
    if (!isAllowedOrigin(request.headers.get('origin'), resource, settings.allowedOrigins))
      return refuse({ reason: 'origin_not_allowed' })
    if (request.method === 'OPTIONS') return preflightResponse('GET, HEAD, POST, DELETE, OPTIONS')
    const admitted = await guard(request, rules, bodyOf)
    return admitted.ok ? admitted.value : refuse(admitted.error)
  }

  const answer = async (...judged: Parameters<typeof judge>): Promise<Response | Admission> => {
    const outcome = await judge(...judged)
    return judged[0].method === 'HEAD' && outcome instanceof Response ? new Response(null, outcome) : outcome
  }

  return {
    resource,
    metadata,
    metadataUrl,
    routes: [endpoint, ...wellKnown.routes],
    owns(request) {
      const pathname = pathOf(request)
      return pathname !== null && (pathname === endpoint || wellKnown.claims(pathname))
    },
    async handle(request) {
      const outcome = await answer(request, (whole) => whole.clone().body)
      return outcome instanceof Response ? outcome : outcome.authInfo
    },
    serve: (handler) => async (request) => {
      const outcome = await answer(request, ({ body }) => body)
      if (outcome instanceof Response) return outcome
      return withCors(await handler(withoutToken(request, outcome.body), outcome.authInfo), outcome.nonce)
    },
    async verify(token) {
      const verified = await rules.verify(token)
      if (!verified.ok) return verified
      const held = checkBearer(verified.value.claims, dpop)
      return held.ok ? ok(authInfoOf(verified.value)) : held
    },
  }
}

/** Null when the Host header makes no URL, which some servers hand on as it came. */
const pathOf = (request: Request): string | null => URL.parse(request.url)?.pathname ?? null

/** The same request without its credentials, so that no handler can send them on; its body is the one that was judged. */
function withoutToken(request: Request, judged: Uint8Array<ArrayBuffer> | undefined): Request {
  const headers = new Headers(request.headers)
  headers.delete('authorization')
  headers.delete('dpop')
  // Member by member: `new Request(request, { headers })` keeps the old headers in Bun when the new ones are empty, and refuses the
  // request objects of some servers for Node.
  const { method, signal, url } = request
  const init = { method, headers, body: judged ?? request.body, signal, duplex: 'half' }
  return new Request(url, init)
}
