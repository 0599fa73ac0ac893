/**
 * Issues an authorization code, and with it the grant that everything from this consent belongs to.
 *
 * @see RFC 6749 section 4.1.2: short-lived, one use, bound to client and redirect URI
 * @module
 */
import { agentsBehind } from '../agents.ts'
import { auditEntry } from '../audit.ts'
import type { Dependencies } from '../dependencies.ts'
import { partiesOf } from '../live-grant.ts'
import { createGrantId, createOpaqueToken, hashOpaqueToken } from '../tokens/opaque-token.ts'
import { errorRedirect, successRedirect } from './redirect.ts'
import type { ValidRequest } from './request.ts'

/** Who agreed. */
export interface Person {
  readonly userId: string
  /** The hash of the session that says so; null: whoever asks vouches for it. */
  readonly session: string | null
}

/** Where to go, with a code or without. */
export interface Answer {
  readonly granted: boolean
  readonly location: string
}

/** Stores grant and code, if the person is still who they were when they were asked. */
export async function issueCode(
  request: ValidRequest,
  { userId, session }: Person,
  deps: Dependencies,
): Promise<Answer> {
  const { settings, store, clientDocuments, dpop, hash, now, audit } = deps
  const at = now()
  const grantId = createGrantId(deps)
  const code = createOpaqueToken(deps)
  const subject = { clientId: request.client.id, resource: request.resource.identifier, scopes: request.scopes }
  const grant = {
    id: grantId,
    userId,
    ...subject,
    createdAt: at,
    expiresAt: at + settings.refreshAbsoluteLifetime,
    revokedAt: null,
  }
  const record = {
    hash: await hashOpaqueToken(code, hash),
    grantId,
    redirectUri: request.redirectUri,
    codeChallenge: request.codeChallenge,
    // Where DPoP is off, no key can be proven.
    boundTo: dpop === undefined ? null : request.boundTo,
    expiresAt: at + settings.codeLifetime,
    consumedAt: null,
  }
  // Before there is a grant that needs it.
  await clientDocuments?.keep(grant.clientId, grant.expiresAt)
  const granted = { ...partiesOf(grant), scopes: grant.scopes, ...agentsBehind(request.client) }
  const entry = auditEntry({ type: 'authorization_granted', ...granted }, deps)
  // Signed out, disabled or removed since they were asked: nothing was stored.
  if (!(await store.grants.create(grant, record, session, entry))) {
    audit(auditEntry({ type: 'authorization_rejected', reason: 'no_longer_signed_in', ...partiesOf(grant) }, deps))
    return { granted: false, location: errorRedirect(request, 'no_longer_signed_in', settings.issuer) }
  }
  audit(entry)
  return { granted: true, location: successRedirect(request, code, settings.issuer) }
}
