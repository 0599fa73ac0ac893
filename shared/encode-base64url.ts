/**
 * Base64url without padding, by what every runtime has.
 *
 * @see RFC 7515 section 2
 * @module
 */

/** For some hundred bytes: a hash, a signature, a header. */
export const encodeBase64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
