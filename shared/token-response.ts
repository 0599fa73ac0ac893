/**
 * The token response.
 *
 * @see RFC 6749 section 5.1
 * @see RFC 9449 section 5: `token_type` DPoP
 * @module
 */
import * as v from 'valibot'

/** What Sallyport's token endpoint answers. `expires_in` is in seconds; `scope` is always told. */
export const TokenResponse = v.object({
  access_token: v.string(),
  token_type: v.picklist(['Bearer', 'DPoP']),
  expires_in: v.number(),
  refresh_token: v.optional(v.string()),
  scope: v.string(),
})
export type TokenResponse = v.InferOutput<typeof TokenResponse>

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
