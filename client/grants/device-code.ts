/**
 * The device authorization grant: the person signs in on another device, for machines without a browser.
 *
 * @see RFC 8628 section 3.1 (request), section 3.2 (response), section 3.4 and section 3.5 (polling)
 * @module
 */
import {
  DEVICE_CODE,
  type ForeignDeviceAuthorization,
  readDeviceAuthorization,
} from '../../shared/device-authorization.ts'
import { isForeignOAuthError } from '../../shared/foreign-oauth-error.ts'
import type { ForeignTokenResponse } from '../../shared/foreign-token-response.ts'
import { formatScope, parseScope } from '../../shared/scope.ts'
import type { ValidatedServerMetadata } from '../discovery/discovery.ts'
import { hasCode, SallyportError, saidBy } from '../errors.ts'
import { withoutQuery } from '../events.ts'
import { defineGrant } from './define-grant.ts'
import type { GrantStep, GrantType } from './grant-type.ts'

/** RFC 8628 section 3.5: by so much longer after each `slow_down`. Seconds. */
const SLOWER = 5
/** The longest pause between two questions. Seconds. */
const LONGEST_INTERVAL = 300

/** What to ask for. */
export interface DeviceCodeOptions {
  /** Where the resource's challenge names none. Default: the session's `scope`, else what the resource's metadata lists. */
  readonly scope?: string | readonly string[]
}

/**
 * Tokens for a person who signs in on another device. The code is shown by those of the session's interactions that can: `showCode()`, or
 * `paste()` on a terminal.
 *
 * @throws {SallyportError} from `authorize`: `endpoint_missing` where the server has no such grant, `interaction_unavailable` where
 *   nothing can show the code, `flow_expired`, `authorization_denied`
 * @example
 * const session = createSession(url, {
 *   grant: deviceCode(),
 *   interaction: showCode(({ userCode, verificationUri }) => console.log(`Enter ${userCode} at ${verificationUri}`)),
 * })
 */
export function deviceCode({ scope }: DeviceCodeOptions = {}): GrantType {
  return defineGrant({
    name: DEVICE_CODE,
    ...(scope !== undefined && { scope: typeof scope === 'string' ? parseScope(scope) : scope }),
    checkServer: endpointOf,
    obtain,
  })
}

async function obtain(step: GrantStep): Promise<ForeignTokenResponse> {
  const { device_code, interval, expires_in, ...shown } = await requestCode(step)
  const expiresAt = step.now() + expires_in
  const code = {
    userCode: shown.user_code,
    verificationUri: shown.verification_uri,
    verificationUriComplete: shown.verification_uri_complete,
    expiresAt,
    signal: step.signal,
  }
  // However long it is shown for: only that it cannot be shown matters.
  const notShown = step.show(code).then(() => new Promise<never>(() => {}))
  return Promise.race([notShown, poll(step, device_code, interval, expiresAt)])
}

async function requestCode(step: GrantStep): Promise<ForeignDeviceAuthorization> {
  const endpoint = endpointOf(step.server)
  const { headers, params } = await step.authentication()
  const scope = step.scope.length === 0 ? undefined : formatScope(step.scope)
  const answer = await step.post(endpoint, { scope, resource: step.indicator, ...params }, headers)
  const { about } = answer
  const code = readDeviceAuthorization(answer.json)
  if (answer.status === 200 && code !== undefined) return code
  if (answer.status === 200) throw new SallyportError('invalid_response', about)
  if (answer.status >= 500 || answer.status === 429 || !isForeignOAuthError(answer.json)) {
    throw new SallyportError('server_unavailable', about)
  }
  const { error } = answer.json
  const details = { ...about, ...saidBy(answer.json) }
  if (error === 'invalid_client') throw new SallyportError(error, details)
  const refused = error === 'unauthorized_client' || error === 'unsupported_grant_type'
  throw new SallyportError(refused ? 'grant_unsupported' : 'token_request_failed', details)
}

/** RFC 8628 section 4: where it is, the grant is. */
function endpointOf({ issuer, device_authorization_endpoint: endpoint }: ValidatedServerMetadata): string {
  if (typeof endpoint !== 'string') throw new SallyportError('endpoint_missing', { url: withoutQuery(issuer) })
  return endpoint
}

/** Asks until there is an answer. Trouble on the way is waited out: the person may be in the middle of it. */
async function poll(
  step: GrantStep,
  code: string,
  firstInterval: number,
  expiresAt: number,
): Promise<ForeignTokenResponse> {
  let interval = firstInterval
  for (;;) {
    await step.sleep(interval)
    step.signal.throwIfAborted()
    if (step.now() >= expiresAt) throw new SallyportError('flow_expired')
    try {
      return await step.token({ grant_type: DEVICE_CODE, device_code: code })
    } catch (error) {
      interval = Math.min(next(error, interval), LONGEST_INTERVAL)
    }
  }
}

/** How long to wait before the next question. Throws where there is none. */
function next(error: unknown, interval: number): number {
  if (!(error instanceof SallyportError)) throw error
  const { oauthError, errorDescription, retryAfter = 0 } = error
  if (oauthError === 'authorization_pending') return interval
  if (oauthError === 'slow_down') return interval + SLOWER
  // RFC 8628 section 3.5: a server that does not answer is asked less and less often.
  if (hasCode(error, 'network_error', 'timeout', 'server_unavailable')) return Math.max(interval * 2, retryAfter)
  if (oauthError === 'access_denied') throw new SallyportError('authorization_denied', { oauthError, errorDescription })
  if (oauthError === 'expired_token') throw new SallyportError('flow_expired', { oauthError, errorDescription })
  throw error
}
