/**
 * What signing in elsewhere works with.
 *
 * @module
 */
import type { Audit } from '../../core/audit.ts'
import type { OutboundDoor } from '../../core/outbound.ts'
import type { Audited, Clock, Hash, Random, Sealer, Store } from '../../core/ports.ts'
import type { IssuerKeys } from '../../core/trusted-issuers/issuer-keys.ts'
import type { OidcProvider } from './provider.ts'

export interface OidcContext {
  /** Of this server. */
  readonly issuer: string
  readonly providers: readonly OidcProvider[]
  readonly store: Audited<Pick<Store, 'users' | 'identities' | 'pendingSignIns' | 'sessions' | 'replays'>>
  readonly door: OutboundDoor
  readonly keys: IssuerKeys
  /** Seals refresh tokens of providers with the secret of this server. */
  readonly vault: TokenVault
  readonly sealer: Sealer
  readonly now: Clock
  readonly random: Random
  readonly hash: Hash
  readonly audit: Audit
  /** Told what an administrator should know, in constant words. */
  readonly onWarning: OnWarning
  /** Told of a provider that gave nothing to ask it with about somebody. */
  readonly onUnaskable: (provider: OidcProvider) => void
  readonly revalidation: Revalidation
}

export type OnWarning = (message: string, facts: Readonly<Record<string, string | number>>) => void

/** Seconds. */
export interface Revalidation {
  /** From one question to the next. */
  readonly every: number
  /** How long somebody keeps access whom the provider says nothing of; null: for ever. */
  readonly unseen: number | null
}

export interface TokenVault {
  seal(text: string): Promise<string>
  open(sealed: string): Promise<string | null>
}
