/**
 * Clients that an administrator registers: `sallyport clients ...`.
 *
 * @module
 */
import { looksLikeUrl } from '../../shared/client-id-url.ts'
import { classifyRedirectUri } from '../../shared/redirect-uri.ts'
import { ok } from '../../shared/result.ts'
import { TOKEN_EXCHANGE_GRANT } from '../../shared/token-exchange.ts'
import { JWT_BEARER_GRANT } from '../../shared/token-request.ts'
import { isConfidential } from '../core/client-auth/is-confidential.ts'
import type { Client, DpopPolicy } from '../core/records.ts'
import { checkKeys } from '../core/registration/check-registration.ts'
import { createClientId } from '../core/registration/client-id.ts'
import { type AdminContext, type Outcome, refuse } from './context.ts'
import { date, day, table } from './table.ts'

export interface NewClient {
  readonly name: string
  /** None for a client that nobody signs in to. */
  readonly redirectUris: readonly string[]
  readonly proof: ClientProof
  /** Whether it gets tokens of its own, without a person. */
  readonly clientCredentials: boolean
  /** Whether it exchanges tokens, as far as the settings permit. Default: false. */
  readonly tokenExchange?: boolean
  /** Whether it may redeem ID-JAGs. Default: false. */
  readonly enterprise?: boolean
  /** The identifier of the resource that it is; null: it is none. */
  readonly resource: string | null
  /** The most that it may ask for; null: whatever the resource offers. */
  readonly scopeCeiling: readonly string[] | null
  /** Whether its tokens must be bound to a key. */
  readonly dpop: DpopPolicy
  /** Whether it acts by itself. */
  readonly agent: boolean
}

/** How it proves itself: not at all, by a secret that it is given, or by keys of its own. */
export type ClientProof =
  | { readonly type: 'none' | 'secret' }
  | { readonly type: 'keys'; readonly jwks?: unknown; readonly jwks_uri?: string }

/** Prints the secret, which cannot be shown again. */
export async function addClient(
  { store, random, hash, now }: Pick<AdminContext, 'store' | 'random' | 'hash' | 'now'>,
  wanted: NewClient,
): Outcome {
  const problem = checkWanted(wanted)
  if (problem !== null) return refuse(problem)
  const { proof } = wanted
  const keys = proof.type === 'keys' ? checkKeys(proof, 'private_key_jwt') : ok({ jwks: null, jwksUri: null })
  if (!keys.ok) {
    return refuse(
      'The keys must be public keys for signing, and nothing private; a URL of keys must be https and public.',
    )
  }
  const secret = proof.type === 'secret' ? random() : null
  const secrets = secret === null ? [] : [{ hash: await hash(secret), expiresAt: 0 }]
  const client = { ...toClient(wanted, createClientId(random), now()), ...keys.value, secrets }
  if (!(await store.clients.create(client))) return refuse('The client could not be registered. Try again.')
  const lines = [`client_id=${client.id}`]
  if (secret !== null) lines.push(`client_secret=${secret}`, 'Keep the secret now: only its hash is stored.')
  return ok(lines.join('\n'))
}

/** Pure. Null: all is well. */
function checkWanted({
  redirectUris,
  proof,
  clientCredentials,
  tokenExchange = false,
  enterprise = false,
  resource,
}: NewClient): string | null {
  for (const uri of redirectUris) {
    const kind = classifyRedirectUri(uri)
    if (!kind.ok) return `${uri} cannot be a redirect URI: ${kind.error.replaceAll('_', ' ')}.`
  }
  const actsForItself = clientCredentials || tokenExchange || resource !== null
  if (redirectUris.length === 0 && !actsForItself && !enterprise)
    return 'A client that people sign in to needs a --redirect-uri.'
  if (actsForItself && proof.type === 'none') {
    return 'A client that acts for itself must prove who it is: --secret, --jwks or --jwks-uri.'
  }
  if (resource !== null && (!URL.canParse(resource) || resource.includes('#'))) {
    return 'A resource is identified by an absolute URL without a fragment.'
  }
  return null
}

/** Once it is done, it is true in every process. */
export async function removeClient({ store, now, noticed }: AdminContext, id: string): Outcome {
  const { remove } = looksLikeUrl(id) ? store.clientDocuments : store.clients
  if (!(await remove(id, now()))) return refuse('There is no client of that id.')
  await noticed()
  return ok(`Removed ${id} and revoked everything that it was granted.`)
}

export async function listClients({ store }: Pick<AdminContext, 'store'>): Outcome {
  const rows = (await store.clients.list()).map((client) => [
    client.id,
    client.name ?? '',
    `${isConfidential(client) ? 'confidential' : 'public'}${client.agent ? ' agent' : ''}`,
    client.origin,
    date(client.issuedAt),
    client.lastUsedAt === null ? 'never' : date(client.lastUsedAt),
    client.expiresAt === null ? 'for ever' : day(client.expiresAt),
    client.redirectUris.join(' '),
  ])
  const header = ['ID', 'NAME', 'KIND', 'REGISTERED BY', 'AT (UTC)', 'LAST USED', 'KEPT UNTIL', 'REDIRECT URIS']
  return ok(table(header, rows, 'No clients yet.'))
}

const METHODS = { none: 'none', secret: 'client_secret_basic', keys: 'private_key_jwt' } as const

const toClient = (wanted: NewClient, id: string, now: number): Omit<Client, 'jwks' | 'jwksUri' | 'secrets'> => {
  const forPeople = wanted.redirectUris.length > 0
  return {
    id,
    name: wanted.name,
    redirectUris: [...new Set(wanted.redirectUris)],
    authMethods: [METHODS[wanted.proof.type]],
    grantTypes: [
      ...(forPeople ? ['authorization_code', 'refresh_token'] : []),
      ...(wanted.clientCredentials ? ['client_credentials'] : []),
      ...(wanted.tokenExchange === true ? [TOKEN_EXCHANGE_GRANT] : []),
      ...(wanted.enterprise === true ? [JWT_BEARER_GRANT] : []),
    ],
    responseTypes: forPeople ? ['code'] : [],
    applicationType: wanted.redirectUris.every((uri) => uri.startsWith('https:')) ? 'web' : 'native',
    scope: null,
    scopeCeiling: wanted.scopeCeiling,
    resource: wanted.resource,
    dpop: wanted.dpop,
    agent: wanted.agent,
    metadata: {},
    origin: 'administrator',
    issuedAt: now,
    lastUsedAt: null,
    expiresAt: null,
  }
}
