/**
 * The `jti` of our access tokens: the grant's id, a dot, and a random part. Opaque to everyone else; to us it says which grant a
 * token came from, so that ending the grant ends the token wherever we are asked.
 *
 * @see RFC 9068 section 2.2: `jti`
 * @module
 */

export const formatAccessTokenId = (grantId: string, unique: string): string => `${grantId}.${unique}`

/** The grant of an access token of ours. */
export const grantOfAccessToken = (jti: string): string => jti.slice(0, jti.indexOf('.'))
