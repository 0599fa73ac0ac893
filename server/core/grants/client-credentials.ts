/**
 * The `client_credentials` grant: a client acts for itself, at one resource, with no person behind it.
 *
 * @see RFC 6749 section 4.4: confidential clients only, no refresh token
 * @see RFC 8707 section 2.2: the audience
 * @see RFC 9068 section 2.2: `sub` is the client
 * @see docs/adr/0100-machine-tokens.md
 * @module
 */
import { ok } from '../../../shared/result.ts'
import { agentsBehind } from '../agents.ts'
import { auditEntry } from '../audit.ts'
import { checkScope } from '../authorize/scope-allowed.ts'
import { isConfidential } from '../client-auth/is-confidential.ts'
import { reject } from '../rejection.ts'
import { selectResource } from '../select-resource.ts'
import { admitResource, useProof } from '../sender.ts'
import type { GrantType } from './grant-type.ts'

export const clientCredentials: GrantType<'client_credentials'> = {
  type: 'client_credentials',

  async authorize(request, client, sender, deps) {
    const proof = await useProof(sender, deps)
    if (!proof.ok) return proof
    // Whoever registered itself was looked at by nobody, and no person will be asked.
    if (!isConfidential(client) || client.origin !== 'administrator') return reject('client_may_not_use_grant')
    const resource = selectResource(await deps.store.resources.list(), request.resource)
    if (!resource.ok) return resource
    const admission = admitResource(resource.value, sender)
    if (!admission.ok) return admission
    const scopes = checkScope(request.scope, resource.value, client, deps.settings.requireScope)
    if (!scopes.ok) return scopes
    const { identifier } = resource.value
    const itself = { userId: client.id, clientId: client.id, resource: identifier }
    const issued = { clientId: client.id, resource: identifier, ...agentsBehind(client) }
    return ok({
      grant: { id: null, expiresAt: Number.POSITIVE_INFINITY, ...itself },
      scopes: scopes.value,
      admission: admission.value,
      proof: proof.value,
      refreshToken: null,
      entry: auditEntry({ type: 'machine_token_issued', ...issued }, deps),
    })
  },
}
