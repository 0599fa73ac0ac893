/**
 * The port of the signing keys.
 *
 * @see RFC 9068 section 2.1: `typ` at+jwt
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 3.1: `typ` oauth-id-jag+jwt
 * @module
 */
import type { AccessTokenClaims } from '../../shared/access-token.ts'
import type { IdJagClaims } from '../../shared/id-jag.ts'
import type { JsonWebKeySet } from '../../shared/json-web-key-set.ts'

/** The signing keys of access tokens, and of our word to other authorization servers. */
export interface Signer {
  /** A compact JWS with the header `typ` at+jwt and the current key. */
  signAccessToken(claims: AccessTokenClaims): Promise<string>
  /** The same with the header `typ` oauth-id-jag+jwt: no access token of anybody's. */
  signIdJag(claims: IdJagClaims): Promise<string>
  /** The claims of a token that one of our keys signed, whatever its lifetime; null otherwise. */
  readAccessToken(token: string): Promise<AccessTokenClaims | null>
  /** The public keys: the current one, the one to come, and those whose tokens may still live. */
  jwks(): Promise<JsonWebKeySet>
}
