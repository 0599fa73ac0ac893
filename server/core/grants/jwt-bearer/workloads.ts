/**
 * Workloads: programs that are not registered here, and that prove who they are by what an issuer says of them. Each rule of the settings is a
 * client of its own, which nothing but such an assertion leads to.
 *
 * @see RFC 7523 section 3
 * @see MCP extension io.modelcontextprotocol/auth/wif, a draft (SEP-1933)
 * @see docs/adr/0187-workloads-are-rules.md
 * @module
 */
import * as v from 'valibot'
import { ok, type Result } from '../../../../shared/result.ts'
import { JWT_BEARER_GRANT, type JwtBearerRequest } from '../../../../shared/token-request.ts'
import type { Dependencies } from '../../dependencies.ts'
import { endpointsOf } from '../../metadata.ts'
import type { Clients } from '../../ports.ts'
import type { Client } from '../../records.ts'
import { type Rejection, reject, rejectAssertion } from '../../rejection.ts'
import type { IssuerKeys } from '../../trusted-issuers/issuer-keys.ts'
import type { ClaimValue, TrustedIssuer, WifSettings, Workload } from '../../trusted-issuers/trusted-issuer.ts'
import { isIdJag } from './check-id-jag.ts'
import {
  type AssertionHeader,
  checkIssuer,
  checkTimes,
  isForOneOf,
  readClaims,
  readHeader,
  typeOf,
} from './read-assertion.ts'

const name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(255))
const time = v.pipe(v.number(), v.finite())

/** What a workload's assertion must say; rules are about the rest. */
export const WorkloadClaims = v.looseObject({
  iss: v.string(),
  sub: name,
  aud: v.union([v.string(), v.array(v.string())]),
  jti: name,
  exp: time,
  iat: time,
  nbf: v.exactOptional(time),
})
export type WorkloadClaims = v.InferOutput<typeof WorkloadClaims>

/** A rule, its issuer, and the client that it stands for. */
export interface KnownWorkload {
  readonly workload: Workload
  readonly issuer: TrustedIssuer
  readonly client: Client
}

/** By the id of the client, in the order of the rules. */
export type Workloads = ReadonlyMap<string, KnownWorkload>

export const workloadsOf = ({ issuers, workloads }: WifSettings): Workloads =>
  new Map(
    workloads.flatMap((workload) => {
      const issuer = issuers.find((known) => known.issuer === workload.issuer)
      const client = toClient(workload)
      return issuer === undefined ? [] : [[client.id, { workload, issuer, client }] as const]
    }),
  )

/** `clients`, and beside them the workloads: a token of one lives as long as its rule. */
export const withWorkloads = <Ports extends Clients>(clients: Ports, workloads: Workloads): Ports => ({
  ...clients,
  find: async (id: string) => workloads.get(id)?.client ?? clients.find(id),
  findAnew: async (id: string) => workloads.get(id)?.client ?? clients.findAnew(id),
})

/** Which workload a request without any client authentication is from. */
export async function identifyWorkload(
  { assertion }: JwtBearerRequest,
  { workloads, keys }: { readonly workloads: Workloads; readonly keys: IssuerKeys },
  deps: Pick<Dependencies, 'settings' | 'now'>,
): Promise<Result<Client, Rejection>> {
  const header = readHeader(assertion)
  if (header === null) return reject('malformed_grant_assertion')
  // Of a person, and for a client, which would have to prove itself.
  if (isIdJag(header)) return reject('missing_client_authentication')
  // Other types are of JWTs that are something else.
  const type = typeOf(header)
  if (type !== undefined && type !== 'jwt') return reject('wrong_grant_assertion_type')
  const claims = readClaims(assertion, WorkloadClaims)
  if (claims === null) return reject('malformed_grant_assertion')
  const known = [...workloads.values()].filter(({ issuer }) => issuer.issuer === claims.iss)
  const issuer = known[0]?.issuer
  const checked = checkWorkload(header, claims, issuer, deps)
  if (!checked.ok) return rejectAssertion(checked.error, issuer && { issuer: issuer.issuer })
  const signed = await keys.verify(checked.value, assertion)
  if (!signed.ok) return rejectAssertion(signed.error, { issuer: claims.iss })
  const fitting = known.find(({ workload }) => fits(workload, claims))
  return fitting === undefined
    ? rejectAssertion({ reason: 'unknown_workload' }, { issuer: claims.iss, subject: claims.sub })
    : ok(fitting.client)
}

/** Pure. The issuer that must have signed it. */
function checkWorkload(
  header: AssertionHeader,
  claims: WorkloadClaims,
  issuer: TrustedIssuer | undefined,
  { settings, now }: Pick<Dependencies, 'settings' | 'now'>,
): Result<TrustedIssuer, Rejection> {
  const audiences = [settings.issuer, endpointsOf(settings.issuer).token_endpoint]
  if (!isForOneOf(audiences, claims.aud)) return reject('wrong_grant_assertion_audience')
  const times = checkTimes(claims, now())
  if (!times.ok) return times
  if (issuer === undefined) return reject('unknown_assertion_issuer')
  const vouched = checkIssuer(header, claims, issuer)
  return vouched.ok ? ok(issuer) : vouched
}

/** Pure. Whether the claims are what the rule says, each of them. */
export function fits({ claims: wanted }: Pick<Workload, 'claims'>, claims: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(([claim, values]) => {
    const stated: unknown = Object.hasOwn(claims, claim) ? claims[claim] : undefined
    return (Array.isArray(stated) ? stated : [stated]).some((one: unknown) => isAmong(one, values))
  })
}

const isAmong = (value: unknown, values: readonly ClaimValue[]): boolean => values.some((one) => one === value)

/** No way of authentication is its own, so that naming it proves nothing, and nobody can be sent anywhere for it. */
const toClient = ({ name: workload, scopes, agent }: Workload): Client => ({
  id: `workload:${workload}`,
  name: workload,
  redirectUris: [],
  authMethods: [],
  secrets: [],
  jwks: null,
  jwksUri: null,
  grantTypes: [JWT_BEARER_GRANT],
  responseTypes: [],
  applicationType: 'web',
  scope: null,
  scopeCeiling: scopes,
  resource: null,
  dpop: 'optional',
  agent,
  metadata: {},
  origin: 'administrator',
  issuedAt: 0,
  lastUsedAt: null,
  expiresAt: null,
})
