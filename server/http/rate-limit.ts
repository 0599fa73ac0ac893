/**
 * The limits of an endpoint that applications call. Who comes too often is told so before anything is read or looked up.
 *
 * @see RFC 6585 section 4: 429 Too Many Requests
 * @see RFC 9110 section 10.2.3: Retry-After
 * @see docs/adr/0111-rate-limits.md
 * @module
 */
import type { Result } from '../../shared/result.ts'
import { claimedParty, type PartyInput } from '../core/client-auth/claimed-client.ts'
import type { EndpointLimiter } from '../core/rate-limits/endpoint-limiter.ts'
import { type Reason, type Rejection, toOAuthError } from '../core/rejection.ts'
import { clientNetwork } from './client-address.ts'
import { type Said, UnreadableRequest } from './errors.ts'
import { requestIdOf } from './request-id.ts'

/** A `parse` hook that first counts the request. Throws what becomes 429. */
export const within =
  <Value>(limiter: EndpointLimiter, parse: (context: { request: Request }) => Promise<Value>) =>
  async ({ request }: { request: Request }): Promise<Value> => {
    const wait = limiter.arrive(clientNetwork(request), requestIdOf(request))
    refuseFor(typeof wait === 'number' ? wait : await wait)
    return parse({ request })
  }

/**
 * Answers a request that names its client, or whose assertion names whom it is of, and counts how that went. Throws what becomes 429. An answer that gives nothing, a revocation's,
 * anyone can have who names a public client: it must not use up what is the client's.
 */
export async function answerWithin<Value>(
  limiter: EndpointLimiter,
  request: Request,
  credentials: PartyInput,
  answer: () => Promise<Result<Value, Rejection>>,
): Promise<Result<Value, Rejection>> {
  const [party, network] = [claimedParty(credentials), clientNetwork(request)]
  const wait = limiter.waitFor(party, network, requestIdOf(request))
  refuseFor(typeof wait === 'number' ? wait : await wait, { ...credentials })
  const outcome = await answer()
  if (!outcome.ok && isGuess(outcome.error.reason)) limiter.failed(party, network)
  // Only now is it sure that the party is who it said.
  if (outcome.ok && outcome.value !== null) limiter.succeeded(party)
  return outcome
}

/** Answers a request of a party that proves nothing, so that there is nothing to guess: what it was given counts. Throws what becomes 429. */
export async function answerForParty<Value>(
  limiter: EndpointLimiter,
  request: Request,
  party: string,
  answer: () => Promise<Result<Value, Rejection>>,
): Promise<Result<Value, Rejection>> {
  const wait = await limiter.waitFor(party, null, requestIdOf(request))
  if (wait > 0) limiter.takeBack()
  refuseFor(wait)
  const outcome = await answer()
  if (outcome.ok) limiter.succeeded(party)
  return outcome
}

function refuseFor(seconds: number, said: Said = {}): void {
  if (seconds > 0) throw new UnreadableRequest('rate_limited', { 'retry-after': String(seconds) }, said)
}

/** A secret, a code or a token that is not the right one. What merely is not allowed is no guess. */
function isGuess(reason: Reason): boolean {
  const { code } = toOAuthError(reason)
  return code === 'invalid_client' || code === 'invalid_grant'
}
