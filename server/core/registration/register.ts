/**
 * Dynamic client registration.
 *
 * @see RFC 7591 section 3
 * @module
 */
import type { ClientInformationResponse, ClientRegistrationRequest } from '../../../shared/client-metadata.ts'
import { ok, type Result } from '../../../shared/result.ts'
import { auditEntry } from '../audit.ts'
import type { Dependencies } from '../dependencies.ts'
import type { Client } from '../records.ts'
import type { Rejection } from '../rejection.ts'
import { checkRegistration, type Offered } from './check-registration.ts'

export async function register(
  request: ClientRegistrationRequest,
  offered: Offered,
  deps: Dependencies,
): Promise<Result<ClientInformationResponse, Rejection>> {
  const { settings, store, random, hash, now, audit } = deps
  const checked = checkRegistration(request, settings.registration, offered)
  if (!checked.ok) {
    audit(auditEntry({ type: 'registration_rejected', reason: checked.error.reason }, deps))
    return checked
  }
  const carriesSecret = checked.value.authMethods.some((method) => method.startsWith('client_secret_'))
  const secret = carriesSecret ? random() : null
  const client: Client = {
    ...checked.value,
    id: random(16),
    secrets: secret === null ? [] : [{ hash: await hash(secret), expiresAt: 0 }],
    resource: null,
    scopeCeiling: null,
    origin: 'dynamic',
    issuedAt: now(),
  }
  const entry = auditEntry({ type: 'client_registered', clientId: client.id }, deps)
  // 128 random bits: a taken id means that the random source is broken, which no retry mends.
  if (!(await store.clients.create(client, entry))) throw new Error('the random source repeated a client id')
  audit(entry)
  return ok(toClientInformation(client, secret))
}

/** Everything that is registered, and the secret this once. */
function toClientInformation(client: Client, secret: string | null): ClientInformationResponse {
  return {
    client_id: client.id,
    client_id_issued_at: client.issuedAt,
    ...(secret === null ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
    redirect_uris: [...client.redirectUris],
    ...(client.name === null ? {} : { client_name: client.name }),
    token_endpoint_auth_method: client.authMethods[0] ?? 'none',
    grant_types: [...client.grantTypes],
    response_types: [...client.responseTypes],
    application_type: client.applicationType,
    ...(client.scope === null ? {} : { scope: client.scope }),
    ...(client.jwks === null ? {} : { jwks: client.jwks }),
    ...(client.jwksUri === null ? {} : { jwks_uri: client.jwksUri }),
    ...client.metadata,
  }
}
