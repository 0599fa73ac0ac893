/**
 * Cross-app access: the company's identity provider decides which servers a person's applications may use, and no browser opens.
 *
 * @see MCP extension io.modelcontextprotocol/enterprise-managed-authorization
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4
 * @see docs/adr/0198-id-jags-are-kept-in-memory.md
 * @module
 */
import { boundedMap } from '../../shared/bounded-map.ts'
import type { ForeignTokenResponse } from '../../shared/foreign-token-response.ts'
import { JWT_BEARER_GRANT } from '../../shared/grant-names.ts'
import { formatScope, parseScope } from '../../shared/scope.ts'
import { signingKey } from '../dpop/stored-key.ts'
import { hasCode, SallyportError } from '../errors.ts'
import { behind } from './behind.ts'
import { type IdJag, namesOnly } from './check-id-jag.ts'
import { defineGrant } from './define-grant.ts'
import type { GrantStep, GrantType } from './grant-type.ts'
import { type IdentityProvider, identityProvider } from './identity-provider.ts'
import { obtainIdJag, type WantedSignIn } from './obtain-id-jag.ts'
import { requireOffered } from './offered.ts'
import { isSession, keyOfSessions } from './session-token.ts'
import { readSource, type TokenSource, type TokenType } from './token-source.ts'

/** Seconds before its end at which an ID-JAG is taken for expired: the way to the server, and clocks that differ. */
const EARLY = 10

/** Who vouches for the person, and what says who the person is. */
export interface CrossAppAccessOptions {
  readonly idp: IdentityProvider
  /**
   * What the provider gave this client when the person signed in: a token, or a function that brings the current one. It is called again
   * with `maxAge` or `acrValues` where the provider wants a better sign-in. Or a session at a provider that takes its own access tokens.
   */
  readonly identity: TokenSource<WantedSignIn>
  /** Default `id_token`; of a session `access_token`. A `refresh_token` of the provider works for as long as the person is welcome. */
  readonly identityType?: Extract<TokenType, 'id_token' | 'saml2' | 'refresh_token' | 'access_token'>
  /** Where the resource's challenge names none. Default: the session's `scope`, else what the resource's metadata lists. */
  readonly scope?: string | readonly string[]
  /** The only authorization server that will do, byte for byte. Default: the client's own (`client.issuer`), else whichever the resource names. */
  readonly issuer?: string
}

/**
 * Tokens for a person whom the company vouches for. Needs `client.id` (with its `issuer`) or `client.metadataUrl`: who this client is at
 * the resource's authorization server. A store that is shared needs a `profile` for each person.
 *
 * @throws {SallyportError} `configuration`; from `authorize` and `fetch` `identity_rejected` where the person has to sign in at the
 *   provider again, `assertion_unusable`, `invalid_grant`, `grant_unsupported`
 * @example
 * createSession(url, {
 *   grant: crossAppAccess({
 *     idp: { issuer: 'https://login.acme.example', client: { id: 'notes-host', secret: process.env.IDP_SECRET ?? '' } },
 *     identity: () => currentIdToken(person),
 *   }),
 *   client: { id: 'acme-notes', issuer: 'https://as.example.com', secret: process.env.CLIENT_SECRET ?? '' },
 * })
 */
export function crossAppAccess(options: CrossAppAccessOptions): GrantType {
  const { idp, identity, scope, issuer } = options
  const { identityType = isSession(identity) ? 'access_token' : 'id_token' } = options
  const ask = identityProvider(idp)
  const held = boundedMap<Held>(20)
  /** Servers that take each ID-JAG once. */
  const once = new Set<string>()

  async function obtain(step: GrantStep): Promise<ForeignTokenResponse> {
    requireOffered(step, JWT_BEARER_GRANT)
    const key = JSON.stringify([step.issuer, step.indicator, step.clientId, [...step.scope].sort()])
    const subject = await readSource(identity, {})
    const kept = held.get(key)
    // Somebody else may have signed in since: what was issued for the one before is not theirs.
    const isTheirs = kept?.subject === subject
    if (kept !== undefined && isTheirs && !once.has(step.issuer) && (await isUsable(kept.jag, step))) {
      try {
        return await redeem(step, kept.jag)
      } catch (error) {
        // It worked before, so it is not what it says that is refused.
        if (!hasCode(error, 'invalid_grant')) throw error
        once.add(step.issuer)
      }
    }
    const jag = await obtainIdJag(step, ask, { identity, type: identityType, subject })
    const answer = await redeem(step, jag)
    held.set(key, { jag, subject })
    return answer
  }

  return defineGrant({
    name: JWT_BEARER_GRANT,
    unattended: true,
    personal: true,
    ...(issuer !== undefined && { issuer }),
    ...(scope !== undefined && { scope: typeof scope === 'string' ? parseScope(scope) : scope }),
    key: () => keyOfSessions(identity),
    obtain,
  })
}

/** An ID-JAG, and the token that it was obtained with. */
interface Held {
  readonly jag: IdJag
  readonly subject: string
}

/** A session makes a new key for each authorization: what is bound to the one before has had its time. */
async function isUsable({ expiresAt, jkt }: IdJag, step: GrantStep): Promise<boolean> {
  if (step.now() >= expiresAt - EARLY) return false
  const { dpop } = behind(step)
  return jkt === undefined || (dpop !== undefined && (await signingKey(dpop.key)).thumbprint === jkt)
}

async function redeem(step: GrantStep, { assertion, scope }: IdJag): Promise<ForeignTokenResponse> {
  // What the ID-JAG names was allowed; more than that may be an error.
  const asked = scope === undefined && step.scope.length > 0 ? formatScope(step.scope) : undefined
  const answer = await step.token({ grant_type: JWT_BEARER_GRANT, assertion, scope: asked })
  if (!namesOnly(step, answer['resource'])) throw new SallyportError('invalid_response')
  // A refresh token would outlast the company's word: the next ID-JAG takes its place.
  const { refresh_token: _, ...tokens } = answer
  return scope === undefined ? tokens : { scope, ...tokens }
}
