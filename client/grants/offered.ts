/**
 * Whether a server has a grant, as far as it says: what is worth something is not sent to where it is of no use.
 *
 * @see RFC 8414 section 2: `grant_types_supported`
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 7.2: `authorization_grant_profiles_supported`
 * @module
 */
import { SallyportError } from '../errors.ts'
import { withoutQuery } from '../events.ts'
import type { GrantStep } from './grant-type.ts'

/** @throws {SallyportError} `grant_unsupported` where the metadata lists grants, and this one is not among them */
export function requireOffered({ server }: Pick<GrantStep, 'server'>, grantType: string): void {
  if (server.grant_types_supported?.includes(grantType) ?? true) return
  throw new SallyportError('grant_unsupported', { url: withoutQuery(server.issuer) })
}
