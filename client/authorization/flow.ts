/**
 * A flow: one attempt to obtain consent, kept under its `state` until the answer comes.
 *
 * @see MCP 2026-07-28, authorization response validation: the issuer is recorded before the redirect
 * @see OAuth 2.1 section 7.5.1 (draft-ietf-oauth-v2-1-16): a new verifier for every request
 * @module
 */
import { type Guarded, isBoolean, isNumber, isOptional, isRecord, isString, isStrings } from '../../shared/guard.ts'
import { isValidatedServerMetadata } from '../discovery/discovery.ts'
import { isStoredKey } from '../dpop/stored-key.ts'

/** How long an authorization may take, in seconds. */
export const FLOW_LIFETIME = 600

/** What the store holds. Everything that decides about the answer was fixed before the browser left. */
export const isFlowRecord = isRecord({
  generation: isString,
  dropAfter: isNumber,
  state: isString,
  codeVerifier: isString,
  issuer: isString,
  server: isValidatedServerMetadata,
  /** The session's resource, and the `resource` on the wire. */
  sessionResource: isString,
  resource: isOptional(isString),
  clientId: isString,
  redirectUri: isString,
  scope: isStrings,
  expiresAt: isNumber,
  /** The key that the code is bound to, and whether tokens have to be. */
  dpop: isOptional(isRecord({ key: isStoredKey, required: isBoolean })),
})
export type FlowRecord = Guarded<typeof isFlowRecord>

/**
 * What the host holds: plain JSON without secrets, fit for a cookie or a web session. Bind it to the person's browser. The verifier
 * stays in the store, and the store lets a flow complete once.
 */
export interface Flow {
  /** Identifies the flow; the `state` on the wire. */
  readonly state: string
  /** Where to send the person's browser. https, or http on loopback. */
  readonly url: string
  readonly redirectUri: string
  readonly issuer: string
  readonly resource: string
  readonly scope: readonly string[]
  /** Seconds since the epoch. */
  readonly expiresAt: number
}
