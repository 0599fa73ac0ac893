/**
 * Every check of a resource server, in the order of the report.
 *
 * @module
 */
import { createHttp, type HttpOptions } from '../core/http.ts'
import type { Report } from '../core/report.ts'
import { createVault, type RunOptions, runChecks } from '../core/run.ts'
import { RS_CHALLENGE_CHECKS } from './challenge-checks.ts'
import { createRsContext, type ResourceServerOptions, type RsCheck } from './context.ts'
import { RS_DPOP_CHECKS } from './dpop-checks.ts'
import { RS_METADATA_CHECKS } from './metadata-checks.ts'
import { RS_TOKEN_CHECKS } from './token-checks.ts'

export const RESOURCE_SERVER_CHECKS: readonly RsCheck[] = [
  ...RS_CHALLENGE_CHECKS,
  ...RS_METADATA_CHECKS,
  ...RS_TOKEN_CHECKS,
  ...RS_DPOP_CHECKS,
]

export interface CheckResourceServerOptions
  extends Omit<ResourceServerOptions, 'now'>,
    Pick<HttpOptions, 'fetch' | 'timeout'>,
    Pick<RunOptions, 'only' | 'onResult'> {
  /** Seconds since the epoch. Default: the system's clock. */
  readonly now?: (() => number) | undefined
}

/**
 * Checks a protected MCP server over HTTP. Without a token, what needs one is skipped.
 *
 * @example const report = await checkResourceServer({ url: 'http://localhost:9100/mcp' })
 */
export async function checkResourceServer(options: CheckResourceServerOptions): Promise<Report> {
  const { fetch, timeout, only, onResult, now = () => Math.floor(Date.now() / 1000), ...rest } = options
  const vault = createVault()
  const http = createHttp({ fetch, timeout, record: vault.record })
  const about = { target: options.url, role: 'resource server' } as const
  return runChecks(RESOURCE_SERVER_CHECKS, createRsContext(http, { ...rest, now }), about, vault, { only, onResult })
}
