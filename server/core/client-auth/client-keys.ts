/**
 * The keys of clients: as registered, or as published at their `jwks_uri`, which is asked through the safe fetch. Published keys are
 * kept for a while, here and in the store for every process, fetched by one at a time, and fetched again for an assertion that none of them
 * fits. Clients that were never used, which anybody can register by the thousand, have a share of their own of what is kept and of what is asked.
 *
 * @see RFC 7517 section 5
 * @see RFC 7591 section 2: `jwks` and `jwks_uri`
 * @see RFC 8725 section 3.1 and section 3.10: algorithms are listed, and keys that an assertion itself brings or names are not looked at
 * @see docs/adr/0102-client-assertions.md
 * @see docs/adr/0125-published-keys-are-stored.md
 * @module
 */
import { createLocalJWKSet, type LocalJWKSet } from 'jose/jwks/local'
import * as v from 'valibot'
import { ClientJwks } from '../../../shared/client-jwks.ts'
import { type Loaded, type Remembered, remember } from '../../../shared/remember.ts'
import { ok, type Result } from '../../../shared/result.ts'
import { KEPT_THROUGH_OUTAGE, KEPT_UNUSED } from '../client-documents/client-document.ts'
import { OUTAGES } from '../client-documents/client-documents.ts'
import { isSigned } from '../is-signed.ts'
import type { Outbound, OutboundFailure } from '../outbound.ts'
import type { Clock, PublishedKeys } from '../ports.ts'
import type { Client } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'
import { ASSERTION_ALGORITHMS } from './client-assertion.ts'
import { keyThumbprints } from './key-thumbprints.ts'

/** Whose keys they are. */
type Owner = Pick<Client, 'jwks' | 'jwksUri' | 'origin' | 'lastUsedAt'>

export interface ClientKeys {
  /** Asks for the keys that the client publishes, unless they are at hand: they will be needed soon. Waits for nothing. */
  prepare(client: Owner): void
  /** What tells the client's keys from others; null: they cannot be had now. */
  thumbprints(client: Owner): Promise<readonly string[] | null>
  /** Whether one of the client's keys signed this compact JWS. */
  verify(client: Owner, assertion: string): Promise<Result<null, Rejection>>
}

/** Times in seconds. */
const RULES = {
  maxAge: 300,
  maxStale: KEPT_THROUGH_OUTAGE,
  cooldown: 30,
  retryDelay: 10,
  onFailure: () => {},
  mayServe: isOutage,
}

/** Bytes of a key set. */
const MAX_BYTES = 32 * 1024

/** How many key sets are kept of clients that were used, and of those that were not. */
const MAX_SETS = 1000

export interface ClientKeysPorts {
  readonly outbound: Outbound
  /** For clients that were never used. Default: the same. */
  readonly outboundForUnused?: Outbound | undefined
  readonly store: { readonly publishedKeys: PublishedKeys }
  readonly now: Clock
}

interface Published {
  isUsed: boolean
  readonly keys: Remembered<LocalJWKSet>
}

export function createClientKeys(ports: ClientKeysPorts): ClientKeys {
  const publishedAt = createShares(ports)
  return {
    prepare(client) {
      // Whoever verifies with them is told what is wrong.
      if (client.jwks === null && client.jwksUri !== null)
        publishedAt(client.jwksUri, client)
          .then((published) => published.current())
          .catch(() => {})
    },

    async thumbprints(client) {
      const { jwks, jwksUri } = client
      if (jwks !== null || jwksUri === null) return keyThumbprints(jwks ?? { keys: [] })
      try {
        const published = await publishedAt(jwksUri, client)
        return await keyThumbprints((await published.current()).jwks())
      } catch (error) {
        if (error instanceof KeysUnavailable) return null
        throw error
      }
    },

    async verify(client, assertion) {
      const { jwks, jwksUri } = client
      if (jwks !== null) return verdict(await isSigned(assertion, createLocalJWKSet(jwks), ASSERTION_ALGORITHMS))
      if (jwksUri === null) return reject('wrong_assertion_signature')
      const published = await publishedAt(jwksUri, client)
      try {
        const known = await published.current()
        if (await isSigned(assertion, known, ASSERTION_ALGORITHMS)) return ok(null)
        // Perhaps by a key that is newer than our copy.
        const newer = await published.newer()
        return verdict(newer !== known && (await isSigned(assertion, newer, ASSERTION_ALGORITHMS)))
      } catch (error) {
        if (error instanceof KeysUnavailable) return reject('client_keys_unavailable')
        throw error
      }
    },
  }
}

