/**
 * The `authorization_code` grant: one code, one client, one redirect URI, one verifier, once.
 *
 * @see RFC 6749 section 4.1.3: the token request
 * @see RFC 7636 section 4.6: the verifier check
 * @see RFC 8707 section 2.2: a token request may only narrow the audience
 * @see RFC 9449 section 10: the key that the authorization request named
 * @see OAuth 2.1 section 7.5.3 (draft-ietf-oauth-v2-1-16): a valid replay revokes what the code issued
 * @module
 */
import { s256 } from '../../../shared/pkce.ts'
import { err, ok, type Result } from '../../../shared/result.ts'
import type { AuthorizationCodeRequest } from '../../../shared/token-request.ts'
import { agentsBehind } from '../agents.ts'
import { auditEntry } from '../audit.ts'
import { hasAgreedKeys } from '../consent-digest.ts'
import type { Dependencies } from '../dependencies.ts'
import { partiesOf, revokeGrant } from '../live-grant.ts'
import type { AuthorizationCode, Client, Grant, Resource } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'
import { namesResource } from '../select-resource.ts'
import {
  type Admission,
  admitResource,
  checkBoundTo,
  refreshTokenKey,
  refuseUsing,
  type Sender,
  usedWith,
  useProof,
} from '../sender.ts'
import { hashOpaqueToken } from '../tokens/opaque-token.ts'
import { createRefreshToken } from '../tokens/refresh-token.ts'
import type { GrantType } from './grant-type.ts'

export const authorizationCode: GrantType<'authorization_code'> = {
  type: 'authorization_code',

  async authorize(request, client, sender, deps) {
    const { store, hash, now } = deps
    const at = now()
    const presented = await store.codes.find(await hashOpaqueToken(request.code, hash))
    if (presented === null) return refuseUsing(sender, { reason: 'unknown_code' }, deps)
    const { code, grant } = presented
    const challenge = await s256(request.code_verifier)
    const known = { client, sender, resources: await store.resources.list(), challenge }
    const checked = checkCode(code, grant, request, known, at)
    if (!checked.ok) {
      const { reason } = checked.error
      const proof = await useProof(sender, deps)
      if (!proof.ok) return proof
      // A replay that is otherwise valid means that two parties hold the code: everything it issued is suspect.
      return reason === 'replayed_code' ? revokeReplayed(grant, deps) : err({ reason, grantId: grant.id })
    }

    if (!(await hasAgreedKeys(client, grant, deps)))
      return refuseUsing(sender, { reason: 'client_keys_changed', grantId: grant.id }, deps)

    const refreshToken = client.grantTypes.includes('refresh_token')
      ? await createRefreshToken(grant, refreshTokenKey(client, sender), deps)
      : null
    const entry = auditEntry({ type: 'token_issued', ...partiesOf(grant), ...agentsBehind(client) }, deps)
    // Many may pass the checks; this line lets one through, and it comes before minting.
    const outcome = await store.codes.redeem(code.hash, refreshToken?.record ?? null, at, sender?.proof ?? null, entry)
    switch (outcome) {
      case 'redeemed':
        return ok({
          grant,
          admission: checked.value,
          proof: usedWith(outcome),
          scopes: grant.scopes,
          refreshToken: refreshToken?.value ?? null,
          entry,
        })
      case 'consumed':
        return revokeReplayed(grant, deps)
      case 'dead':
        return reject('dead_grant')
      case 'replayed':
        return reject('replayed_dpop_proof')
    }
  },
}

/** Pure: records, a request and a clock reading in, a decision out. The resource is that of the grant. */
export function checkCode(
  code: AuthorizationCode,
  grant: Grant,
  request: AuthorizationCodeRequest,
  { client, sender, resources, challenge }: Known,
  now: number,
): Result<Admission, Rejection> {
  // Client first: a code shown by the wrong client must not let that client revoke the owner's grant.
  if (grant.clientId !== client.id) return reject('client_mismatch')
  if (request.redirect_uri !== undefined && request.redirect_uri !== code.redirectUri)
    return reject('redirect_uri_mismatch')
  if (challenge !== code.codeChallenge) return reject('verifier_mismatch')
  const held = checkBoundTo(code.boundTo, sender)
  if (!held.ok) return held
  const resource = checkSameResource(grant.resource, request.resource, resources)
  if (!resource.ok) return resource
  const admission = admitResource(resource.value, sender)
  if (!admission.ok) return admission
  if (code.consumedAt !== null) return reject('replayed_code')
  return code.expiresAt <= now ? reject('expired_code') : admission
}

interface Known {
  readonly client: Client
  readonly sender: Sender
  readonly resources: readonly Resource[]
  /** S256 of the verifier. */
  readonly challenge: string
}

/** The resource of a grant. A token request may repeat it, by identifier or alias, and name no other. */
export function checkSameResource(
  granted: string,
  requested: readonly string[] = [],
  resources: readonly Resource[],
): Result<Resource, Rejection> {
  const resource = resources.find(({ identifier }) => identifier === granted)
  if (resource === undefined) return reject('unknown_resource')
  return requested.every((value) => namesResource(resource, value)) ? ok(resource) : reject('resource_mismatch')
}

async function revokeReplayed(grant: Grant, deps: Dependencies) {
  await revokeGrant(grant, 'code_replayed', deps)
  return reject('replayed_code')
}
