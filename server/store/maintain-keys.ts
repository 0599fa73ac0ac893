/**
 * Does what the life cycle of the signing keys asks for: makes the next one, removes those that have served.
 *
 * @see docs/adr/0025-the-life-of-a-signing-key.md
 * @module
 */
import { type KeyRules, planKeys } from '../core/key-life-cycle.ts'
import type { Clock } from '../core/ports.ts'
import { generateKey, type SigningAlgorithm, unsealKey } from './key-pair.ts'
import type { KeyVault } from './key-vault.ts'
import type { SigningKey, SigningKeys } from './signing-keys.ts'

export interface KeyMaker {
  readonly keys: SigningKeys
  readonly vault: KeyVault
  /** Of new keys. */
  readonly algorithm: SigningAlgorithm
  readonly now: Clock
}

/**
 * Any number of processes may do this at once: each of its steps is taken by one of them.
 *
 * @throws {WrongSecret} when a key is to be added and the stored ones were encrypted with another secret.
 */
export async function maintainKeys(maker: KeyMaker, rules: KeyRules): Promise<void> {
  const { keys, now } = maker
  const at = now()
  const stored = await keys.list()
  for (const action of planKeys(stored, at, rules)) {
    if (action.type === 'add') await addKey(maker, stored, action.signsFrom)
    else await keys.remove(action.kid, at)
  }
}

/**
 * Makes a key to follow those that are `stored`; null when another process has made one since.
 *
 * @throws {WrongSecret}
 */
export async function addKey(
  { keys, vault, algorithm, now }: KeyMaker,
  stored: readonly SigningKey[],
  signsFrom: number,
): Promise<SigningKey | null> {
  const last = stored.at(-1)
  // Only with the right secret: a key that nobody else can read must never come to sign.
  if (last !== undefined) await unsealKey(last, vault)
  const times = { generation: (last?.generation ?? 0) + 1, createdAt: now(), signsFrom }
  const key = await generateKey(algorithm, times, vault)
  return (await keys.add(key)) ? key : null
}

/** Seals with the current secret what was sealed with the previous one. Others may be at it, too. */
export async function resealKeys(keys: SigningKeys, vault: KeyVault): Promise<void> {
  for (const { kid, sealedJwk } of await keys.list()) {
    const opened = await vault.open(sealedJwk)
    if (opened?.outdated) await keys.reseal(kid, sealedJwk, await vault.seal(opened.text))
  }
}
