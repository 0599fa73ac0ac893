/**
 * Workload identity federation: tokens for programs that are known by what somebody else says of them, such as the cluster they run in. An
 * experiment, as its specification is.
 *
 * @see docs/adr/0187-workloads-are-rules.md
 * @module
 */
import * as v from 'valibot'
import { ScopeToken } from '../../shared/scope-syntax.ts'
import { nonEmpty, structure, yesOrNo } from './setting.ts'
import { ISSUER_MEMBERS } from './trusted-issuer.ts'

/** Beyond 2^53, numbers that are not the same are read as the same, here and in assertions: one project would be let in for another. */
const distinct = v.pipe(v.number(), v.maxValue(Number.MAX_SAFE_INTEGER), v.minValue(Number.MIN_SAFE_INTEGER))

const ClaimValue = v.union([nonEmpty, distinct, v.boolean()])

/** One value is as good as a list of one. */
const ClaimValues = v.pipe(
  v.union([ClaimValue, v.pipe(v.array(ClaimValue), v.nonEmpty())]),
  v.transform((value): readonly v.InferOutput<typeof ClaimValue>[] => (Array.isArray(value) ? value : [value])),
)

export const WorkloadConfig = v.strictObject({
  /** Its tokens are of the client `workload:NAME`. */
  name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)),
  issuer: nonEmpty,
  /** Claim -> what it has to be. */
  claims: v.pipe(
    v.record(nonEmpty, ClaimValues),
    v.check((claims) => Object.keys(claims).length > 0, 'no claim'),
  ),
  resources: v.pipe(v.array(nonEmpty), v.nonEmpty()),
  scopes: v.optional(v.pipe(v.array(ScopeToken), v.nonEmpty())),
  /** Whether it acts by itself: its tokens say so. */
  agent: v.optional(v.boolean()),
})
export type WorkloadConfig = v.InferOutput<typeof WorkloadConfig>

export const WorkloadIssuerConfig = v.strictObject(ISSUER_MEMBERS)
export type WorkloadIssuerConfig = v.InferOutput<typeof WorkloadIssuerConfig>

export const WifConfig = v.strictObject({
  enabled: v.optional(
    yesOrNo(
      'Whether programs get tokens without being registered, by assertions of `wif.issuers` that fit one of `wif.workloads`. An experiment, which is not advertised.',
    ),
    false,
  ),
  issuers: v.optional(
    structure(
      v.array(WorkloadIssuerConfig),
      'a list of { issuer, jwks_uri?, jwks?, algorithms?, max_lifetime?, reuse? }',
      'Who vouches for programs. None of them can be one of `xaa.providers`.',
      { defaultText: 'none' },
    ),
    [],
  ),
  workloads: v.optional(
    structure(
      v.array(WorkloadConfig),
      'a list of { name, issuer, claims, resources, scopes?, agent? }',
      'Which programs may have tokens for which resources: the first counts whose claims fit. See [enterprise](enterprise.md).',
      { defaultText: 'none' },
    ),
    [],
  ),
})
export type WifConfig = v.InferOutput<typeof WifConfig>
