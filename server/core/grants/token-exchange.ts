/**
 * The token exchange grant: a client that holds a token for one resource gets one for another, or a weaker one for the same, in the name of the same
 * subject. Without an actor token that is impersonation; with one, delegation: the new token says who acts, and for whom.
 *
 * ```
 * 1 may this client        registered by an administrator, and confidential   unauthorized_client
 * 2 what is presented      subject token, actor token                         invalid_request
 * 3 for which target       one, and registered                                invalid_target
 * 4 may it, by the policy  token-exchange/policy.ts                           invalid_request | invalid_target
 * 5 how much               token-exchange/exchanged-scopes.ts                 invalid_scope
 * ```
 *
 * @see RFC 8693 section 2 (request and response), section 4.1 (`act`), section 5 (chains)
 * @see RFC 9449 section 5: tokens that are bound stay so
 * @see docs/adr/0182-what-an-exchange-keeps.md
 * @module
 */
import type { AccessTokenClaims } from '../../../shared/access-token.ts'
import { type Actor, actorsOf } from '../../../shared/actor.ts'
import { ID_JAG_TOKEN_TYPE } from '../../../shared/id-jag.ts'
import { err, ok, type Result } from '../../../shared/result.ts'
import { parseScope } from '../../../shared/scope.ts'
import {
  ACCESS_TOKEN_TOKEN_TYPE,
  TOKEN_EXCHANGE_GRANT,
  type TokenExchangeRequest,
} from '../../../shared/token-exchange.ts'
import { agentsBehind, extendAgentChain } from '../agents.ts'
import { auditEntry } from '../audit.ts'
import { isConfidential } from '../client-auth/is-confidential.ts'
import type { Dependencies } from '../dependencies.ts'
import type { Client } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'
import { selectResource } from '../select-resource.ts'
import { admitResource, type ProofUsed, type Sender, useProof } from '../sender.ts'
import { deriveAccessTokenId, exchangesOf, grantOfAccessToken } from '../tokens/access-token-id.ts'
import type { Entitlement, GrantType } from './grant-type.ts'
import { narrowScopes } from './token-exchange/exchanged-scopes.ts'
import { entitleToIdJag } from './token-exchange/id-jag.ts'
import { checkPolicy, type TokenExchangeSettings } from './token-exchange/policy.ts'
import { checkActor, isAccessTokenType, readPresented } from './token-exchange/presented-token.ts'

export const tokenExchange: GrantType<typeof TOKEN_EXCHANGE_GRANT> = {
  type: TOKEN_EXCHANGE_GRANT,

  async authorize(request, client, sender, deps) {
    const proof = await useProof(sender, deps)
    if (!proof.ok) return proof
    // Whoever registered itself was looked at by nobody, and no person will be asked.
    if (!isConfidential(client) || client.origin !== 'administrator') return reject('client_may_not_use_grant')
    const { tokenExchange: rules, idJag } = deps.settings
    const { requested_token_type: wanted = ACCESS_TOKEN_TOKEN_TYPE } = request
    if (wanted === ID_JAG_TOKEN_TYPE && idJag !== undefined)
      return entitleToIdJag(request, { client, sender, proof: proof.value, settings: idJag }, deps)
    if (rules === undefined || !isAccessTokenType(wanted)) return reject('unsupported_requested_token_type')
    return exchange(request, { client, sender, proof: proof.value, rules, wanted }, deps)
  },
}

interface Circumstances {
  readonly client: Client
  readonly sender: Sender
  readonly proof: ProofUsed
  readonly rules: TokenExchangeSettings
  readonly wanted: string
}

async function exchange(
  request: TokenExchangeRequest,
  circumstances: Circumstances,
  deps: Dependencies,
): Promise<Result<Entitlement, Rejection>> {
  const tokens = await readTokens(request, circumstances.client, circumstances.sender, deps)
  if (!tokens.ok) return tokens
  const entitled = await entitle(request, tokens.value, circumstances, deps)
  const grantId = grantOfAccessToken(tokens.value.subject.jti)
  return entitled.ok || grantId === null ? entitled : err({ ...entitled.error, grantId })
}

