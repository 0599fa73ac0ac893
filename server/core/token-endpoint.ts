/**
 * The token endpoint's pipeline. A grant fills in only what is unique to it and cannot skip a shared step.
 *
 * ```
 * 1 authenticate the client    401 invalid_client
 * 2 is the grant type offered  400 unsupported_grant_type
 * 3 may this client use it     400 unauthorized_client
 * 4 who is to use the tokens    400 invalid_dpop_proof | use_dpop_nonce
 * 5 grant.authorize            400 invalid_grant | invalid_target | invalid_scope
 * 6 mint
 * ```
 *
 * @see RFC 6749 section 3.2, section 5
 * @see RFC 9449 section 5
 * @module
 */
import { wantsNonce } from '../../shared/dpop/problem.ts'
import { ok, type Result } from '../../shared/result.ts'
import type { TokenRequest } from '../../shared/token-request.ts'
import type { TokenResponse } from '../../shared/token-response.ts'
import { auditEntry, isIssue } from './audit.ts'
import { claimsOf } from './claimed.ts'
import { authenticateClient } from './client-auth/authenticate-client.ts'
import type { ClientAuthMethod } from './client-auth/client-auth-method.ts'
import type { Dependencies } from './dependencies.ts'
import type { GrantType, Requests } from './grants/grant-type.ts'
import type { Client } from './records.ts'
import { noteUse } from './registration/life.ts'
import { type Rejection, reject } from './rejection.ts'
import { type PresentedProof, proveSender } from './sender.ts'
import { mint } from './tokens/mint.ts'
import { mintIdJag } from './tokens/mint-id-jag.ts'

/** The grant types on offer, by name. */
export type GrantTypes = { readonly [Type in keyof Requests]?: GrantType<Type> }

/** What came beside the form. */
export interface Credentials {
  /** The `Authorization` header. */
  readonly authorization: string | null
  readonly proof: PresentedProof | null
}

export async function token(
  request: TokenRequest,
  { authorization, proof }: Credentials,
  offered: { readonly grantTypes: GrantTypes; readonly clientAuthMethods: readonly ClientAuthMethod[] },
  deps: Dependencies,
): Promise<Result<TokenResponse, Rejection>> {
  const { store, hash, now, audit } = deps
  const tools = { methods: offered.clientAuthMethods, clients: store.clients, hash, now: now() }
  const client = await identify(request.grant_type, request, authorization, offered.grantTypes, tools, deps)
  const outcome = client.ok
    ? await answer(request.grant_type, request, client.value, proof, offered.grantTypes, deps)
    : client
  if (!outcome.ok) {
    if (wantsNonce(outcome.error.reason) && deps.dpop !== undefined) proof?.announce(await deps.dpop.nonces.current())
    const known = client.ok ? { clientId: client.value.id } : {}
    const entry = auditEntry({ type: 'token_rejected', ...outcome.error, ...known }, deps)
    audit({ ...entry, claimed: claimsOf(request, authorization) })
  }
  return outcome
}

/** Whoever names no client may be one that its grant type knows by what it presents. Nobody who names one gets there. */
function identify<Type extends keyof Requests>(
  type: Type,
  request: Requests[Type],
  authorization: string | null,
  grantTypes: GrantTypes,
  tools: Parameters<typeof authenticateClient>[1],
  deps: Dependencies,
): Promise<Result<Client, Rejection>> {
  const grantType = grantTypes[type]
  if (grantType?.identify === undefined || namesClient(request, authorization))
    return authenticateClient({ ...request, authorization }, tools)
  return grantType.identify(request, deps)
}

/** Whether there is anything at all by which clients say who they are. */
const namesClient = (
  { client_id, client_secret, client_assertion, client_assertion_type }: TokenRequest,
  authorization: string | null,
): boolean =>
  authorization !== null ||
  [client_id, client_secret, client_assertion, client_assertion_type].some((part) => part !== undefined)

/** `Type` ties the request to the grant type that judges it. */
async function answer<Type extends keyof Requests>(
  type: Type,
  request: Requests[Type],
  client: Client,
  proof: PresentedProof | null,
  grantTypes: GrantTypes,
  deps: Dependencies,
): Promise<Result<TokenResponse, Rejection>> {
  const grantType = grantTypes[type]
  if (grantType === undefined) return reject('unsupported_grant_type')
  if (!client.grantTypes.includes(type)) return reject('client_may_not_use_grant')
  const sender = await proveSender(proof, client, deps)
  if (!sender.ok) return sender
  const entitlement = await grantType.authorize(request, client, sender.value, deps)
  if (!entitlement.ok) return entitlement
  await noteUse(client, entitlement.value.grant.expiresAt, deps)
  const { value } = entitlement
  const minted = 'idJag' in value ? await mintIdJag(value, deps) : await mint(value, client, deps)
  const { entry } = value
  deps.audit(entry)
  if (deps.auditStored !== undefined && isIssue(entry)) await deps.auditStored()
  return ok(minted)
}
