/**
 * The Identity Assertion JWT Authorization Grant (ID-JAG): what an identity provider says of a person to one authorization server and one client.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 3.1 (claims), section 7 (names), section 9.9.1 (`cnf`)
 * @see RFC 8693 section 3: token types
 * @module
 */
import * as v from 'valibot'

export { ID_JAG_PROFILE, ID_JAG_TOKEN_TYPE, ID_JAG_TYPE } from './grant-names.ts'

const name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(255))
/** No database keeps NUL and half a character as they are: two names would become one on the way there, and two people one account. */
const person = v.pipe(name, v.regex(/^[^\p{Cc}\p{Cs}]+$/u))
const time = v.pipe(v.number(), v.finite())
const oneOrMore = v.union([v.string(), v.array(v.string())])

/** Times in seconds since the epoch. What is not named here says nothing to a server that does not know it. */
export const IdJagClaims = v.looseObject({
  iss: v.string(),
  sub: person,
  /** The issuer identifier of the authorization server that it is for, and nothing else. */
  aud: oneOrMore,
  /** The client's id at that server. */
  client_id: v.string(),
  jti: name,
  exp: time,
  iat: time,
  nbf: v.exactOptional(time),
  resource: v.exactOptional(oneOrMore),
  scope: v.exactOptional(v.string()),
  authorization_details: v.exactOptional(v.unknown()),
  /** Which of the issuer's organisations the person belongs to, where it serves several. */
  tenant: v.exactOptional(v.string()),
  /** The key that its bearer must prove. */
  cnf: v.exactOptional(v.unknown()),
})
export type IdJagClaims = v.InferOutput<typeof IdJagClaims>
