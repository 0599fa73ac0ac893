/**
 * Every migration, in order.
 *
 * @module
 */
import { initial } from './0001-initial.ts'
import { keysAndLeases } from './0002-keys-and-leases.ts'
import { signInAttempts } from './0003-sign-in-attempts.ts'
import { sessionsByUser } from './0004-sessions-by-user.ts'
import { leanTokens } from './0005-lean-tokens.ts'
import { complete } from './0006-complete.ts'
import { dpop } from './0007-dpop.ts'
import { publishedKeys } from './0008-published-keys.ts'
import { proofs } from './0009-proofs.ts'
import { identities } from './0010-identities.ts'
import { agents } from './0011-agents.ts'
import type { Migration } from './migration.ts'

export const migrations: readonly Migration[] = [
  initial,
  keysAndLeases,
  signInAttempts,
  sessionsByUser,
  leanTokens,
  complete,
  dpop,
  publishedKeys,
  proofs,
  identities,
  agents,
]
