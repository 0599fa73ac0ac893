/**
 * How the thumbprint of a key is written.
 *
 * @see RFC 9449 section 6.1 (`jkt`), section 10 (`dpop_jkt`)
 * @see RFC 7638 section 3
 * @module
 */
import * as v from 'valibot'

/** A `jkt` as it is sent: `dpop_jkt`, `cnf.jkt`. */
export const JwkThumbprint = v.pipe(v.string(), v.regex(/^[\w-]{42}[AEIMQUYcgkosw048]$/, 'not a JWK thumbprint'))
export type JwkThumbprint = v.InferOutput<typeof JwkThumbprint>
