/**
 * The settings of a protected resource: what an operator may say, checked once at the start.
 *
 * @see RFC 9728 section 1.2: what a resource identifier may look like
 * @see RFC 8725 section 3.1: the algorithms are the verifier's choice, never the token's
 * @module
 */
import * as v from 'valibot'
import type { AccessTokenClaims } from '../../shared/access-token.ts'
import type { ScopeHierarchy } from '../../shared/scope.ts'
import { ScopeToken } from '../../shared/scope-syntax.ts'
import { checkUrl } from '../../shared/url-policy.ts'
import { AGENT_RULES, type ToolAgents } from './agents.ts'
import { type DpopOptions, type DpopSettings, dpopProblems, settleDpopOptions } from './dpop-options.ts'
import type { ResourceEvent } from './events.ts'
import type { Fetch } from './get-json.ts'
import type { ToolScopes } from './required-scopes.ts'

/** Asymmetric signatures only: with a symmetric one, whoever can verify can also forge. */
export const ASYMMETRIC_ALGORITHMS: readonly string[] = [
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
  'Ed25519',
]

/** Only `resource` and `authorizationServers` are needed. Times in seconds. */
export interface ResourceOptions {
  /** The resource identifier: the exact URL of the MCP endpoint. Published byte for byte. */
  readonly resource: string
  /** The issuers whose tokens are accepted, each byte for byte as in its own metadata. */
  readonly authorizationServers: readonly string[]
  /** Where the keys are. Default: what the issuer's metadata says. Only with exactly one authorization server. */
  readonly jwksUri?: string | undefined
  /** The scopes of ordinary use, shown in the metadata and in the first challenge: hosts hardly step up by themselves. */
  readonly scopes?: readonly string[] | undefined
  /** Each broader scope with the narrower ones that it implies. */
  readonly scopeHierarchy?: ScopeHierarchy | undefined
  /** The scopes that each tool needs, by its name, or a function of the operation. A tool that is not named needs none. */
  readonly toolScopes?: ToolScopes | undefined
  /** The tools that only agents may call (`required`), or that are not for them (`refused`), by name, or a function of the operation. */
  readonly toolAgents?: ToolAgents | undefined
  /** Further audiences that are accepted beside `resource`. */
  readonly aliases?: readonly string[] | undefined
  /** Origins of web pages that may call, beside the resource's own and loopback ones; `['*']` for any. */
  readonly allowedOrigins?: readonly string[] | undefined
  /** A subset of {@link ASYMMETRIC_ALGORITHMS}. Default: all of them. */
  readonly algorithms?: readonly string[] | undefined
  /** Tokens that are bound to a key. */
  readonly dpop?: DpopOptions | undefined
  /** How far clocks may differ. Default: 10. */
  readonly clockTolerance?: number | undefined
  /** The largest body that is read to learn which tool is called, in bytes. Default: 4 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** How long an authorization server may take to answer, in seconds. Default: 5. */
  readonly timeout?: number | undefined
  /** Serve the metadata at the root well-known URL too. Default: true. */
  readonly rootMetadata?: boolean | undefined
  /** Relay the first issuer's metadata on this host, for hosts that look there. Default: true. */
  readonly relayAuthorizationServerMetadata?: boolean | undefined
  readonly resourceName?: string | undefined
  readonly resourceDocumentation?: string | undefined
  /** Asked after all else holds; `true` refuses the token. A rejection of the promise answers 503. */
  readonly isRevoked?: ((claims: AccessTokenClaims) => Promise<boolean>) | undefined
  /** Reaches the authorization servers. Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined
  /** Seconds since the epoch. Default: the system clock. */
  readonly now?: (() => number) | undefined
  /** Hears of refusals and of trouble with an authorization server. */
  readonly report?: ((event: ResourceEvent) => void) | undefined
}

