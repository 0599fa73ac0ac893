/**
 * The keys of one authorization server: fetched when first needed, cached, fetched once more for a key that is not among them.
 *
 * @see RFC 7517 section 5: the set
 * @see RFC 8725 section 3.10: `jku`, `jwk` and `x5u` of a token's header are never followed; keys come from here alone
 * @module
 */
import { createLocalJWKSet, errors } from 'jose'
import * as v from 'valibot'
import { type Remembering, remember } from '../../shared/remember.ts'
import { checkUrl } from '../../shared/url-policy.ts'
import { getJson, type Reach } from './get-json.ts'
import type { JwsHeader } from './jws.ts'
import { createSignatureCheck, type SignatureCheck } from './signature-check.ts'

/** Anyone's key set. What each key must look like is the library's business. */
const ForeignKeySet = v.object({ keys: v.pipe(v.array(v.looseObject({ kty: v.string() })), v.maxLength(100)) })

/** Thrown when the keys cannot be had, which says nothing about the token. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError'
}

/** The keys of one issuer, and the set that each was found in: another set is another object. */
export interface KeyFinder {
  /** The set as it is published. Rejects with `KeysUnavailableError`. */
  current(): Promise<object>
  /** Rejects with `KeysUnavailableError`, or jose's `JWKSNoMatchingKey` for a key that even a fresh set does not have. */
  find(header: JwsHeader): Promise<{ readonly check: SignatureCheck; readonly keySet: object }>
}

/** `locate` names the set's URL; it is asked before every fetch and answers from its own cache. */
export function createKeyFinder(locate: () => Promise<string>, reach: Reach, rules: Remembering): KeyFinder {
  const keySet = remember(async () => {
    const { status, body } = await getJson(reach, await locate())
    if (status !== 200) throw new Error(`the key set answered ${status}`)
    return createChecks(v.parse(ForeignKeySet, body))
  }, rules)
  const orUnavailable = (cause: unknown): never => {
    throw new KeysUnavailableError('The keys of the authorization server cannot be fetched.', { cause })
  }

  const current = () => keySet.current().catch(orUnavailable)

  return {
    current,
    async find(header) {
      const known = await current()
      try {
        return { check: await known(header), keySet: known }
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      }
      const fresh = await keySet.newer().catch(orUnavailable)
      return { check: await fresh(header), keySet: fresh }
    },
  }
}

/** The library chooses the key that fits kid and algorithm, and imports it for that algorithm. Once per key. */
function createChecks(keySet: v.InferOutput<typeof ForeignKeySet>): (header: JwsHeader) => Promise<SignatureCheck> {
  const keyFor = createLocalJWKSet(keySet)
  const checks = new WeakMap<CryptoKey, SignatureCheck>()
  return async ({ alg, kid }) => {
    const key = await keyFor(kid === undefined ? { alg } : { alg, kid })
    const check = checks.get(key) ?? createSignatureCheck(key)
    checks.set(key, check)
    return check
  }
}

/** The URL that a server's metadata names, if the URL policy allows it beside the issuer. */
export function keySetUrl(issuer: string, jwksUri: string | undefined): string {
  const checked = checkUrl(jwksUri ?? '', issuer)
  if (!checked.ok) throw new Error(`the jwks_uri of the authorization server cannot be used: ${checked.error}`)
  return checked.value.href
}
