/**
 * What all issuers have in common whose assertions count here: how they are named, where their keys are, and how long they may vouch.
 *
 * @see docs/adr/0186-keys-of-issuers.md
 * @module
 */
import * as v from 'valibot'
import { ClientJwks } from '../../shared/client-jwks.ts'
import { checkUrl } from '../../shared/url-policy.ts'
import { DAY, MINUTE } from './limits.ts'
import { nonEmpty } from './setting.ts'

/** Asymmetric, each of no less than 112 bits of strength. */
export const ISSUER_ALGORITHMS = ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA', 'Ed25519'] as const

/** Members of each. */
export const ISSUER_MEMBERS = {
  /** As its assertions say it, byte for byte. */
  issuer: nonEmpty,
  /** Where its keys are. Default: where its metadata says. */
  jwks_uri: v.optional(nonEmpty),
  /** Its keys themselves: nobody is asked for others. */
  jwks: v.optional(ClientJwks),
  algorithms: v.optional(v.pipe(v.array(v.picklist(ISSUER_ALGORITHMS)), v.nonEmpty())),
  /** How long an assertion may be good. Seconds. */
  max_lifetime: v.optional(v.pipe(v.number(), v.integer(), v.minValue(MINUTE), v.maxValue(DAY))),
  /** Whether an assertion may be sent again until it expires. */
  reuse: v.optional(v.boolean()),
}

const Members = v.strictObject(ISSUER_MEMBERS)
export type IssuerConfig = v.InferOutput<typeof Members>

/** What is wrong with an issuer although each of its members is well-formed; null: nothing. */
export function issuerProblem(
  { issuer, jwks_uri, jwks }: IssuerConfig,
  own: string,
  development: boolean,
): string | null {
  const near = development ? 'http://localhost' : undefined
  if (sameIssuer(issuer, own)) return `${issuer} is this server itself, which cannot vouch for anybody to itself.`
  if (jwks !== undefined && jwks_uri !== undefined) return `${issuer} has jwks and jwks_uri: keep one of the two.`
  if (jwks?.keys.length === 0) return `${issuer} has a jwks without a key that is understood.`
  if (jwks_uri !== undefined && !checkUrl(jwks_uri, near).ok)
    return `the jwks_uri of ${issuer} must be an https URL on the public internet.`
  if (jwks === undefined && jwks_uri === undefined && !isWebIssuer(issuer, near))
    return `${issuer} is no https URL, so its keys cannot be found: give its jwks_uri or its jwks.`
  // Others are names; one that looks like a web address has to be a safe one.
  return /^http:/i.test(issuer) && !isWebIssuer(issuer, near) ? `${issuer} must be https.` : null
}

/** RFC 8414 section 2: no query and no fragment. */
const isWebIssuer = (issuer: string, near: string | undefined): boolean =>
  checkUrl(issuer, near).ok && !issuer.includes('?')

const sameIssuer = (one: string, other: string): boolean => one.replace(/\/$/, '') === other.replace(/\/$/, '')
