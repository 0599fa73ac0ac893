/**
 * A grant type: it says whether what was presented entitles the client, and how its tokens are committed. Everything that grants
 * have in common (client authentication, minting) is done by the token endpoint around it and cannot be skipped.
 *
 * @see RFC 6749 section 4 and section 6
 * @module
 */
import type { Result } from '../../../shared/result.ts'
import type { TokenRequest } from '../../../shared/token-request.ts'
import type { TokenResponse } from '../../../shared/token-response.ts'
import type { Dependencies } from '../dependencies.ts'
import type { Client, Grant } from '../records.ts'
import type { Rejection } from '../rejection.ts'
import type { NewRefreshToken } from '../tokens/refresh-token.ts'

/** What the client may have now. */
export interface Entitlement {
  readonly grant: Grant
  /** The scopes of the access token. */
  readonly scopes: readonly string[]
  /** The successor or first refresh token, to be told to the client; null: none. */
  readonly refreshToken: NewRefreshToken | null
  /** Makes the minted answer count; for grants that must be consumed together with their answer. */
  readonly commit?: (answer: TokenResponse) => Promise<Result<TokenResponse, Rejection>>
}

/** Tokens are to be minted, or the answer stands already (a replay inside the window). */
export type GrantOutcome =
  | { readonly kind: 'entitled'; readonly entitlement: Entitlement }
  | { readonly kind: 'answered'; readonly response: TokenResponse }

export interface GrantType<Type extends TokenRequest['grant_type'] = TokenRequest['grant_type']> {
  readonly type: Type
  authorize(
    request: Extract<TokenRequest, { grant_type: Type }>,
    client: Client,
    deps: Dependencies,
  ): Promise<Result<GrantOutcome, Rejection>>
}
