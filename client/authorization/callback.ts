/**
 * Judging an authorization response: issuer, then `state`, then `error`, then `code`.
 *
 * @see RFC 9207 section 2.4 and MCP 2026-07-28, authorization response validation: the four cases of `iss`
 * @see OAuth 2.1 section 4.1.2 (draft-ietf-oauth-v2-1-16): repeated parameters, `state`
 * @module
 */
import { isAuthorizationResponse } from '../../shared/authorization-response.ts'
import { readForm } from '../../shared/form.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import { SallyportError, type SallyportErrorCode, saidBy } from '../errors.ts'
import type { FlowRecord } from './flow.ts'

/** Not exported: no other module can make the type that carries it. */
const verified: unique symbol = Symbol('verified callback')

/** A code that may go to the token endpoint of its flow. Only `verifyCallback` makes one. */
export interface VerifiedCallback {
  readonly code: string
  readonly flow: FlowRecord
  readonly [verified]: true
}

/** What may be in a callback: the whole URL, or its parameters. */
export type Callback = string | URL | URLSearchParams

/**
 * Checks a response against its flow. Pure: nothing is consumed, nothing is sent.
 *
 * @returns the code, or `callback_invalid`, `iss_missing`, `iss_mismatch`, `state_mismatch`, `flow_expired`, `authorization_denied`,
 *   `authorization_failed`. Before issuer and state are right, no word of the response gets into the error.
 */
export function verifyCallback(
  callback: Callback,
  flow: FlowRecord,
  now: number,
): Result<VerifiedCallback, SallyportError> {
  const params = callbackParams(callback)
  const response = params && readForm(params)
  if (!isAuthorizationResponse(response)) return fail('callback_invalid')
  const { iss, state, error, code } = response

  // Plain comparison: no case folding, no slash, no port is forgiven. A server could be another one by just that.
  const promised = flow.server.authorization_response_iss_parameter_supported === true
  if (iss === undefined && promised) return fail('iss_missing')
  if (iss !== undefined && iss !== flow.issuer) return fail('iss_mismatch')
  if (state !== flow.state) return fail('state_mismatch')
  if (flow.expiresAt <= now) return fail('flow_expired')
  if (error !== undefined) {
    const failure = error === 'access_denied' ? 'authorization_denied' : 'authorization_failed'
    return err(new SallyportError(failure, saidBy(response)))
  }
  if (code === undefined) return fail('callback_invalid')
  return ok({ code, flow, [verified]: true })
}

/** The parameters of a callback; `undefined` where it is no URL. */
export function callbackParams(callback: Callback): URLSearchParams | undefined {
  if (callback instanceof URLSearchParams) return callback
  return (typeof callback === 'string' ? URL.parse(callback) : callback)?.searchParams
}

const fail = (code: SallyportErrorCode) => err(new SallyportError(code))
