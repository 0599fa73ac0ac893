/**
 * The `jti` of our access tokens: the grant's id, a dot, and a random part; the random part alone where there is no grant. Opaque to
 * everyone else; to us it says which grant a token came from, so that ending the grant ends the token wherever we are asked.
 *
 * @see RFC 9068 section 2.2: `jti`
 * @module
 */

/** `grantId`: null for a client that acts for itself. */
export const formatAccessTokenId = (grantId: string | null, unique: string): string =>
  grantId === null ? unique : `${grantId}.${unique}`

/** The grant of an access token of ours; null when it has none. */
export function grantOfAccessToken(jti: string): string | null {
  const end = jti.indexOf('.')
  return end < 0 ? null : jti.slice(0, end)
}
