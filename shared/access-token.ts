/**
 * The claims of a JWT access token.
 *
 * @see RFC 9068 section 2.1 (`typ`), section 2.2 (claims)
 * @see RFC 9449 section 6.1: `cnf` with `jkt`
 * @see RFC 8693 section 4.1 and section 4.4: `act`, `may_act`
 * @module
 */
import * as v from 'valibot'
import { Actor, MayAct } from './actor.ts'
import { agentClaims } from './agent-claims.ts'
import { JwkThumbprint } from './dpop/jwk-thumbprint.ts'

/** The JOSE header `typ` that tells an access token from every other JWT. */
export const ACCESS_TOKEN_TYPE = 'at+jwt'

/** The key that a token is bound to. Other ways of binding are not understood here. */
export const Confirmation = v.strictObject({ jkt: JwkThumbprint })
export type Confirmation = v.InferOutput<typeof Confirmation>

/** Times in seconds since the epoch. `aud` is one resource identifier when Sallyport signs. */
export const AccessTokenClaims = v.looseObject({
  iss: v.string(),
  sub: v.string(),
  aud: v.union([v.string(), v.array(v.string())]),
  exp: v.number(),
  iat: v.number(),
  jti: v.string(),
  client_id: v.string(),
  scope: v.optional(v.string()),
  cnf: v.exactOptional(Confirmation),
  act: v.exactOptional(Actor),
  may_act: v.exactOptional(MayAct),
  ...agentClaims,
})
export type AccessTokenClaims = v.InferOutput<typeof AccessTokenClaims>