/** The options with every default filled in. */
export interface ResourceSettings {
  readonly resource: string
  readonly authorizationServers: readonly string[]
  readonly jwksUri: string | undefined
  readonly scopes: readonly string[]
  readonly scopeHierarchy: ScopeHierarchy
  readonly toolScopes: ToolScopes | undefined
  readonly toolAgents: ToolAgents | undefined
  readonly aliases: readonly string[]
  readonly allowedOrigins: readonly string[]
  readonly algorithms: readonly string[]
  readonly dpop: DpopSettings
  readonly clockTolerance: number
  readonly maxBodyBytes: number
  readonly timeout: number
  readonly rootMetadata: boolean
  readonly relayAuthorizationServerMetadata: boolean
  readonly resourceName: string | undefined
  readonly resourceDocumentation: string | undefined
  readonly isRevoked: (claims: AccessTokenClaims) => Promise<boolean>
  readonly fetch: Fetch
  readonly now: () => number
  readonly report: (event: ResourceEvent) => void
}

/**
 * Fills in the defaults.
 *
 * @throws TypeError naming the option, when one cannot be right
 */
export function settleOptions(options: ResourceOptions): ResourceSettings {
  const settings: ResourceSettings = {
    resource: options.resource,
    authorizationServers: options.authorizationServers,
    jwksUri: options.jwksUri,
    scopes: options.scopes ?? [],
    scopeHierarchy: options.scopeHierarchy ?? {},
    toolScopes: options.toolScopes,
    toolAgents: options.toolAgents,
    aliases: options.aliases ?? [],
    allowedOrigins: options.allowedOrigins ?? [],
    algorithms: options.algorithms ?? ASYMMETRIC_ALGORITHMS,
    dpop: settleDpopOptions(options.dpop),
    clockTolerance: options.clockTolerance ?? 10,
    maxBodyBytes: options.maxBodyBytes ?? 4 * 1024 * 1024,
    timeout: options.timeout ?? 5,
    rootMetadata: options.rootMetadata ?? true,
    relayAuthorizationServerMetadata: options.relayAuthorizationServerMetadata ?? true,
    resourceName: options.resourceName,
    resourceDocumentation: options.resourceDocumentation,
    isRevoked: options.isRevoked ?? (async () => false),
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    now: options.now ?? (() => Math.floor(Date.now() / 1000)),
    report: options.report ?? (() => {}),
  }
  const wrong = problems(settings).next()
  if (wrong.done !== true) throw new TypeError(`protectResource: ${wrong.value}`)
  return settings
}

function* problems(settings: ResourceSettings): Generator<string, undefined> {
  const { resource, authorizationServers, jwksUri, scopes, scopeHierarchy, toolAgents, toolScopes, algorithms } =
    settings
  // The operator names these, so loopback and private addresses are fine; http is so on loopback only.
  const usable = (url: string): boolean => checkUrl(url, url).ok

  if (!usable(resource)) yield 'resource must be an https URL (http on loopback) without fragment'
  if (authorizationServers.length === 0) yield 'authorizationServers must name at least one issuer'
  if (!authorizationServers.every((issuer) => usable(issuer) && !issuer.includes('?')))
    yield 'authorizationServers must be https URLs (http on loopback) without query and fragment'
  if (jwksUri !== undefined && !usable(jwksUri)) yield 'jwksUri must be an https URL (http on loopback)'
  if (jwksUri !== undefined && authorizationServers.length > 1)
    yield 'jwksUri fits exactly one authorization server: leave it out, and each issuer names its own'
  if (!(settings.timeout > 0)) yield 'timeout must be more than 0 seconds'
  if (algorithms.length === 0 || !algorithms.every((algorithm) => ASYMMETRIC_ALGORITHMS.includes(algorithm)))
    yield `algorithms must be among ${ASYMMETRIC_ALGORITHMS.join(', ')}`
  yield* dpopProblems(settings.dpop)
  // From programs without types: a rule that is misspelt must not let everybody in.
  if (typeof toolAgents === 'object' && !Object.values(toolAgents).every((rule) => AGENT_RULES.includes(rule)))
    yield `toolAgents must say one of ${AGENT_RULES.join(', ')} of each tool`

  const perTool = typeof toolScopes === 'object' ? Object.values(toolScopes).flat() : []
  const named = [...scopes, ...perTool, ...Object.keys(scopeHierarchy), ...Object.values(scopeHierarchy).flat()]
  if (!named.every((scope) => v.is(ScopeToken, scope))) yield 'a scope is not a scope token (RFC 6749 section 3.3)'
  // A refresh token is between client and authorization server; a resource that asks for it makes hosts ask everywhere.
  if (named.includes('offline_access')) yield 'offline_access is no scope of a resource'
  return undefined
}
