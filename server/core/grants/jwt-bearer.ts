/**
 * The JWT bearer grant: what somebody whom this server trusts says of a person (ID-JAG), or of a program (workload identity federation). A client
 * that proved itself brings the first, with its own type; whoever brings the second comes without a client.
 *
 * @see RFC 7523 section 2.1 and section 3
 * @see RFC 7521 section 5.2
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04
 * @see docs/adr/0187-workloads-are-rules.md
 * @module
 */
import { JWT_BEARER_GRANT } from '../../../shared/token-request.ts'
import { reject } from '../rejection.ts'
import type { IssuerKeys } from '../trusted-issuers/issuer-keys.ts'
import type { XaaSettings } from '../trusted-issuers/trusted-issuer.ts'
import type { GrantType } from './grant-type.ts'
import { admitWorkload } from './jwt-bearer/admit-workload.ts'
import { redeemIdJag } from './jwt-bearer/redeem-id-jag.ts'
import { identifyWorkload, type Workloads } from './jwt-bearer/workloads.ts'

export interface JwtBearerOptions {
  /** Undefined: ID-JAGs are not redeemed. */
  readonly xaa: XaaSettings | undefined
  /** None: there is no workload identity federation. */
  readonly workloads: Workloads
  readonly keys: IssuerKeys
}

export const jwtBearer = ({ xaa, workloads, keys }: JwtBearerOptions): GrantType<typeof JWT_BEARER_GRANT> => ({
  type: JWT_BEARER_GRANT,

  ...(workloads.size === 0
    ? {}
    : { identify: (request, deps) => identifyWorkload(request, { workloads, keys }, deps) }),

  async authorize(request, client, sender, deps) {
    const known = workloads.get(client.id)
    if (known !== undefined) return admitWorkload(request, known, sender, deps)
    if (xaa === undefined) return reject('client_may_not_use_grant')
    return redeemIdJag(request, client, sender, { xaa, keys }, deps)
  },
})
