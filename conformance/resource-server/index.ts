/**
 * Every check of a resource server, in the order of the report.
 *
 * @module
 */
import type { ClientSource } from '../authorization-server/clients.ts'
import { createHttp, type HttpOptions } from '../core/http.ts'
import type { Report } from '../core/report.ts'
import { createVault, type RunOptions, runChecks } from '../core/run.ts'
import { followRedirects, type Visit } from '../core/visit.ts'
import { RS_CHALLENGE_CHECKS } from './challenge-checks.ts'
import { createRsContext, type ResourceServerOptions, type RsCheck } from './context.ts'
import { RS_DPOP_CHECKS } from './dpop-checks.ts'
import { RS_METADATA_CHECKS } from './metadata-checks.ts'
import { askAuthorizationServer } from './obtain-token.ts'
import { RS_SCOPE_CHECKS } from './scope-checks.ts'
import { RS_TOKEN_CHECKS } from './token-checks.ts'

export const RESOURCE_SERVER_CHECKS: readonly RsCheck[] = [
  ...RS_CHALLENGE_CHECKS,
  ...RS_METADATA_CHECKS,
  ...RS_TOKEN_CHECKS,
  ...RS_SCOPE_CHECKS,
  ...RS_DPOP_CHECKS,
]

export interface CheckResourceServerOptions
  extends Omit<ResourceServerOptions, 'now' | 'source'>,
    Pick<ClientSource, 'client'>,
    Pick<HttpOptions, 'fetch' | 'fetchLines' | 'timeout'>,
    Pick<RunOptions, 'only' | 'onResult'> {
  /** Where answers of the authorization server are sent. Default: `http://127.0.0.1:49152/callback`. */
  readonly redirectUri?: string | undefined
  /** Whether a token is fetched where none is given, which leaves a client at the authorization server. Default: true. */
  readonly fetchesToken?: boolean | undefined
  /** How a person gets to the authorization server. Default: redirects are followed, which is enough where it approves by itself. */
  readonly visit?: Visit | undefined
  /** Seconds since the epoch. Default: the system's clock. */
  readonly now?: (() => number) | undefined
}

/**
 * Checks a protected MCP server over HTTP. Without a token one is fetched as a client would; where that fails, what needs one is skipped.
 *
 * @example const report = await checkResourceServer({ url: 'http://localhost:9100/mcp' })
 */
export async function checkResourceServer(options: CheckResourceServerOptions): Promise<Report> {
  const {
    fetch,
    fetchLines,
    timeout,
    only,
    onResult,
    client,
    scope,
    fetchesToken = true,
    now = () => Math.floor(Date.now() / 1000),
    ...rest
  } = options
  const vault = createVault()
  const http = createHttp({ fetch, fetchLines, timeout, record: vault.record })
  const about = { target: options.url, role: 'resource server' } as const
  const redirectUri = options.redirectUri ?? 'http://127.0.0.1:49152/callback'
  const visit = options.visit ?? followRedirects(http)
  const asking = { ...(client === undefined ? {} : { client }), redirectUri, visit, now }
  const source = fetchesToken ? askAuthorizationServer(http, asking) : undefined
  const context = createRsContext(http, { ...rest, source, now })
  return runChecks(RESOURCE_SERVER_CHECKS, context, about, vault, { only, onResult })
}
