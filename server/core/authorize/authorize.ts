/**
 * The authorization endpoint's judgement: a table of checks in order, one check per file.
 *
 * ```
 * 1 client known            shown here, never redirected
 * 2 redirect URI registered shown here, never redirected
 * 3 shape                   from here on errors go to the redirect URI
 * 4 response type
 * 5 code challenge
 * 6 resource
 * 7 scope
 * 8 prompt
 * 9 key
 * ```
 *
 * @see OAuth 2.1 section 4.1.2.1 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import * as v from 'valibot'
import { AuthorizationRequest } from '../../../shared/authorization-request.ts'
import type { FormRecord } from '../../../shared/form.ts'
import { ok, type Result } from '../../../shared/result.ts'
import { auditEntry } from '../audit.ts'
import { claimsOf } from '../claimed.ts'
import type { AuthorizationServerSettings, Dependencies } from '../dependencies.ts'
import type { Resource } from '../records.ts'
import { keepForSignIn } from '../registration/life.ts'
import { type Rejection, reject } from '../rejection.ts'
import { selectResource } from '../select-resource.ts'
import { findClient, type Presence, readClientId } from './client-known.ts'
import { checkCodeChallenge } from './code-challenge.ts'
import { checkDpopJkt } from './dpop-jkt.ts'
import { checkPrompt } from './prompt.ts'
import { checkRedirectable, type RedirectableRequest } from './redirectable-request.ts'
import type { AuthorizationOutcome, ValidRequest } from './request.ts'
import { checkResponseType } from './response-type-code.ts'
import { checkScope } from './scope-allowed.ts'
import { tellClient } from './seen-redirect.ts'

/** Judges the query of an authorization request. */
export async function authorize(
  query: FormRecord,
  presence: Presence,
  deps: Dependencies,
): Promise<AuthorizationOutcome> {
  const { settings, store, audit } = deps
  const clientId = readClientId(query)
  const client = clientId.ok ? await findClient(clientId.value, presence, deps) : clientId
  if (client === 'sign_in_first') return { kind: 'sign_in_first' }
  const redirectable = client.ok ? checkRedirectable(query, client.value, settings) : client
  if (!redirectable.ok) {
    const known = client.ok && client.value !== null ? { clientId: client.value.id } : {}
    const { reason } = redirectable.error
    const entry = auditEntry({ type: 'authorization_rejected', reason, ...known }, deps)
    audit({ ...entry, claimed: claimsOf(query, null) })
    return { kind: 'local_error', rejection: redirectable.error }
  }
  const request = redirectable.value
  const valid = checkRequest(query, request, await store.resources.list(), settings)
  if (valid.ok && (await keepForSignIn(request.client, deps))) return { kind: 'valid', request: valid.value }
  const reason = valid.ok ? 'unknown_client' : valid.error.reason
  const entry = auditEntry({ type: 'authorization_rejected', reason, clientId: request.client.id }, deps)
  audit({ ...entry, claimed: claimsOf(query, null) })
  if (valid.ok) return { kind: 'local_error', rejection: { reason } }
  return tellClient(request, reason, presence.userId ?? null, deps)
}

/** Checks 3 to 9, pure. */
export function checkRequest(
  query: FormRecord,
  request: RedirectableRequest,
  resources: readonly Resource[],
  settings: AuthorizationServerSettings,
): Result<ValidRequest, Rejection> {
  const shape = v.safeParse(AuthorizationRequest, query)
  if (!shape.success) return reject('malformed_request')
  const params = shape.output
  const responseType = checkResponseType(params, request.client)
  if (!responseType.ok) return responseType
  const codeChallenge = checkCodeChallenge(params)
  if (!codeChallenge.ok) return codeChallenge
  const resource = selectResource(resources, params.resource)
  if (!resource.ok) return resource
  const scopes = checkScope(params.scope, resource.value, request.client, settings.requireScope)
  if (!scopes.ok) return scopes
  const prompts = checkPrompt(params.prompt)
  if (!prompts.ok) return prompts
  const boundTo = checkDpopJkt(params.dpop_jkt)
  if (!boundTo.ok) return boundTo
  return ok({
    ...request,
    codeChallenge: codeChallenge.value,
    boundTo: boundTo.value,
    resource: resource.value,
    scopes: scopes.value,
    prompts: prompts.value,
  })
}
