/**
 * Redeeming an ID-JAG: an identity provider says that a client may act for one of its people, the rules of this server say how far.
 *
 * ```
 * what it says itself    type, audience, client, times, key       check-id-jag.ts
 * who says so            issuer, algorithm, signature, tenant     trusted-issuers/
 * what it leads to       resource, rules, scopes                  asserted-resource.ts, asserted-scopes.ts
 * whom it is about       an account that is not disabled          subject.ts
 * once                   the `jti`, the proof and the grant       one transaction
 * ```
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4.4
 * @see MCP extension io.modelcontextprotocol/enterprise-managed-authorization
 * @see docs/adr/0185-who-vouches-for-people.md
 * @see docs/adr/0188-an-id-jag-counts-once.md
 * @module
 */
import { err, ok, type Result } from '../../../../shared/result.ts'
import type { JwtBearerRequest } from '../../../../shared/token-request.ts'
import { agentsBehind } from '../../agents.ts'
import { auditEntry } from '../../audit.ts'
import { isConfidential } from '../../client-auth/is-confidential.ts'
import type { Dependencies } from '../../dependencies.ts'
import { partiesOf } from '../../live-grant.ts'
import type { Client, Grant, User } from '../../records.ts'
import { type Rejection, reject, rejectAssertion, type Voucher } from '../../rejection.ts'
import { type Admission, admitResource, refuseUsing, type Sender, usedWith } from '../../sender.ts'
import { createGrantId } from '../../tokens/opaque-token.ts'
import type { IssuerKeys } from '../../trusted-issuers/issuer-keys.ts'
import type { IdentityProvider, XaaSettings } from '../../trusted-issuers/trusted-issuer.ts'
import type { Entitlement } from '../grant-type.ts'
import { selectAsserted } from './asserted-resource.ts'
import { allowedScopes, narrowScopes } from './asserted-scopes.ts'
import { checkIdJag, type IdJag, readIdJag } from './check-id-jag.ts'
import { useOf } from './once.ts'
import { checkIssuer } from './read-assertion.ts'
import { findAccount } from './subject.ts'

export interface Redeeming {
  readonly xaa: XaaSettings
  readonly keys: IssuerKeys
}

export async function redeemIdJag(
  request: JwtBearerRequest,
  client: Client,
  sender: Sender,
  redeeming: Redeeming,
  deps: Dependencies,
): Promise<Result<Entitlement, Rejection>> {
  const judged = await judge(request, client, sender, redeeming, deps)
  if (!judged.ok) return refuseUsing(sender, judged.error, deps)
  const opened = await open(judged.value, client, sender, deps)
  return opened.ok ? opened : rejectAssertion(opened.error, vouchedFor(judged.value.jag))
}

/** Of an ID-JAG whose signature was verified. */
const vouchedFor = ({ claims: { iss, sub } }: IdJag): Voucher => ({ issuer: iss, subject: sub })

/** What an ID-JAG entitles to, before it is used up. */
interface Judged {
  readonly jag: IdJag
  readonly provider: IdentityProvider
  readonly admission: Admission
  readonly scopes: readonly string[]
  readonly user: User
}

async function judge(
  request: JwtBearerRequest,
  client: Client,
  sender: Sender,
  { xaa, keys }: Redeeming,
  deps: Dependencies,
): Promise<Result<Judged, Rejection>> {
  if (!xaa.publicClients && !isConfidential(client)) return reject('client_cannot_prove_itself')
  const jag = readIdJag(request.assertion)
  if (!jag.ok) return jag
  const provider = xaa.providers.find((known) => known.issuer === jag.value.claims.iss)
  const vouched = await verify(request, jag.value, provider, { client, sender, keys }, deps)
  if (!vouched.ok) return rejectAssertion(vouched.error, provider && { issuer: provider.issuer })
  const judged = await judgePerson(request, jag.value, vouched.value, client, sender, deps)
  return judged.ok ? judged : rejectAssertion(judged.error, vouchedFor(jag.value))
}

