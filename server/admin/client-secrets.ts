/**
 * Changing a client's secret without haste: `sallyport clients rotate-secret`.
 *
 * @see docs/adr/0103-two-secrets.md
 * @module
 */
import { ok } from '../../shared/result.ts'
import type { ClientSecret } from '../core/records.ts'
import { type AdminContext, type Outcome, refuse } from './context.ts'
import { date } from './table.ts'

/**
 * Prints the new secret, which cannot be shown again, once the new one is right in every process and what was ended is right in none.
 * `oldValidFor`: seconds that the one before is right, too.
 */
export async function rotateSecret(context: AdminContext, id: string, oldValidFor: number): Outcome {
  const { store, random, hash, now, noticed } = context
  const client = await store.clients.find(id)
  if (client === null) return refuse('There is no client of that id.')
  if (!client.authMethods.some((method) => method.startsWith('client_secret_'))) {
    return refuse('That client has no secret.')
  }
  const secret = random()
  const until = now() + oldValidFor
  const secrets = withNewSecret(client.secrets, { hash: await hash(secret), expiresAt: 0 }, until)
  if (!(await store.clients.replaceSecrets(id, client.secrets, secrets))) {
    return refuse('Somebody has just changed that secret. Nothing was changed here.')
  }
  await noticed()
  const [, old] = secrets
  const end = old === undefined ? [] : [`The one before is right until ${date(old.expiresAt)} UTC.`]
  return ok([`client_secret=${secret}`, ...end, 'Keep the secret now: only its hash is stored.'].join('\n'))
}

/** Pure. The new one and the one before, which ends at `until` unless it ends earlier. */
export function withNewSecret(
  secrets: readonly ClientSecret[],
  secret: ClientSecret,
  until: number,
): readonly ClientSecret[] {
  const before = secrets
    .slice(0, 1)
    .map(({ hash, expiresAt }) => ({ hash, expiresAt: expiresAt === 0 ? until : Math.min(expiresAt, until) }))
  return [secret, ...before]
}
