/**
 * What the core is given: settings and ports, nothing else.
 *
 * @module
 */
import type { AuthorizationServerMetadata } from '../../shared/authorization-server-metadata.ts'
import type { Audit } from './audit.ts'
import type { ClientKeys } from './client-auth/client-keys.ts'
import type { ClientDocuments } from './client-documents/client-documents.ts'
import type { Trace } from './flow.ts'
import type { IdJagSettings } from './grants/token-exchange/id-jag-policy.ts'
import type { TokenExchangeSettings } from './grants/token-exchange/policy.ts'
import type { Outbound } from './outbound.ts'
import type { Audited, Clock, Hash, Ordinal, Random, Sealer, Signer, Store } from './ports.ts'
import type { Dpop } from './sender.ts'
import type { WifSettings, XaaSettings } from './trusted-issuers/trusted-issuer.ts'

/** The decisions that an operator makes. Lifetimes in seconds. */
export interface AuthorizationServerSettings {
  /** An https URL without query and fragment (http on loopback), used byte for byte. */
  readonly issuer: string
  /** Pages about this server for people, as the metadata names them. */
  readonly documentation?: Pick<AuthorizationServerMetadata, 'service_documentation' | 'op_policy_uri' | 'op_tos_uri'>
  /** False: a missing scope means the resource's default scopes. */
  readonly requireScope: boolean
  /** Whether `http://localhost` redirect URIs match with any port, as those of loopback addresses always do. */
  readonly localhostAnyPort: boolean
  readonly codeLifetime: number
  readonly accessTokenLifetime: number
  /** How long a just-consumed refresh token still gets the answer of its rotation; 0: never. */
  readonly replayWindow: number
  readonly refreshIdleLifetime: number
  readonly refreshAbsoluteLifetime: number
  /** Whether clients that an administrator registered for it get tokens of their own. */
  readonly clientCredentials: boolean
  /** Which access tokens may be exchanged for which; left out: none. */
  readonly tokenExchange?: TokenExchangeSettings | undefined
  /** For which authorization servers people here are vouched for; left out: none. */
  readonly idJag?: IdJagSettings | undefined
  /** Compatibility: whether client assertions may name the token endpoint as their audience instead of the issuer. */
  readonly tokenEndpointAudience: boolean
  /** Whose word for a person counts; left out: nobody's. */
  readonly xaa?: XaaSettings | undefined
  /** Whose word for a program counts; left out: nobody's. */
  readonly wif?: WifSettings | undefined
  readonly registration: RegistrationSettings
}

/** Who may register a client. */
export interface RegistrationSettings {
  /** `approved_redirects`: anyone, with loopback or approved redirect URIs. `open`: anyone. `admin_only`: who has an initial access token. */
  readonly mode: 'approved_redirects' | 'open' | 'admin_only'
  /** Exact redirect URIs; a last segment `*` stands for any one path segment. */
  readonly approvedRedirects: readonly string[]
  /** How long a client that was never used lives. */
  readonly unusedLifetime: number
  /** How long one that was used lives after its last use; more than a day. */
  readonly idleLifetime: number
}

/** Where a request came from. */
export interface Origin {
  /** Null: from no request at all. */
  readonly requestId: string | null
  /** For the flow trace: which attempt it belongs to (`attemptOf`), and whose address it came from. */
  readonly attempt?: string | null
  readonly from?: () => string
}

/** Settings and ports together, for one request. */
export interface Dependencies extends Origin {
  readonly settings: AuthorizationServerSettings
  readonly store: Audited<
    Pick<
      Store,
      | 'clients'
      | 'publishedKeys'
      | 'registrationTokens'
      | 'resources'
      | 'grants'
      | 'codes'
      | 'refreshTokens'
      | 'revokedTokens'
      | 'replays'
      | 'proofs'
      | 'consents'
      | 'users'
      | 'identities'
    >
  >
  readonly signer: Signer
  readonly sealer: Sealer
  readonly hash: Hash
  readonly random: Random
  readonly ordinal: Ordinal
  /** To what clients publish: their keys. */
  readonly outbound: Outbound
  /** The same for clients that were never used. Left out: the same. */
  readonly outboundForUnused?: Outbound | undefined
  /** To what trusted issuers publish. Left out: the same. */
  readonly outboundForIssuers?: Outbound | undefined
  readonly clientKeys: ClientKeys
  /** Clients that publish what they are; left out: there are none. */
  readonly clientDocuments?: ClientDocuments | undefined
  /** How tokens are bound to keys; left out: they are not. */
  readonly dpop?: Dpop | undefined
  readonly now: Clock
  readonly audit: Audit
  /** Once what was issued without an act is in the audit log, too; throws `StoreUnavailable`. Left out: nobody waits for that. */
  readonly auditStored?: (() => Promise<void>) | undefined
  readonly trace?: Trace
}
