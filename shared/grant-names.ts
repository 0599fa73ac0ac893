/**
 * The names of grants by assertion and by exchange, and of the tokens that they are about: apart from the schemas, for those who have to be small.
 *
 * @see RFC 7523 section 2.1
 * @see RFC 8693 section 2.1 (the grant), section 3 (token types)
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 3.1, section 7
 * @module
 */

/** RFC 7523 section 2.1. The client assertion type of section 2.2 is another name. */
export const JWT_BEARER_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

export const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'

export const ACCESS_TOKEN_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token'

export const JWT_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:jwt'

export const REFRESH_TOKEN_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:refresh_token'

/** Asked for, and named, by a token exchange at the identity provider. */
export const ID_JAG_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:id-jag'

/** The JOSE header `typ` that tells an ID-JAG from every other JWT. */
export const ID_JAG_TYPE = 'oauth-id-jag+jwt'

/** Says in metadata that ID-JAGs are redeemed. */
export const ID_JAG_PROFILE = 'urn:ietf:params:oauth:grant-profile:id-jag'
