/**
 * The identity provider's side of enterprise-managed authorization: a client at which a person is signed in gets an ID-JAG for another authorization
 * server.
 *
 * This server issues no ID tokens. What says that a person is signed in at a client is what was granted to that client: its refresh token, or its
 * access token.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4.3.3 (processing), section 9.9.1.1 (DPoP)
 * @see docs/adr/0183-what-stands-for-an-identity-assertion.md
 * @module
 */
import type { Actor } from '../../../../shared/actor.ts'
import { ok, type Result } from '../../../../shared/result.ts'
import { REFRESH_TOKEN_TOKEN_TYPE, type TokenExchangeRequest } from '../../../../shared/token-exchange.ts'
import { auditEntry } from '../../audit.ts'
import type { Dependencies } from '../../dependencies.ts'
import type { Client } from '../../records.ts'
import { type Rejection, reject } from '../../rejection.ts'
import type { ProofUsed, Sender } from '../../sender.ts'
import { grantOfAccessToken } from '../../tokens/access-token-id.ts'
import { hashOpaqueToken } from '../../tokens/opaque-token.ts'
import type { IdJagEntitlement } from '../grant-type.ts'
import { checkRefreshToken } from '../refresh-token.ts'
import { checkIdJagPolicy, type IdJagSettings } from './id-jag-policy.ts'
import { isAccessTokenType, readPresented } from './presented-token.ts'

export async function entitleToIdJag(
  request: TokenExchangeRequest,
  { client, sender, proof, settings }: Circumstances,
  deps: Dependencies,
): Promise<Result<IdJagEntitlement, Rejection>> {
  // What others do for a person is not what the person does.
  if (request.actor_token !== undefined || request.actor_token_type !== undefined) return reject('actor_in_id_jag')
  const person = await findPerson(request, client, sender, deps)
  if (!person.ok) return person
  const target = checkIdJagPolicy(request, client.id, settings)
  if (!target.ok) return target
  const { userId, grantId, expiresAt, act } = person.value
  const at = deps.now()
  const parties = { grantId, userId, clientId: client.id, resource: target.value.issuer }
  return ok({
    idJag: target.value,
    userId,
    grant: { expiresAt: Math.min(at + settings.lifetime, expiresAt) },
    act,
    sender,
    proof,
    entry: auditEntry({ type: 'id_jag_issued', ...parties, scopes: target.value.scopes }, deps),
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
  const { jti, sub, client_id, exp, act } = subject.value
  if (client_id !== client.id) return reject('foreign_subject_token')
  const grantId = grantOfAccessToken(jti)
  return grantId === null ? reject('subject_is_no_person') : ok({ userId: sub, grantId, expiresAt: exp, act })
}

/** As for a refresh, but for the token: it stays what it is. */
async function findByRefreshToken(
  value: string,
  client: Client,
  sender: Sender,
  { store, hash, now }: Dependencies,
): Promise<Result<Person, Rejection>> {
  const presented = await store.refreshTokens.find(await hashOpaqueToken(value, hash))
  if (presented === null) return reject('unknown_subject_token')
  const { token, grant } = presented
  const checked = checkRefreshToken(token, grant, { client, sender }, now())
  if (!checked.ok) return { ok: false, error: { ...checked.error, grantId: grant.id } }
  if (token.consumedAt !== null) return reject('dead_subject_token')
  return ok({ userId: grant.userId, grantId: grant.id, expiresAt: grant.expiresAt, act: undefined })
}
