/**
 * Clients that an administrator registers: `sallyport clients ...`.
 *
 * @module
 */
import { classifyRedirectUri } from '../../shared/redirect-uri.ts'
import { ok } from '../../shared/result.ts'
import { isConfidential } from '../core/client-auth/is-confidential.ts'
import type { Client } from '../core/records.ts'
import { type AdminContext, type Outcome, refuse } from './context.ts'
import { date, day, table } from './table.ts'

export interface NewClient {
  readonly name: string
  readonly redirectUris: readonly string[]
  /** Whether it gets a secret, for a client that can keep one. */
  readonly confidential: boolean
  /** The most that it may ask for; null: whatever the resource offers. */
  readonly scopeCeiling: readonly string[] | null
}

/** Prints the secret, which cannot be shown again. */
export async function addClient({ store, random, hash, now }: AdminContext, wanted: NewClient): Outcome {
  for (const uri of wanted.redirectUris) {
    const kind = classifyRedirectUri(uri)
    if (!kind.ok) return refuse(`${uri} cannot be a redirect URI: ${kind.error.replaceAll('_', ' ')}.`)
  }
  const secret = wanted.confidential ? random() : null
  const client = toClient(wanted, random(16), secret === null ? null : await hash(secret), now())
  if (!(await store.clients.create(client))) return refuse('The client could not be registered. Try again.')
  const lines = [`client_id=${client.id}`]
  if (secret !== null) lines.push(`client_secret=${secret}`, 'Keep the secret now: only its hash is stored.')
  return ok(lines.join('\n'))
}

export async function removeClient({ store, now }: AdminContext, id: string): Outcome {
  return (await store.clients.remove(id, now()))
    ? ok(`Removed ${id} and revoked everything that it was granted.`)
    : refuse('There is no client of that id.')
}

export async function listClients({ store }: AdminContext): Outcome {
  const rows = (await store.clients.list()).map((client) => [
    client.id,
    client.name ?? '',
    isConfidential(client) ? 'confidential' : 'public',
    client.origin,
    date(client.issuedAt),
    client.lastUsedAt === null ? 'never' : day(client.lastUsedAt),
    client.expiresAt === null ? 'for ever' : day(client.expiresAt),
    client.redirectUris.join(' '),
  ])
  const header = ['ID', 'NAME', 'KIND', 'REGISTERED BY', 'AT (UTC)', 'LAST USED', 'KEPT UNTIL', 'REDIRECT URIS']
  return ok(table(header, rows, 'No clients yet.'))
}

const toClient = (wanted: NewClient, id: string, secretHash: string | null, now: number): Client => ({
  id,
  name: wanted.name,
  redirectUris: [...new Set(wanted.redirectUris)],
  authMethods: [secretHash === null ? 'none' : 'client_secret_basic'],
  secrets: secretHash === null ? [] : [{ hash: secretHash, expiresAt: 0 }],
  jwks: null,
  jwksUri: null,
  grantTypes: ['authorization_code', 'refresh_token'],
  responseTypes: ['code'],
  applicationType: wanted.redirectUris.every((uri) => uri.startsWith('https:')) ? 'web' : 'native',
  scope: null,
  scopeCeiling: wanted.scopeCeiling,
  resource: null,
  metadata: {},
  origin: 'administrator',
  issuedAt: now,
  lastUsedAt: null,
  expiresAt: null,
})