/** What the tokens entitle to, now that they are known to be good. */
async function entitle(
  request: TokenExchangeRequest,
  { subject, actor }: Presented,
  { client, sender, proof, rules, wanted }: Circumstances,
  deps: Dependencies,
): Promise<Result<Entitlement, Rejection>> {
  if (exchangesOf(subject.jti) >= rules.maxDepth) return reject('too_many_exchanges')
  const { resource = [], audience = [] } = request
  const target = selectResource(await deps.store.resources.list(), [...resource, ...audience])
  if (!target.ok) return target
  const limit = checkPolicy({ client, subject, actor, target: target.value }, rules)
  if (!limit.ok) return limit
  const admission = admitResource(target.value, sender)
  if (!admission.ok) return admission
  const limits = { subject: parseScope(subject.scope), limit: limit.value, client, target: target.value }
  const scopes = narrowScopes(request.scope, limits)
  if (!scopes.ok) return scopes
  const agentChain = extendAgentChain(subject, client)
  if (!agentChain.ok) return agentChain
  const act = actingNow(subject, actor)
  const grantId = grantOfAccessToken(subject.jti)
  const parties = { clientId: client.id, resource: target.value.identifier }
  // Where there is no grant, the subject is no person.
  const userId = grantId === null ? null : subject.sub
  const name = `${subject.sub} at ${subject.aud}`
  const event = { type: 'token_exchanged', grantId, userId, ...parties, scopes: scopes.value, name } as const
  const chain = actorsOf(act).map(({ sub }) => sub)
  return ok({
    // It outlives nothing that it was made from: what ends those is known for no longer.
    grant: {
      ...parties,
      id: grantId,
      userId: subject.sub,
      expiresAt: Math.min(subject.exp, actor?.exp ?? subject.exp),
    },
    admission: admission.value,
    proof,
    scopes: scopes.value,
    refreshToken: null,
    agentChain: agentChain.value,
    exchanged: { act, type: wanted, id: (unique) => deriveAccessTokenId(held(subject), actor && held(actor), unique) },
    entry: {
      ...auditEntry({ ...event, ...agentsBehind(client, agentChain.value) }, deps),
      ...(chain.length === 0 ? {} : { actor: `actors:${chain.join(',')}` }),
    },
  })
}

/** The tokens that are exchanged. */
interface Presented {
  readonly subject: AccessTokenClaims
  /** Null: nobody is named. */
  readonly actor: AccessTokenClaims | null
}

const held = ({ jti, client_id }: AccessTokenClaims) => ({ jti, clientId: client_id })

/** Pure. The chain, the newest actor outermost. Whoever acted before stays in it, also where nobody is added. */
export function actingNow(subject: AccessTokenClaims, actor: AccessTokenClaims | null): Actor | undefined {
  if (actor === null) return subject.act
  const { sub, client_id } = actor
  return { sub, client_id, ...(subject.act === undefined ? {} : { act: subject.act }) }
}

async function readTokens(request: TokenExchangeRequest, client: Client, sender: Sender, deps: Dependencies) {
  const { subject_token, subject_token_type, actor_token, actor_token_type } = request
  if ((actor_token === undefined) !== (actor_token_type === undefined)) return reject('unpaired_actor_token')
  if (!isAccessTokenType(subject_token_type)) return reject('unsupported_subject_token_type')
  if (actor_token_type !== undefined && !isAccessTokenType(actor_token_type))
    return reject('unsupported_actor_token_type')
  const subject = await readPresented(subject_token, 'subject', sender, deps)
  if (!subject.ok) return subject
  if (actor_token === undefined) return ok({ subject: subject.value, actor: null })
  const presented = await readPresented(actor_token, 'actor', sender, deps)
  const actor = presented.ok ? checkActor(presented.value, client, await deps.store.resources.list()) : presented
  return actor.ok ? ok({ subject: subject.value, actor: actor.value }) : actor
}
