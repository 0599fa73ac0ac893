/**
 * Times in seconds, and what no setting may exceed.
 *
 * @module
 */

export const MINUTE = 60
export const DAY = 24 * 60 * MINUTE

/** The longest that an access token can be valid, in seconds. A signing key stays published so long after it last signed. */
export const LONGEST_ACCESS_TOKEN = DAY
