/**
 * What the server has said yes to, and what it was asked without an answer. Only the first is a promise.
 *
 * @module
 */

/** `asked`: the request was sent and nothing was heard; it happened or it did not. */
type Progress = 'no' | 'asked' | 'done'

export interface KnownClient {
  readonly id: string
  /** Null for a public one. */
  readonly secret: string | null
  /** The person agreed, and the server remembers it (confidential clients only). */
  consented: boolean
}

export interface KnownCode {
  readonly code: string
  readonly client: KnownClient
  redeemed: Progress
}

/** Everything that came from one code. */
export interface Family {
  readonly client: KnownClient
  /** The refresh token that was received last. */
  head: string
  /** The access token that was received last. */
  accessToken: string
  revoked: Progress
}

export interface Ledger {
  readonly clients: KnownClient[]
  readonly codes: KnownCode[]
  readonly families: Family[]
  readonly accessTokens: string[]
  /** Access tokens that were revoked one by one. */
  readonly revokedTokens: string[]
  /** Assertions that were accepted, and will not be again. */
  readonly assertions: string[]
  /** How many writes were acknowledged. */
  acknowledged: number
}

export const emptyLedger = (): Ledger => ({
  clients: [],
  codes: [],
  families: [],
  accessTokens: [],
  revokedTokens: [],
  assertions: [],
  acknowledged: 0,
})
