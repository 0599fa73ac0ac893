/**
 * The introspection response.
 *
 * @see RFC 7662 section 2.2
 * @see RFC 9449 section 6.2: `cnf`
 * @see RFC 8693 section 4.1: `act`
 * @module
 */
import * as v from 'valibot'
import { Confirmation } from './access-token.ts'
import { Actor } from './actor.ts'
import { agentClaims } from './agent-claims.ts'

/** Nothing but `active` when that is false. `token_type` is there for access tokens, as `jti` is. Times in seconds since the epoch. */
export const IntrospectionResponse = v.variant('active', [
  v.object({ active: v.literal(false) }),
  v.object({
    active: v.literal(true),
    scope: v.exactOptional(v.string()),
    client_id: v.string(),
    token_type: v.exactOptional(v.picklist(['Bearer', 'DPoP'])),
    exp: v.number(),
    iat: v.number(),
    sub: v.string(),
    aud: v.union([v.string(), v.array(v.string())]),
    iss: v.string(),
    jti: v.exactOptional(v.string()),
    cnf: v.exactOptional(Confirmation),
    act: v.exactOptional(Actor),
    ...agentClaims,
  }),
])
export type IntrospectionResponse = v.InferOutput<typeof IntrospectionResponse>
