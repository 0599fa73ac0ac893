/**
 * A provider's word that somebody has signed out there: a logout token, which counts once.
 *
 * @see OpenID Connect Back-Channel Logout 1.0 section 2.4 (the token), section 2.6 (validation), section 2.7 (what it ends)
 * @module
 */
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { decodeJwt } from 'jose/jwt/decode'
import * as v from 'valibot'
import { err, ok, type Result } from '../../../shared/result.ts'
import { auditEntry } from '../../core/audit.ts'
import type { Origin } from '../../core/dependencies.ts'
import type { Identity } from '../../core/records.ts'
import type { LogoutProblem } from '../../core/upstream.ts'
import { UpstreamName } from './check-id-token.ts'
import type { OidcContext } from './context.ts'
import type { OidcProvider } from './provider.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

const LogoutClaims = v.looseObject({
  iss: v.string(),
  aud: v.union([v.string(), v.array(v.string())]),
  iat: v.number(),
  exp: v.number(),
  jti: UpstreamName,
  sub: v.optional(UpstreamName),
  sid: v.optional(UpstreamName),
  events: v.looseObject({ [EVENT]: v.looseObject({}) }),
})
type LogoutClaims = v.InferOutput<typeof LogoutClaims>

const UNTRACEABLE =
  'a provider said that a session has ended that is not known here any more, and not whose it was: nothing that was granted could be ended. Have it send sub in logout tokens'

/** Seconds that clocks may differ, and that a token may be good for. */
const TOLERANCE = 60
const LONGEST = 3600

export async function signedOut(logoutToken: string, ctx: OidcContext & Origin): Promise<Result<null, LogoutProblem>> {
  const { providers, keys, store, now } = ctx
  const claims = readClaims(logoutToken)
  if (!claims.ok) return claims
  const provider = providers.find(({ issuer }) => issuer === claims.value.iss)
  if (provider === undefined) return err('wrong_issuer')
  const checked = checkClaims(claims.value, provider, now())
  if (!checked.ok) return checked
  const { issuer, algorithms } = provider
  const trusted = { issuer, keys: { kind: 'discovery' }, algorithms, longestLifetime: 0, reusable: false } as const
  const signed = await keys.verify(trusted, logoutToken)
  if (!signed.ok) return err(signed.error.reason === 'issuer_keys_unavailable' ? 'unavailable' : 'wrong_signature')
  const { jti, exp } = claims.value
  // A time may have a fraction, which the column of a database has not.
  const expiresAt = Math.ceil(exp) + TOLERANCE
  if (!(await store.replays.remember(`logout token ${jti} of ${issuer}`, expiresAt, now()))) return err('replayed')
  await end(claims.value, provider, ctx)
  return ok(null)
}

function readClaims(token: string): Result<LogoutClaims, 'malformed' | 'wrong_claims'> {
  try {
    const { typ } = decodeProtectedHeader(token)
    // An ID token says `JWT` or nothing, as old providers do here, too; other kinds of token must not pass for this one.
    if (typ !== undefined && !/^(?:application\/)?(?:logout\+jwt|jwt)$/i.test(typ)) return err('wrong_claims')
    const claims = v.safeParse(LogoutClaims, decodeJwt(token))
    return claims.success ? ok(claims.output) : err('wrong_claims')
  } catch {
    return err('malformed')
  }
}

/** Pure. */
export function checkClaims(
  claims: LogoutClaims,
  { clientId, audiences }: OidcProvider,
  now: number,
): Result<null, 'wrong_claims'> {
  const { aud, iat, exp, sub, sid } = claims
  const isGood =
    [aud].flat().includes(clientId) &&
    // Section 2.6: as of ID tokens.
    [aud].flat().every((audience) => audience === clientId || audiences.includes(audience)) &&
    exp + TOLERANCE > now &&
    exp <= now + LONGEST + TOLERANCE &&
    iat - TOLERANCE <= now &&
    (sub !== undefined || sid !== undefined) &&
    // What has one may be an ID token.
    !('nonce' in claims)
  return isGood ? ok(null) : err('wrong_claims')
}

async function end({ sub, sid }: LogoutClaims, provider: OidcProvider, ctx: OidcContext & Origin): Promise<void> {
  const { store } = ctx
  const { issuer } = provider
  const signOut = (userId: string) => auditEntry({ type: 'sign_out', userId }, ctx)
  const which =
    sid === undefined ? { issuer, subject: sub ?? '' } : { issuer, sid, ...(sub === undefined ? {} : { subject: sub }) }
  const users = await store.sessions.removeUpstream(which, signOut)
  for (const userId of users) ctx.audit(signOut(userId))
  if (!provider.logoutEndsAccess) return
  if (sub === undefined && users.length === 0) ctx.onWarning(UNTRACEABLE, { provider: provider.id })
  const named = sub === undefined ? null : await store.identities.find(issuer, sub)
  const identities = named === null ? await identitiesOf(users, issuer, ctx) : [named]
  for (const identity of identities) await endAccess(identity, ctx)
}

/** Also when somebody is asking about them, or they are signing in, at this very moment: what the provider says now counts. */
async function endAccess(identity: Identity, ctx: OidcContext & Origin): Promise<void> {
  const { identities } = ctx.store
  for (
    let known: Identity | null = identity;
    known !== null;
    known = await identities.find(known.issuer, known.subject)
  ) {
    const event = { type: 'access_ended', reason: 'signed_out_by_provider', userId: known.userId } as const
    const entry = auditEntry(event, ctx)
    if (!(await identities.lose(known, ctx.now(), entry))) continue
    ctx.audit(entry)
    return
  }
}

const identitiesOf = async (users: readonly string[], issuer: string, { store }: OidcContext) =>
  (await Promise.all(users.map((userId) => store.identities.list(userId))))
    .flat()
    .filter((one) => one.issuer === issuer)
