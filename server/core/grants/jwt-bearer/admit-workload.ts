/**
 * What a workload may have: a token of its own at one of the resources of its rule, with no person behind it.
 *
 * @see MCP extension io.modelcontextprotocol/auth/wif, a draft (SEP-1933)
 * @see RFC 7800 section 3.1: an assertion that is bound to a key is for whoever proves it
 * @see docs/adr/0187-workloads-are-rules.md
 * @module
 */
import { ok, type Result } from '../../../../shared/result.ts'
import type { JwtBearerRequest } from '../../../../shared/token-request.ts'
import { agentsBehind } from '../../agents.ts'
import { auditEntry } from '../../audit.ts'
import { checkScope } from '../../authorize/scope-allowed.ts'
import type { Dependencies } from '../../dependencies.ts'
import { type Rejection, reject, rejectAssertion } from '../../rejection.ts'
import { namesResource, selectResource } from '../../select-resource.ts'
import { admitResource, type Sender, useProof } from '../../sender.ts'
import type { Entitlement } from '../grant-type.ts'
import { checkConfirmation } from './check-id-jag.ts'
import { useOf } from './once.ts'
import { readClaims } from './read-assertion.ts'
import { type KnownWorkload, WorkloadClaims } from './workloads.ts'

/** `request`: the one that was found to be of this workload, so its issuer has said what it says. */
export async function admitWorkload(
  request: JwtBearerRequest,
  known: KnownWorkload,
  sender: Sender,
  deps: Dependencies,
): Promise<Result<Entitlement, Rejection>> {
  const claims = readClaims(request.assertion, WorkloadClaims)
  if (claims === null) return reject('malformed_grant_assertion')
  const admitted = await admit(request, claims, known, sender, deps)
  return admitted.ok ? admitted : rejectAssertion(admitted.error, { issuer: claims.iss, subject: claims.sub })
}

async function admit(
  request: JwtBearerRequest,
  claims: WorkloadClaims,
  { workload, issuer, client }: KnownWorkload,
  sender: Sender,
  deps: Dependencies,
): Promise<Result<Entitlement, Rejection>> {
  const proof = await useProof(sender, deps)
  if (!proof.ok) return proof
  const confirmed = checkConfirmation(claims['cnf'], sender)
  if (!confirmed.ok) return confirmed
  const resources = (await deps.store.resources.list()).filter((resource) =>
    workload.resources.some((name) => namesResource(resource, name)),
  )
  const resource = selectResource(resources, request.resource)
  if (!resource.ok) return resource
  const admission = admitResource(resource.value, sender)
  if (!admission.ok) return admission
  const scopes = checkScope(request.scope, resource.value, client, deps.settings.requireScope)
  if (!scopes.ok) return scopes
  const { identifier } = resource.value
  if (!issuer.reusable) {
    const { key, expiresAt } = useOf(claims)
    if (!(await deps.store.replays.remember(key, expiresAt, deps.now()))) return reject('replayed_grant_assertion')
  }
  const itself = { userId: client.id, clientId: client.id, resource: identifier }
  const issued = { clientId: client.id, resource: identifier, name: `${claims.iss} ${claims.sub}` }
  return ok({
    grant: { id: null, expiresAt: Number.POSITIVE_INFINITY, ...itself },
    scopes: scopes.value,
    admission: admission.value,
    proof: proof.value,
    refreshToken: null,
    entry: auditEntry({ type: 'workload_token_issued', ...issued, ...agentsBehind(client) }, deps),
  })
}
