/**
 * Every check of an authorization server, in the order of the report.
 *
 * @module
 */
import { createHttp, type HttpOptions } from '../core/http.ts'
import type { Report } from '../core/report.ts'
import { createVault, type RunOptions, runChecks } from '../core/run.ts'
import { followRedirects, type Visit } from '../core/visit.ts'
import { AUTHORIZATION_CHECKS } from './authorization-checks.ts'
import { CLIENT_CHECKS } from './client-checks.ts'
import { CODE_CHECKS } from './code-checks.ts'
import { createAsContext } from './create-context.ts'
import { DOCUMENT_CHECKS } from './document-checks.ts'
import { DPOP_BINDING_CHECKS } from './dpop-binding-checks.ts'
import { DPOP_CHECKS } from './dpop-checks.ts'
import { DPOP_PROOF_CHECKS } from './dpop-proof-checks.ts'
import type { AsCheck } from './judge.ts'
import { METADATA_CHECKS } from './metadata-checks.ts'
import { METADATA_FORM_CHECKS } from './metadata-form-checks.ts'
import type { AuthorizationServerOptions } from './options.ts'
import { REDIRECT_CHECKS } from './redirect-checks.ts'
import { REFRESH_CHECKS } from './refresh-checks.ts'
import { REGISTRATION_CHECKS } from './registration-checks.ts'
import { RESOURCE_CHECKS } from './resource-checks.ts'
import { REVOCATION_CHECKS } from './revocation-checks.ts'
import { TOKEN_CHECKS } from './token-checks.ts'

export const AUTHORIZATION_SERVER_CHECKS: readonly AsCheck[] = [
  ...METADATA_CHECKS,
  ...METADATA_FORM_CHECKS,
  ...AUTHORIZATION_CHECKS,
  ...REDIRECT_CHECKS,
  ...TOKEN_CHECKS,
  ...CODE_CHECKS,
  ...RESOURCE_CHECKS,
  ...REFRESH_CHECKS,
  ...CLIENT_CHECKS,
  ...REVOCATION_CHECKS,
  ...REGISTRATION_CHECKS,
  ...DOCUMENT_CHECKS,
  ...DPOP_CHECKS,
  ...DPOP_PROOF_CHECKS,
  ...DPOP_BINDING_CHECKS,
]

export interface CheckAuthorizationServerOptions
  extends Omit<AuthorizationServerOptions, 'visit' | 'now' | 'redirectUri'>,
    Pick<HttpOptions, 'fetch' | 'fetchLines' | 'timeout'>,
    Pick<RunOptions, 'only' | 'onResult'> {
  /** Where answers are sent, registered for `client`, if that is given. Default: `http://127.0.0.1:49152/callback`. */
  readonly redirectUri?: string | undefined
  /** Default: redirects are followed, which is enough where the server approves by itself. */
  readonly visit?: Visit | undefined
  /** Seconds since the epoch. Default: the system's clock. */
  readonly now?: (() => number) | undefined
}

/**
 * Checks an authorization server over HTTP, whatever it is made of. What the server does not offer is skipped, with the reason.
 *
 * @example const report = await checkAuthorizationServer({ issuer: 'http://localhost:9100' })
 */
export async function checkAuthorizationServer(options: CheckAuthorizationServerOptions): Promise<Report> {
  const { fetch, fetchLines, timeout, only, onResult, now = () => Math.floor(Date.now() / 1000), ...rest } = options
  const vault = createVault()
  const http = createHttp({ fetch, fetchLines, timeout, record: vault.record })
  const redirectUri = options.redirectUri ?? 'http://127.0.0.1:49152/callback'
  const visit = options.visit ?? followRedirects(http)
  const context = createAsContext(http, { ...rest, redirectUri, visit, now })
  const about = { target: options.issuer, role: 'authorization server' } as const
  return runChecks(AUTHORIZATION_SERVER_CHECKS, context, about, vault, { only, onResult })
}