/** What is kept of clients that were used, and of those that were not. */
function createShares({ outbound, outboundForUnused = outbound, store: { publishedKeys }, now }: ClientKeysPorts) {
  const used = new Map<string, Published>()
  const unused = new Map<string, Published>()

  function publish(url: string, isUsed: boolean): Published {
    const keptFrom = (at: number) => at + (published.isUsed ? RULES.maxAge + RULES.maxStale : KEPT_UNUSED)

    async function load(): Promise<LocalJWKSet> {
      const jwks = await fetchKeys(url, published.isUsed ? outbound : outboundForUnused)
      const fetchedAt = now()
      await publishedKeys.put({ jwksUri: url, jwks, fetchedAt, keptUntil: keptFrom(fetchedAt) })
      return createLocalJWKSet(jwks)
    }

    async function recall(): Promise<Loaded<LocalJWKSet> | null> {
      const known = await publishedKeys.find(url)
      if (known === null) return null
      // They were fetched for the first use, of which there has been one since.
      if (known.keptUntil < keptFrom(known.fetchedAt)) await publishedKeys.keep(url, keptFrom(known.fetchedAt))
      return { value: createLocalJWKSet(known.jwks), at: known.fetchedAt }
    }

    const published: Published = { isUsed, keys: remember(load, { ...RULES, now }, recall) }
    return published
  }

  return async (url: string, owner: Owner): Promise<Remembered<LocalJWKSet>> => {
    const isUsed = owner.origin === 'administrator' || owner.lastUsedAt !== null
    const share = isUsed ? used : unused
    // What was fetched for its first use serves on.
    const known = share.get(url) ?? (isUsed ? unused.get(url) : undefined) ?? publish(url, isUsed)
    const isFirstUse = isUsed && !known.isUsed
    if (isFirstUse) unused.delete(url)
    known.isUsed = isUsed
    // At the end: the one that was used longest ago makes room.
    share.delete(url)
    share.set(url, known)
    if (share.size > MAX_SETS) share.delete(share.keys().next().value ?? '')
    // Where the store cannot keep them, the worst is that they are asked for again.
    if (isFirstUse) await publishedKeys.keep(url, now() + RULES.maxAge + RULES.maxStale).catch(() => {})
    return known.keys
  }
}

const verdict = (signed: boolean): Result<null, Rejection> => (signed ? ok(null) : reject('wrong_assertion_signature'))

class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable'
  /** Undefined: what was answered is no key set. */
  readonly failure: OutboundFailure | undefined

  constructor(failure?: OutboundFailure, options?: ErrorOptions) {
    super(failure ?? 'no key set', options)
    this.failure = failure
  }
}

/** An answer that is no key set withdraws the keys; what says nothing about them does not. */
function isOutage(error: unknown): boolean {
  return !(error instanceof KeysUnavailable) || (error.failure !== undefined && OUTAGES.includes(error.failure))
}

async function fetchKeys(url: string, outbound: Outbound): Promise<ClientJwks> {
  const answer = await outbound.get(url, { accept: 'application/jwk-set+json, application/json', maxBytes: MAX_BYTES })
  if (!answer.ok) throw new KeysUnavailable(answer.error)
  try {
    return v.parse(ClientJwks, JSON.parse(new TextDecoder().decode(answer.value.body)))
  } catch (cause) {
    throw new KeysUnavailable(undefined, { cause })
  }
}
