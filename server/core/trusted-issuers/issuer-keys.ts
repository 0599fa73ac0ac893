/**
 * The keys of trusted issuers: pinned in the settings, or as they are published, which is asked for through the safe fetch. Published keys are kept
 * for as long as their publisher says, within bounds, here and in the store for every process; fetched by one at a time, and fetched again for an
 * assertion that none of them fits. While no others can be had, the last good ones serve on.
 *
 * @see RFC 7517 section 5
 * @see RFC 9111 section 4.2: freshness
 * @see docs/adr/0186-keys-of-issuers.md
 * @module
 */
import { createLocalJWKSet, type LocalJWKSet } from 'jose/jwks/local'
import * as v from 'valibot'
import { ClientJwks } from '../../../shared/client-jwks.ts'
import { freshUntil } from '../../../shared/http-freshness.ts'
import { type Loaded, type Remembered, remember } from '../../../shared/remember.ts'
import { ok, type Result } from '../../../shared/result.ts'
import { KEPT_THROUGH_OUTAGE } from '../client-documents/client-document.ts'
import { OUTAGES } from '../client-documents/client-documents.ts'
import { isSigned } from '../is-signed.ts'
import type { Outbound } from '../outbound.ts'
import type { Clock, PublishedKeys } from '../ports.ts'
import { type Rejection, reject } from '../rejection.ts'
import { findKeysOf, IssuerUnavailable, readJson } from './discover.ts'
import type { TrustedIssuer } from './trusted-issuer.ts'

export interface IssuerKeys {
  /** Whether one of the issuer's keys signed this compact JWS, with an algorithm that it may use. */
  verify(issuer: TrustedIssuer, assertion: string): Promise<Result<null, Rejection>>
}

export interface IssuerKeysPorts {
  readonly outbound: Outbound
  readonly store: { readonly publishedKeys: PublishedKeys }
  readonly now: Clock
}

/** For how many seconds keys are used without asking again, whatever their publisher says; and where another process has fetched them. */
const FRESH = { least: 30, most: 3600, recalled: 300 }

/** Bytes of a key set. Some hold certificates, too. */
const MAX_BYTES = 64 * 1024

interface Keys {
  readonly set: LocalJWKSet
  readonly freshFor: number
}

export function createIssuerKeys(ports: IssuerKeysPorts): IssuerKeys {
  const remembered = new Map<string, Remembered<Keys>>()
  const publishedBy = (issuer: TrustedIssuer): Remembered<Keys> => {
    const known = remembered.get(issuer.issuer) ?? rememberKeys(issuer, ports)
    remembered.set(issuer.issuer, known)
    return known
  }

  return {
    async verify(issuer, assertion) {
      const { keys, algorithms } = issuer
      if (keys.kind === 'pinned') return verdict(await isSigned(assertion, createLocalJWKSet(keys.jwks), algorithms))
      const published = publishedBy(issuer)
      try {
        const known = await published.current()
        if (await isSigned(assertion, known.set, algorithms)) return ok(null)
        // Perhaps by a key that is newer than our copy.
        const newer = await published.newer()
        return verdict(newer !== known && (await isSigned(assertion, newer.set, algorithms)))
      } catch (error) {
        if (error instanceof IssuerUnavailable) return reject('issuer_keys_unavailable')
        throw error
      }
    },
  }
}

const verdict = (signed: boolean): Result<null, Rejection> =>
  signed ? ok(null) : reject('wrong_grant_assertion_signature')

/** Times in seconds. */
const RULES = {
  maxAge: ({ freshFor }: Keys) => freshFor,
  maxStale: KEPT_THROUGH_OUTAGE,
  cooldown: 30,
  retryDelay: 10,
  onFailure: () => {},
  mayServe: isOutage,
}

function rememberKeys(issuer: TrustedIssuer, { outbound, store, now }: IssuerKeysPorts): Remembered<Keys> {
  const { publishedKeys } = store
  const name = nameOf(issuer)

  async function load(): Promise<Keys> {
    const url = issuer.keys.kind === 'published' ? issuer.keys.jwksUri : await findKeysOf(issuer.issuer, outbound)
    const accept = 'application/jwk-set+json, application/json'
    const { json, headers } = await readJson(url, { accept, maxBytes: MAX_BYTES }, outbound)
    const parsed = v.safeParse(ClientJwks, json)
    if (!parsed.success) throw new IssuerUnavailable()
    const fetchedAt = now()
    const keptUntil = fetchedAt + FRESH.most + KEPT_THROUGH_OUTAGE
    await publishedKeys.put({ jwksUri: name, jwks: parsed.output, fetchedAt, keptUntil })
    const freshFor = Math.min(Math.max(freshUntil(headers, fetchedAt) - fetchedAt, FRESH.least), FRESH.most)
    return { set: createLocalJWKSet(parsed.output), freshFor }
  }

  async function recall(): Promise<Loaded<Keys> | null> {
    const known = await publishedKeys.find(name)
    if (known === null) return null
    return { value: { set: createLocalJWKSet(known.jwks), freshFor: FRESH.recalled }, at: known.fetchedAt }
  }

  return remember(load, { ...RULES, now }, recall)
}

/** What its keys are stored under. No client can name the second as its `jwks_uri`. */
const nameOf = ({ issuer, keys }: TrustedIssuer): string =>
  keys.kind === 'published' ? keys.jwksUri : `discovered: ${issuer}`

/** An answer that is no key set withdraws the keys; what says nothing about them does not. */
function isOutage(error: unknown): boolean {
  return !(error instanceof IssuerUnavailable) || (error.failure !== undefined && OUTAGES.includes(error.failure))
}
