/**
 * A 403 that asks for more scope.
 *
 * @see MCP 2026-07-28, authorization, "Step-Up Authorization Flow"
 * @see RFC 6750 section 3.1: `insufficient_scope`
 * @module
 */
import { includesScopes, unionScopes } from '../../shared/scope.ts'
import { readChallenge } from '../discovery/challenge.ts'
import { knownDiscovery } from '../discovery/discover.ts'
import { AuthorizationRequiredError } from '../errors.ts'
import type { Credential } from '../token/credential.ts'
import { readStored, remember, type SessionState } from './state.ts'

/** No operation needs more scopes; what a server that names new ones in every challenge adds up to has an end. */
const MAX_WANTED = 100

/** What to do about a 403: nothing, use a credential that has the scope already, or ask a person. */
export type StepUp = undefined | Credential | AuthorizationRequiredError

/**
 * Reads the challenge and decides. Any other 403 (a bad `Origin`, a refusal by the application) is no authorization matter. A
 * challenge for nothing new, or for what was asked for in vain, is permanent.
 */
export async function decideStepUp(state: SessionState, used: Credential, headers: Headers): Promise<StepUp> {
  const { context, attempts } = state
  const challenge = readChallenge(headers)
  if (challenge.error !== 'insufficient_scope') return undefined
  context.emit({ type: 'challenged', status: 403, scope: challenge.scope ?? [] })

  // Without `scope` the specification gives no rule: ask for what the resource advertises, if that is more than is held.
  const needed = challenge.scope ?? (await knownDiscovery(context))?.resourceMetadata.scopes_supported ?? []
  if (includesScopes(used.scope, needed)) return undefined
  const stored = await readStored(state)
  if (stored !== undefined && stored.generation !== used.generation && includesScopes(stored.scope, needed)) {
    return stored
  }
  const union = unionScopes(state.wanted, needed)
  const wanted = union.length > MAX_WANTED ? needed : union
  if (wanted.length > MAX_WANTED || !attempts.allows(wanted)) return undefined
  remember(state, challenge, wanted)
  const scope = unionScopes(used.requestedScope, used.scope, needed)
  return new AuthorizationRequiredError('insufficient_scope', context.resource, scope)
}
