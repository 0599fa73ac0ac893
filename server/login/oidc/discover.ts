/**
 * What a provider publishes of itself, read through the safe fetch and kept for an hour.
 *
 * @see OpenID Connect Discovery 1.0 section 4.1 (request), section 4.3 (the issuer is the one that was asked, byte for byte)
 * @module
 */
import * as v from 'valibot'
import { type Remembered, remember } from '../../../shared/remember.ts'
import { err, ok, type Result } from '../../../shared/result.ts'
import { checkUrl } from '../../../shared/url-policy.ts'
import { OPENID_CONFIGURATION } from '../../../shared/well-known.ts'
import type { Outbound } from '../../core/outbound.ts'
import type { Clock } from '../../core/ports.ts'

const Metadata = v.object({
  issuer: v.string(),
  authorization_endpoint: v.string(),
  token_endpoint: v.string(),
  jwks_uri: v.string(),
  userinfo_endpoint: v.optional(v.string()),
  end_session_endpoint: v.optional(v.string()),
  authorization_response_iss_parameter_supported: v.optional(v.boolean(), false),
})
export type ProviderMetadata = v.InferOutput<typeof Metadata>

type DiscoveryProblem = 'provider_unavailable' | 'provider_misconfigured'

export type Discover = (issuer: string) => Promise<Result<ProviderMetadata, DiscoveryProblem>>

/** Bytes. Entra's has 2 kB. */
const MAX_BYTES = 64 * 1024

/** Seconds. */
const RULES = { maxAge: 3600, maxStale: 86_400, cooldown: 30, retryDelay: 5, onFailure: () => {} }

/** `near`: what http and loopback are admitted beside, in development. */
export function createDiscover(
  { door, now }: { readonly door: Outbound; readonly now: Clock },
  near?: string,
): Discover {
  const remembered = new Map<string, Remembered<ProviderMetadata>>()
  return async (issuer) => {
    const known = remembered.get(issuer) ?? remember(() => read(issuer, door, near), { ...RULES, now })
    remembered.set(issuer, known)
    try {
      return ok(await known.current())
    } catch (error) {
      if (error instanceof DiscoveryFailed) return err(error.problem)
      throw error
    }
  }
}

class DiscoveryFailed extends Error {
  override readonly name = 'DiscoveryFailed'
  readonly problem: DiscoveryProblem

  constructor(problem: DiscoveryProblem) {
    super(problem)
    this.problem = problem
  }
}

async function read(issuer: string, door: Outbound, near: string | undefined): Promise<ProviderMetadata> {
  const url = `${issuer.replace(/\/$/, '')}${OPENID_CONFIGURATION}`
  const answer = await door.get(url, { accept: 'application/json', maxBytes: MAX_BYTES })
  if (!answer.ok) throw new DiscoveryFailed('provider_unavailable')
  const checked = checkMetadata(answer.value.body, issuer, near)
  if (!checked.ok) throw new DiscoveryFailed(checked.error)
  return checked.value
}

/** Pure. What the browser is sent to is judged like what is asked: a provider must not lead it to a `javascript:`. */
export function checkMetadata(
  body: Uint8Array,
  issuer: string,
  near?: string,
): Result<ProviderMetadata, 'provider_misconfigured'> {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Metadata), new TextDecoder().decode(body))
  if (!parsed.success || parsed.output.issuer !== issuer) return err('provider_misconfigured')
  const { authorization_endpoint, token_endpoint, userinfo_endpoint, end_session_endpoint } = parsed.output
  const named = [authorization_endpoint, token_endpoint, userinfo_endpoint, end_session_endpoint]
  const areSafe = named.every((url) => url === undefined || isSafe(url, near))
  return areSafe ? ok(parsed.output) : err('provider_misconfigured')
}

/** Names of private networks are for the door to judge, which knows whether they are admitted. */
function isSafe(url: string, near: string | undefined): boolean {
  const checked = checkUrl(url, near)
  return checked.ok || checked.error === 'special_use_address'
}
