/**
 * The identity provider's side of enterprise-managed authorization: a client at which a person is signed in gets an ID-JAG for another authorization
 * server.
 *
 * This server issues no ID tokens. What says that a person is signed in at a client is what was granted to that client: its refresh token, or its
 * access token.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4.3.3 (processing), section 9.9.1.1 (DPoP)
 * @see docs/adr/0183-what-stands-for-an-identity-assertion.md
 * @see docs/adr/0184-what-an-id-jag-may-say.md
 * @module
 */
import type { Actor } from '../../../../shared/actor.ts'
import { err, ok, type Result } from '../../../../shared/result.ts'
import { parseScope } from '../../../../shared/scope.ts'
import { REFRESH_TOKEN_TOKEN_TYPE, type TokenExchangeRequest } from '../../../../shared/token-exchange.ts'
import { agentsBehind } from '../../agents.ts'
import { auditEntry } from '../../audit.ts'
import type { Dependencies } from '../../dependencies.ts'
import { revokeGrant } from '../../live-grant.ts'
import type { Client } from '../../records.ts'
import { type Rejection, reject } from '../../rejection.ts'
import type { ProofUsed, Sender } from '../../sender.ts'
import { grantOfAccessToken } from '../../tokens/access-token-id.ts'
import { hashOpaqueToken } from '../../tokens/opaque-token.ts'
import type { IdJagEntitlement } from '../grant-type.ts'
import { checkRefreshToken, sealedSuccessor } from '../refresh-token.ts'
import { checkIdJagPolicy, type IdJagSettings } from './id-jag-policy.ts'
import { isAccessTokenType, readPresented, wasAlwaysOf } from './presented-token.ts'

export async function entitleToIdJag(
  request: TokenExchangeRequest,
  { client, sender, proof, settings }: Circumstances,
  deps: Dependencies,
): Promise<Result<IdJagEntitlement, Rejection>> {
  // What others do for a person is not what the person does.
  if (request.actor_token !== undefined || request.actor_token_type !== undefined) return reject('actor_in_id_jag')
  const person = await findPerson(request, client, sender, deps)
  if (!person.ok) return person
  const { userId, grantId, expiresAt, act, scopes } = person.value
  const target = checkIdJagPolicy(request, { clientId: client.id, held: scopes }, settings)
  if (!target.ok) return err({ ...target.error, grantId })
  const at = deps.now()
  const parties = { grantId, userId, clientId: client.id, resource: target.value.issuer }
  return ok({
    idJag: target.value,
    userId,
    grant: { expiresAt: Math.min(at + settings.lifetime, expiresAt) },
    act,
    sender,
    proof,
    entry: auditEntry(
      { type: 'id_jag_issued', ...parties, scopes: target.value.scopes, ...agentsBehind(client) },
      deps,
    ),
  })
}

interface Circumstances {
  readonly client: Client
  readonly sender: Sender
  readonly proof: ProofUsed
  readonly settings: IdJagSettings
}

/** Somebody who is signed in at the client. */
interface Person {
  readonly userId: string
  readonly grantId: string
  /** When what says so ends. */
  readonly expiresAt: number
  readonly act: Actor | undefined
  /** What the token is good for here. */
  readonly scopes: readonly string[]
}

async function findPerson(
  { subject_token, subject_token_type }: TokenExchangeRequest,
  client: Client,
  sender: Sender,
  deps: Dependencies,
): Promise<Result<Person, Rejection>> {
  if (subject_token_type === REFRESH_TOKEN_TOKEN_TYPE) return findByRefreshToken(subject_token, client, sender, deps)
  if (!isAccessTokenType(subject_token_type)) return reject('unsupported_subject_token_type')
  const subject = await readPresented(subject_token, 'subject', sender, deps)
  if (!subject.ok) return subject
  const { jti, sub, exp, act, scope } = subject.value
  // Whoever exchanged the token of somebody else has nobody signed in.
  if (!wasAlwaysOf(subject.value, client)) return reject('foreign_subject_token')
  const grantId = grantOfAccessToken(jti)
  if (grantId === null) return reject('subject_is_no_person')
  return ok({ userId: sub, grantId, expiresAt: exp, act, scopes: parseScope(scope) })
}

/** As for a refresh, but for the token: it stays what it is, and one that was used up before gives nothing. */
async function findByRefreshToken(
  value: string,
  client: Client,
  sender: Sender,
  deps: Dependencies,
): Promise<Result<Person, Rejection>> {
  const { store, hash, now } = deps
  const presented = await store.refreshTokens.find(await hashOpaqueToken(value, hash))
  if (presented === null) return reject('unknown_subject_token')
  const { token, grant } = presented
  const { id: grantId, userId, expiresAt, scopes } = grant
  const checked = checkRefreshToken(token, grant, { client, sender }, now())
  if (!checked.ok) return err({ ...checked.error, grantId })
  if (token.consumedAt === null) return ok({ userId, grantId, expiresAt, act: undefined, scopes })
  if ((await sealedSuccessor(token, deps)) !== null) return err({ reason: 'dead_subject_token', grantId })
  await revokeGrant(grant, 'refresh_reused', deps)
  return err({ reason: 'reused_refresh_token', grantId })
}
