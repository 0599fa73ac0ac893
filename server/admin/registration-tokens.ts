/**
 * Initial access tokens, which let others register clients: `sallyport registration-tokens ...`.
 *
 * @see RFC 7591 section 3
 * @see docs/adr/0106-initial-access-tokens.md
 * @module
 */
import { ok } from '../../shared/result.ts'
import { type AdminContext, type Outcome, refuse } from './context.ts'
import { date, table } from './table.ts'

export interface NewRegistrationToken {
  readonly name: string
  /** Seconds. */
  readonly lifetime: number
  /** How many clients it may register; null: as many as it likes. */
  readonly uses: number | null
}

/** Prints the token, which cannot be shown again. */
export async function createRegistrationToken(
  { store, random, hash, now }: AdminContext,
  { name, lifetime, uses }: NewRegistrationToken,
): Outcome {
  const token = random()
  const record = { name, hash: await hash(token), createdAt: now(), expiresAt: now() + lifetime, usesLeft: uses }
  if (!(await store.registrationTokens.create(record))) return refuse('There is a token of that name already.')
  const clients = uses === null ? 'clients' : uses === 1 ? 'one client' : `${uses} clients`
  return ok(
    [
      `initial_access_token=${token}`,
      `Registers ${clients} until ${date(record.expiresAt)} UTC: POST /oauth/register with Authorization: Bearer TOKEN.`,
      'Keep it now: only its hash is stored.',
    ].join('\n'),
  )
}

export async function revokeRegistrationToken({ store }: AdminContext, name: string): Outcome {
  return (await store.registrationTokens.remove(name))
    ? ok(`Revoked ${name}. What was registered with it stays.`)
    : refuse('There is no token of that name.')
}

export async function listRegistrationTokens({ store, now }: AdminContext): Outcome {
  const at = now()
  const rows = (await store.registrationTokens.list()).map(({ name, createdAt, expiresAt, usesLeft }) => [
    name,
    date(createdAt),
    expiresAt <= at ? 'expired' : date(expiresAt),
    usesLeft === null ? 'any number' : String(usesLeft),
  ])
  return ok(table(['NAME', 'CREATED (UTC)', 'UNTIL (UTC)', 'CLIENTS LEFT'], rows, 'No registration tokens.'))
}
