/**
 * The keys of one authorization server: fetched when first needed, cached, fetched once more for a key that is not among them.
 *
 * @see RFC 7517 section 5: the set
 * @see RFC 8725 section 3.10: `jku`, `jwk` and `x5u` of a token's header are never followed; keys come from here alone
 * @module
 */
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose'
import * as v from 'valibot'
import { checkUrl } from '../../shared/url-policy.ts'
import { getJson, type Reach } from './get-json.ts'
import { type Remembering, remember } from './remember.ts'

/** Anyone's key set. What each key must look like is the library's business. */
const ForeignKeySet = v.object({ keys: v.pipe(v.array(v.looseObject({ kty: v.string() })), v.maxLength(100)) })

/** Thrown when the keys cannot be had, which says nothing about the token. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError'
}

/**
 * A key resolver for `jwtVerify`. `locate` names the set's URL; it is asked before every fetch and answers from its own cache.
 *
 * @throws KeysUnavailableError from the resolver; jose's `JWKSNoMatchingKey` for a key that even a fresh set does not have
 */
export function createKeyResolver(locate: () => Promise<string>, reach: Reach, rules: Remembering): JWTVerifyGetKey {
  const keySet = remember(async () => {
    const { status, body } = await getJson(reach, await locate())
    if (status !== 200) throw new Error(`the key set answered ${status}`)
    return createLocalJWKSet(v.parse(ForeignKeySet, body))
  }, rules)
  const orUnavailable = (cause: unknown): never => {
    throw new KeysUnavailableError('The keys of the authorization server cannot be fetched.', { cause })
  }

  return async (header, token) => {
    const known = await keySet.current().catch(orUnavailable)
    try {
      return await known(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
    }
    const fresh = await keySet.newer().catch(orUnavailable)
    return fresh(header, token)
  }
}

/** The URL that a server's metadata names, if the URL policy allows it beside the issuer. */
export function keySetUrl(issuer: string, jwksUri: string | undefined): string {
  const checked = checkUrl(jwksUri ?? '', issuer)
  if (!checked.ok) throw new Error(`the jwks_uri of the authorization server cannot be used: ${checked.error}`)
  return checked.value.href
}
