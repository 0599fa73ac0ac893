/**
 * The one type of client assertion that there is.
 *
 * @see RFC 7523 section 2.2
 * @module
 */

export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
