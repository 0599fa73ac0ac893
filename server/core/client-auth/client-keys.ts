/**
 * The keys of clients: as registered, or as published at their `jwks_uri`, which is asked through the safe fetch. Published keys are
 * kept for a while, fetched by one at a time, and fetched again for an assertion that none of them fits.
 *
 * @see RFC 7517 section 5
 * @see RFC 7591 section 2: `jwks` and `jwks_uri`
 * @see RFC 8725 section 3.1 and section 3.10: algorithms are listed, and keys that an assertion itself brings or names are not looked at
 * @see docs/adr/0102-client-assertions.md
 * @module
 */
import { JOSEError, JWKSMultipleMatchingKeys } from 'jose/errors'
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { createLocalJWKSet, type LocalJWKSet } from 'jose/jwks/local'
import { compactVerify } from 'jose/jws/compact/verify'
import * as v from 'valibot'
import { ClientJwks } from '../../../shared/client-jwks.ts'
import { type Remembered, remember } from '../../../shared/remember.ts'
import { ok, type Result } from '../../../shared/result.ts'
import type { Outbound } from '../outbound.ts'
import type { Clock } from '../ports.ts'
import type { Client } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'
import { ASSERTION_ALGORITHMS } from './client-assertion.ts'

export interface ClientKeys {
  /** Asks for the keys that the client publishes, unless they are at hand: they will be needed soon. Waits for nothing. */
  prepare(client: Pick<Client, 'jwks' | 'jwksUri'>): void
  /** What tells the keys at a `jwks_uri` from others, in an order of its own (RFC 7638); null: they cannot be had now. */
  thumbprints(jwksUri: string): Promise<readonly string[] | null>
  /** Whether one of the client's keys signed this compact JWS. */
  verify(client: Pick<Client, 'jwks' | 'jwksUri'>, assertion: string): Promise<Result<null, Rejection>>
}

/** Times in seconds. */
const RULES = { maxAge: 300, maxStale: 3600, cooldown: 30, retryDelay: 10, onFailure: () => {} }

/** Bytes of a key set. */
const MAX_BYTES = 32 * 1024

/** How many key sets are kept. */
const MAX_SETS = 1000

export function createClientKeys({ outbound, now }: { readonly outbound: Outbound; readonly now: Clock }): ClientKeys {
  const sets = new Map<string, Remembered<LocalJWKSet>>()

  function publishedAt(url: string): Remembered<LocalJWKSet> {
    const known = sets.get(url) ?? remember(() => fetchKeys(url, outbound), { ...RULES, now })
    // At the end: the one that was used longest ago makes room.
    sets.delete(url)
    sets.set(url, known)
    if (sets.size > MAX_SETS) sets.delete(sets.keys().next().value ?? '')
    return known
  }

  return {
    prepare({ jwks, jwksUri }) {
      // Whoever verifies with them is told what is wrong.
      if (jwks === null && jwksUri !== null)
        publishedAt(jwksUri)
          .current()
          .catch(() => {})
    },

    async thumbprints(jwksUri) {
      try {
        const { keys } = (await publishedAt(jwksUri).current()).jwks()
        return (await Promise.all(keys.map((key) => calculateJwkThumbprint(key)))).sort()
      } catch (error) {
        if (error instanceof KeysUnavailable) return null
        throw error
      }
    },

    async verify({ jwks, jwksUri }, assertion) {
      if (jwks !== null) return verdict(await isSigned(assertion, createLocalJWKSet(jwks)))
      if (jwksUri === null) return reject('wrong_assertion_signature')
      const published = publishedAt(jwksUri)
      try {
        const known = await published.current()
        if (await isSigned(assertion, known)) return ok(null)
        // Perhaps by a key that is newer than our copy.
        const newer = await published.newer()
        return verdict(newer !== known && (await isSigned(assertion, newer)))
      } catch (error) {
        if (error instanceof KeysUnavailable) return reject('client_keys_unavailable')
        throw error
      }
    },
  }
}

const verdict = (signed: boolean): Result<null, Rejection> => (signed ? ok(null) : reject('wrong_assertion_signature'))

class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable'
}

async function fetchKeys(url: string, outbound: Outbound): Promise<LocalJWKSet> {
  const answer = await outbound.get(url, { accept: 'application/jwk-set+json, application/json', maxBytes: MAX_BYTES })
  if (!answer.ok) throw new KeysUnavailable(answer.error)
  try {
    return createLocalJWKSet(v.parse(ClientJwks, JSON.parse(new TextDecoder().decode(answer.value.body))))
  } catch (cause) {
    throw new KeysUnavailable('no key set', { cause })
  }
}

/** The key alone says which algorithm it is for; an assertion only chooses among keys. */
async function isSigned(assertion: string, key: LocalJWKSet | CryptoKey): Promise<boolean> {
  try {
    const options = { algorithms: [...ASSERTION_ALGORITHMS] }
    await (typeof key === 'function' ? compactVerify(assertion, key, options) : compactVerify(assertion, key, options))
    return true
  } catch (error) {
    // Without a `kid` several may fit: a set is short.
    if (error instanceof JWKSMultipleMatchingKeys) {
      for await (const one of error) if (await isSigned(assertion, one)) return true
      return false
    }
    // A key that cannot be imported is a TypeError or a DOMException of the platform: it fits nothing.
    if (error instanceof JOSEError || error instanceof TypeError || error instanceof DOMException) return false
    throw error
  }
}
