/**
 * Tokens that were verified before: a client sends the same one with every request, and a signature does not change.
 *
 * Only what cannot change is remembered. Whether the token has expired, whether the issuer still publishes the keys that were used, and
 * whether it was revoked is asked every time.
 *
 * @see docs/adr/0074-tokens-seen-before.md
 * @module
 */
import type { AccessTokenClaims } from '../../shared/access-token.ts'
import { boundedMap } from '../../shared/bounded-map.ts'
import type { AuthorizationServer } from './authorization-server.ts'

/** A token that passed every check. */
export interface SeenToken {
  readonly claims: AccessTokenClaims
  readonly server: AuthorizationServer
  /** What verified it. */
  readonly keySet: object
}

export interface SeenTokens {
  /** `digest`: of the whole token, signature included. The token itself is not kept. */
  find(digest: string): SeenToken | null
  remember(digest: string, token: SeenToken): void
}

/** About a kilobyte each. */
const MAX_TOKENS = 5000

/** `now` in seconds since the epoch. When there are too many, the one that was remembered first makes room. */
export function createSeenTokens(now: () => number, limit = MAX_TOKENS): SeenTokens {
  const tokens = boundedMap<SeenToken>(limit)
  return {
    find(digest) {
      const token = tokens.get(digest)
      // Without tolerance for clocks: a token that is accepted only by that is verified each time.
      return token !== undefined && now() < token.claims.exp ? token : null
    },
    remember: tokens.set,
  }
}
