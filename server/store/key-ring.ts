/**
 * The signing keys in memory, opened once each. They are read again when they are no longer fresh, so that every process follows what
 * another one did.
 *
 * @module
 */
import { createLocalJWKSet } from 'jose/jwks/local'
import type { JsonWebKeySet } from '../../shared/json-web-key-set.ts'
import { KEY_RELOAD_INTERVAL } from '../core/key-life-cycle.ts'
import type { Clock } from '../core/ports.ts'
import { type KeyPair, unsealKey, WrongSecret } from './key-pair.ts'
import type { KeyVault } from './key-vault.ts'
import type { SigningKey, SigningKeys } from './signing-keys.ts'

/** What was in the store at a time. */
export interface KeyRing {
  readonly loadedAt: number
  readonly stored: readonly SigningKey[]
  /** By kid. */
  readonly pairs: ReadonlyMap<string, KeyPair>
  readonly published: JsonWebKeySet
  readonly find: ReturnType<typeof createLocalJWKSet>
  readonly algorithms: readonly string[]
}

export interface KeyRingOptions {
  readonly keys: SigningKeys
  readonly vault: KeyVault
  readonly now: Clock
  /** Told once of each key that appears later and cannot be opened. */
  readonly onFailure: (error: unknown) => void
}

export interface KeyRings {
  /** One that is not older than so many seconds. */
  current(maxAge?: number): Promise<KeyRing>
  /** The same, or an older one while the store cannot be read. */
  lasting(): Promise<KeyRing>
}

/** @throws {WrongSecret} when one of the keys cannot be opened. */
export async function openKeyRings(options: KeyRingOptions): Promise<KeyRings> {
  const { now, onFailure } = options
  const unknown = new Set<string>()
  let ring = await load(options, new Map(), (_, error) => {
    throw error
  })
  let triedAt = ring.loadedAt
  let pending: Promise<KeyRing> | undefined

  const reload = async (): Promise<KeyRing> => {
    triedAt = now()
    try {
      // A key of another secret is none of ours; those that were opened before go on.
      ring = await load(options, ring.pairs, (kid, error) => {
        if (!unknown.has(kid)) onFailure(error)
        unknown.add(kid)
      })
      return ring
    } finally {
      pending = undefined
    }
  }
  const current = async (maxAge = KEY_RELOAD_INTERVAL): Promise<KeyRing> => {
    if (now() - ring.loadedAt < maxAge) return ring
    pending ??= reload()
    return pending
  }
  return {
    current,
    async lasting() {
      if (now() - triedAt < KEY_RELOAD_INTERVAL) return ring
      return current().catch(() => ring)
    },
  }
}

async function load(
  { keys, vault, now }: KeyRingOptions,
  known: ReadonlyMap<string, KeyPair>,
  onUnknown: (kid: string, error: WrongSecret) => void,
): Promise<KeyRing> {
  const loadedAt = now()
  const stored = await keys.list()
  const pairs = new Map<string, KeyPair>()
  for (const key of stored) {
    try {
      pairs.set(key.kid, known.get(key.kid) ?? (await unsealKey(key, vault)))
    } catch (error) {
      if (!(error instanceof WrongSecret)) throw error
      onUnknown(key.kid, error)
    }
  }
  const published = { keys: [...pairs.values()].map(({ publicJwk }) => publicJwk) }
  const algorithms = [...new Set(published.keys.map(({ alg }) => alg))]
  return { loadedAt, stored, pairs, published, find: createLocalJWKSet(published), algorithms }
}
