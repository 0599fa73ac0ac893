/**
 * The `refresh_token` grant: rotation on every use, and a family that dies when a consumed token comes back.
 *
 * Lost answers and racing processes also bring consumed tokens back. So, for a few seconds (the replay window) and only while the
 * successor is unused, the same client gets the very same answer again.
 *
 * @see OAuth 2.1 section 4.3.1 (draft-ietf-oauth-v2-1-16)
 * @see docs/adr/0040-refresh-replay-window.md
 * @module
 */
import * as v from 'valibot'
import { ok, type Result } from '../../../shared/result.ts'
import { includesScopes, parseScope } from '../../../shared/scope.ts'
import type { RefreshTokenRequest } from '../../../shared/token-request.ts'
import { TokenResponse } from '../../../shared/token-response.ts'
import type { Dependencies } from '../dependencies.ts'
import { withoutOfflineAccess } from '../offline-access.ts'
import type { Client, Grant, RefreshToken, Resource } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'
import { createRefreshToken } from '../tokens/refresh-token.ts'
import { checkSameResource } from './authorization-code.ts'
import type { GrantType } from './grant-type.ts'

export const refreshToken: GrantType<'refresh_token'> = {
  type: 'refresh_token',

  async authorize(request, client, deps) {
    const { store, hash, now } = deps
    const token = await store.refreshTokens.find(await hash(request.refresh_token))
    if (token === null) return reject('unknown_refresh_token')
    const grant = await store.grants.find(token.grantId)
    const live = checkRefreshToken(token, grant, client, now())
    if (!live.ok) return live
    if (token.consumedAt !== null) {
      const replayed = await replayOrRevoke(token, request, deps)
      return replayed.ok ? ok({ kind: 'answered', response: replayed.value }) : replayed
    }
    const scopes = checkRequest(token, request, await store.resources.list())
    if (!scopes.ok) return scopes
    const successor = await createRefreshToken(live.value, deps)
    return ok({
      kind: 'entitled',
      entitlement: {
        grant: live.value,
        scopes: scopes.value,
        refreshToken: successor,
        commit: (answer) => rotate(token, successor.record, answer, request, deps),
      },
    })
  },
}

/** Pure. Whose token it is comes first: shown by another client, nothing is revoked. */
export function checkRefreshToken(
  token: RefreshToken,
  grant: Grant | null,
  client: Client,
  now: number,
): Result<Grant, Rejection> {
  if (token.clientId !== client.id) return reject('client_mismatch')
  if (grant === null || grant.revokedAt !== null) return reject('dead_grant')
  // An expired token that was consumed long ago is still a reuse; one that was never used is merely late.
  const expired = grant.expiresAt <= now || (token.consumedAt === null && token.expiresAt <= now)
  return expired ? reject('expired_refresh_token') : ok(grant)
}

/** Pure. The scopes of the new access token: those asked for within the grant, or all of them. */
export function checkRequest(
  token: RefreshToken,
  request: RefreshTokenRequest,
  resources: readonly Resource[],
): Result<readonly string[], Rejection> {
  const resource = checkSameResource(token.resource, request.resource, resources)
  if (!resource.ok) return resource
  const asked = withoutOfflineAccess(parseScope(request.scope))
  if (asked.length === 0) return ok(token.scopes)
  return includesScopes(token.scopes, asked) ? ok(asked) : reject('scope_beyond_grant')
}

/** Pure. Whether a consumed token may have its answer once more. */
export function mayReplay(
  token: RefreshToken,
  successor: RefreshToken | null,
  window: number,
  now: number,
): token is RefreshToken & { readonly sealedAnswer: string } {
  return (
    token.consumedAt !== null &&
    window > 0 &&
    // Whole seconds: a difference equal to the window can be just below it, and must not cost a session.
    now - token.consumedAt <= window &&
    token.sealedAnswer !== null &&
    successor !== null &&
    successor.consumedAt === null
  )
}

/** The answer counts once the token is consumed together with it. */
async function rotate(
  { hash }: RefreshToken,
  successor: RefreshToken,
  answer: TokenResponse,
  request: RefreshTokenRequest,
  deps: Dependencies,
): Promise<Result<TokenResponse, Rejection>> {
  const { store, sealer, settings, now } = deps
  const sealedAnswer =
    settings.replayWindow > 0 ? await sealer.seal(JSON.stringify(answer), request.refresh_token) : null
  const rotated = await store.refreshTokens.rotate({ hash, successor, sealedAnswer, now: now() })
  if (rotated === 'dead') return reject('dead_grant')
  if (rotated === 'rotated') return ok(answer)
  // Someone was faster with the same token: the replay window decides.
  const consumed = await store.refreshTokens.find(hash)
  return consumed === null ? reject('unknown_refresh_token') : replayOrRevoke(consumed, request, deps)
}

async function replayOrRevoke(
  token: RefreshToken,
  request: RefreshTokenRequest,
  { store, settings, sealer, now, audit }: Dependencies,
): Promise<Result<TokenResponse, Rejection>> {
  const { grantId, clientId } = token
  const successor = token.successorHash === null ? null : await store.refreshTokens.find(token.successorHash)
  if (mayReplay(token, successor, settings.replayWindow, now())) {
    const checked = checkRequest(token, request, await store.resources.list())
    if (!checked.ok) return checked
    const answer = await sealer.open(token.sealedAnswer, request.refresh_token)
    if (answer !== null) {
      audit({ type: 'refresh_replayed', grantId, clientId })
      return ok(v.parse(TokenResponse, JSON.parse(answer)))
    }
  }
  if (await store.grants.revoke(grantId, now())) audit({ type: 'grant_revoked', grantId, reason: 'refresh_reused' })
  return reject('reused_refresh_token')
}
