/**
 * Dynamic client registration.
 *
 * ```
 * 1 may anyone register, or is there a token  401 invalid_token
 * 2 what is to be registered                  400 invalid_redirect_uri | invalid_client_metadata | ..._software_statement
 * 3 take one use of the token                 401 invalid_token
 * 4 store
 * ```
 *
 * @see RFC 7591 section 3
 * @see docs/adr/0106-initial-access-tokens.md
 * @module
 */
import type { ClientInformationResponse, ClientRegistrationRequest } from '../../../shared/client-metadata.ts'
import { ok, type Result } from '../../../shared/result.ts'
import { agentsBehind } from '../agents.ts'
import { auditEntry, type Circumstances } from '../audit.ts'
import type { Dependencies } from '../dependencies.ts'
import type { Client } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'
import {
  checkRegistration,
  type Offered,
  type RedirectSettings,
  type RegisteredMetadata,
} from './check-registration.ts'
import { createClientId } from './client-id.ts'
import { readInitialAccessToken } from './initial-access-token.ts'

export async function register(
  request: ClientRegistrationRequest,
  authorization: string | null,
  offered: Offered,
  deps: Dependencies,
): Promise<Result<ClientInformationResponse, Rejection>> {
  const outcome = await admit(request, readInitialAccessToken(authorization), offered, deps)
  if (!outcome.ok) deps.audit(auditEntry({ type: 'registration_rejected', reason: outcome.error.reason }, deps))
  return outcome
}

/** `token`: the initial access token that was presented. */
async function admit(
  request: ClientRegistrationRequest,
  token: string | null,
  offered: Offered,
  deps: Dependencies,
): Promise<Result<ClientInformationResponse, Rejection>> {
  const { settings, store, hash, now } = deps
  if (token === null && settings.registration.mode === 'admin_only') return reject('missing_registration_token')
  const checked = checkRegistration(request, token === null ? settings.registration : ANYWHERE, offered)
  if (!checked.ok) return checked
  if (token === null) return ok(await create(checked.value, {}, deps))
  // A use that is lost with what comes after costs less than one that counts twice.
  const name = await store.registrationTokens.use(await hash(token), now())
  if (name === null) return reject('bad_registration_token')
  return ok(await create(checked.value, { actor: `registration-token:${name}` }, deps))
}

/** An administrator vouches for whoever has a token. */
const ANYWHERE: RedirectSettings = { mode: 'open', approvedRedirects: [] }

async function create(
  metadata: RegisteredMetadata,
  permission: Pick<Circumstances, 'actor'>,
  deps: Dependencies,
): Promise<ClientInformationResponse> {
  const { settings, store, random, hash, now, audit } = deps
  const at = now()
  const carriesSecret = metadata.authMethods.some((method) => method.startsWith('client_secret_'))
  const secret = carriesSecret ? random() : null
  const client: Client = {
    ...metadata,
    id: createClientId(random),
    secrets: secret === null ? [] : [{ hash: await hash(secret), expiresAt: 0 }],
    resource: null,
    scopeCeiling: null,
    origin: 'dynamic',
    issuedAt: at,
    lastUsedAt: null,
    expiresAt: at + settings.registration.unusedLifetime,
  }
  const entry = {
    ...auditEntry({ type: 'client_registered', clientId: client.id, ...agentsBehind(client) }, deps),
    ...permission,
  }
  // 128 random bits: a taken id means that the random source is broken, which no retry mends.
  if (!(await store.clients.create(client, entry))) throw new Error('the random source repeated a client id')
  audit(entry)
  return toClientInformation(client, secret)
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
    ...(client.dpop === 'optional' ? {} : { dpop_bound_access_tokens: true }),
    ...(client.agent ? { agent: true } : {}),
    ...client.metadata,
  }
}
