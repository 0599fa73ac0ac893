/**
 * Tokens, from whatever server.
 *
 * @see RFC 6749 section 5.1
 * @module
 */
import * as v from 'valibot'

/** Seconds (some 68 years) that stand for any longer lifetime, `1e400` included: JSON has no infinity to keep it as. */
const LONGEST = 2 ** 31 - 1

/** What a client accepts from any server: `token_type` in any case, `expires_in` also as a numeric string. */
export const ForeignTokenResponse = v.looseObject({
  access_token: v.pipe(v.string(), v.minLength(1)),
  token_type: v.pipe(v.string(), v.minLength(1)),
  expires_in: v.optional(
    v.pipe(
      v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))]),
      v.minValue(0),
      v.toMaxValue(LONGEST),
    ),
  ),
  refresh_token: v.optional(v.pipe(v.string(), v.minLength(1))),
  scope: v.optional(v.string()),
})
export type ForeignTokenResponse = v.InferOutput<typeof ForeignTokenResponse>
