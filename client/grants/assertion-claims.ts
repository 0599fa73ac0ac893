/**
 * What an assertion says of itself. The client cannot verify it and need not: it only takes care not to hand it to the wrong server.
 *
 * @see RFC 7523 section 3
 * @module
 */
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { decodeJwt } from 'jose/jwt/decode'
import * as v from 'valibot'

const oneOrMore = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((value) => [value].flat()),
)

/** Of its claims those that say for whom it is. Times in seconds since the epoch. */
const AssertionClaims = v.looseObject({
  aud: oneOrMore,
  exp: v.optional(v.number()),
  client_id: v.optional(v.string()),
  resource: v.optional(oneOrMore),
  scope: v.optional(v.string()),
  cnf: v.optional(v.looseObject({ jkt: v.optional(v.string()) })),
})

export type AssertionClaims = v.InferOutput<typeof AssertionClaims> & { readonly typ: string | undefined }

/** The claims, with the header's `typ`; `undefined`: it is no such JWT. */
export function assertionClaims(assertion: string): AssertionClaims | undefined {
  try {
    const claims = v.safeParse(AssertionClaims, decodeJwt(assertion))
    return claims.success ? { ...claims.output, typ: decodeProtectedHeader(assertion).typ } : undefined
  } catch {
    return undefined
  }
}