/** Whether its issuer is trusted, and has said what it says. */
async function verify(
  request: JwtBearerRequest,
  jag: IdJag,
  provider: IdentityProvider | undefined,
  { client, sender, keys }: { readonly client: Client; readonly sender: Sender; readonly keys: IssuerKeys },
  { settings: { issuer }, now }: Dependencies,
): Promise<Result<IdentityProvider, Rejection>> {
  const said = checkIdJag(jag, { issuer, client, sender, now: now() })
  if (!said.ok) return said
  if (provider === undefined) return reject('unknown_assertion_issuer')
  const checked = checkIssuer(jag.header, jag.claims, provider)
  if (!checked.ok) return checked
  const signed = await keys.verify(provider, request.assertion)
  return signed.ok ? ok(provider) : signed
}

/** Where it leads, and for whom. */
async function judgePerson(
  request: JwtBearerRequest,
  jag: IdJag,
  provider: IdentityProvider,
  client: Client,
  sender: Sender,
  deps: Dependencies,
): Promise<Result<Judged, Rejection>> {
  const { iss, sub, tenant = null } = jag.claims
  if (tenant !== provider.tenant) return reject('wrong_assertion_tenant')
  const target = await decide(request, jag, provider, client, sender, deps)
  if (!target.ok) return target
  const user = await findAccount({ issuer: iss, subject: sub }, provider, deps)
  return user.ok ? ok({ jag, provider, ...target.value, user: user.value }) : user
}

/** Where it leads, and how far. */
async function decide(
  request: JwtBearerRequest,
  { claims }: IdJag,
  { rules }: IdentityProvider,
  client: Client,
  sender: Sender,
  { store, settings }: Dependencies,
): Promise<Result<Pick<Judged, 'admission' | 'scopes'>, Rejection>> {
  const resource = selectAsserted(await store.resources.list(), claims.resource, request.resource)
  if (!resource.ok) return resource
  const allowed = allowedScopes(rules, client, resource.value)
  if (allowed === null) return reject('denied_by_rules')
  const admission = admitResource(resource.value, sender)
  // Section 9.9.1.2: not that the proof is wrong, but that this ID-JAG, without one, is not enough here.
  if (!admission.ok)
    return admission.error.reason === 'missing_dpop_proof' ? reject('grant_assertion_without_proof') : admission
  const named = { asserted: claims.scope, requested: request.scope }
  const scopes = narrowScopes(named, { resource: resource.value, client, allowed }, settings.requireScope)
  return scopes.ok ? ok({ admission: admission.value, scopes: scopes.value }) : scopes
}

/** The access token rests on a grant of its own, which the person sees and can end. Another ID-JAG is the way to the next one. */
async function open(
  { jag, provider, admission, scopes, user }: Judged,
  client: Client,
  sender: Sender,
  deps: Dependencies,
): Promise<Result<Entitlement, Rejection>> {
  const { store, settings, now } = deps
  const at = now()
  const { resource } = admission
  const grant: Grant = {
    id: createGrantId(deps),
    userId: user.id,
    clientId: client.id,
    resource: resource.identifier,
    scopes,
    createdAt: at,
    expiresAt: at + (resource.accessTokenLifetime ?? settings.accessTokenLifetime),
    revokedAt: null,
  }
  await deps.clientDocuments?.keep(grant.clientId, grant.expiresAt)
  const entry = auditEntry({ type: 'assertion_redeemed', ...partiesOf(grant), scopes, ...agentsBehind(client) }, deps)
  const assertion = provider.reusable ? null : useOf(jag.claims)
  const outcome = await store.grants.redeem(grant, { assertion, proof: sender?.proof ?? null }, at, entry)
  switch (outcome) {
    case 'redeemed':
      return ok({ grant, admission, proof: usedWith(outcome), scopes, refreshToken: null, tellResource: true, entry })
    case 'used':
      return reject('replayed_grant_assertion')
    case 'disabled':
      return reject('subject_disabled')
    case 'replayed':
      return err({ reason: 'replayed_dpop_proof' })
  }
}
