/**
 * Workload identity: the platform that a program runs on says who it is, so that the program needs no secret and no registration.
 *
 * @see MCP extension io.modelcontextprotocol/auth/wif, a draft (SEP-1933)
 * @see RFC 7523 section 2.1, section 3
 * @see draft-ietf-oauth-rfc7523bis section 4: the audience of a grant is the issuer or the token endpoint
 * @see docs/adr/0199-what-is-shown-to-whom.md
 * @module
 */

import { JWT_BEARER_GRANT } from '../../shared/grant-names.ts'
import { formatScope, parseScope } from '../../shared/scope.ts'
import { SallyportError } from '../errors.ts'
import { assertionClaims } from './assertion-claims.ts'
import { defineGrant } from './define-grant.ts'
import type { GrantType } from './grant-type.ts'
import { requireOffered } from './offered.ts'
import { readSource, type TokenSource } from './token-source.ts'

/** What an assertion has to be for. Its `aud` is `issuer` or `tokenEndpoint`: whichever the server was set up for. */
export interface WantedAssertion {
  readonly issuer: string
  readonly tokenEndpoint: string
  readonly resource: string
}

/** Where the assertion comes from, and who gets to see it. */
export interface WorkloadIdentityOptions {
  /** The only authorization server that gets to see it, byte for byte: to whoever has an assertion, it is worth what it is worth to us. */
  readonly issuer: string
  /** The JWT, as it is now: `tokenFile(path)` for a projected token, or a function that asks the platform. Read each time. */
  readonly assertion: TokenSource<WantedAssertion>
  /** Where the resource's challenge names none. Default: the session's `scope`, else what the resource's metadata lists. */
  readonly scope?: string | readonly string[]
}

/**
 * Tokens for the program itself, by a JWT of the platform that it runs on (Kubernetes, SPIFFE, a cloud). Without a client id, unless the
 * session has one. A refusal is final: nothing else is tried.
 *
 * @throws {SallyportError} from `authorize` and `fetch`: `assertion_unusable` for one that is no JWT, or for somebody else (it is not
 *   sent), `invalid_grant` where the server does not believe it, `grant_unsupported`
 * @example
 * createSession(url, {
 *   grant: workloadIdentity({ issuer: 'https://as.example.com', assertion: tokenFile('/var/run/secrets/tokens/mcp') }),
 * })
 */
export function workloadIdentity({ issuer, assertion: source, scope }: WorkloadIdentityOptions): GrantType {
  return defineGrant({
    name: JWT_BEARER_GRANT,
    unattended: true,
    anonymous: true,
    issuer,
    ...(scope !== undefined && { scope: typeof scope === 'string' ? parseScope(scope) : scope }),
    async obtain(step) {
      requireOffered(step, JWT_BEARER_GRANT)
      const { token_endpoint: tokenEndpoint } = step.server
      const resource = step.indicator ?? step.resource
      const assertion = await readSource(source, { issuer: step.issuer, tokenEndpoint, resource })
      const audiences = [assertionClaims(assertion)?.aud ?? []].flat()
      if (!audiences.some((audience) => isFor(audience, step.issuer, tokenEndpoint))) {
        throw new SallyportError('assertion_unusable')
      }
      const asked = step.scope.length === 0 ? undefined : formatScope(step.scope)
      const answer = await step.token({ grant_type: JWT_BEARER_GRANT, assertion, scope: asked })
      // RFC 7521 section 4.1: the platform's next assertion takes the place of a refresh token.
      const { refresh_token: _, ...tokens } = answer
      return tokens
    },
  })
}

/** Platforms are configured by hand, where a slash at the end is soon too much. */
const isFor = (audience: string, ...names: readonly string[]): boolean =>
  names.some((name) => audience.replace(/\/$/, '') === name.replace(/\/$/, ''))
