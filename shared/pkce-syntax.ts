/**
 * How verifiers and challenges are written.
 *
 * @see RFC 7636 section 4.1 (verifier), section 4.2 (challenge)
 * @module
 */
import * as v from 'valibot'

/** 43 to 128 unreserved characters. */
export const CodeVerifier = v.pipe(v.string(), v.regex(/^[A-Za-z0-9\-._~]{43,128}$/, 'not a code verifier'))
export type CodeVerifier = v.InferOutput<typeof CodeVerifier>

/** A base64url SHA-256: 43 characters. */
export const S256CodeChallenge = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/, 'not an S256 code challenge'))
export type S256CodeChallenge = v.InferOutput<typeof S256CodeChallenge>
