/**
 * The signing keys at work: made at the first start, encrypted at rest with the server's secret, followed while running.
 *
 * @see RFC 9068 section 2.1: `typ` at+jwt
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 3.1: `typ` oauth-id-jag+jwt
 * @see docs/adr/0022-signing-keys-at-rest.md
 * @see docs/adr/0025-the-life-of-a-signing-key.md
 * @module
 */
import { JOSEAlgNotAllowed, JOSEError, JWKSNoMatchingKey } from 'jose/errors'
import { compactVerify } from 'jose/jws/compact/verify'
import * as v from 'valibot'
import { ACCESS_TOKEN_TYPE, AccessTokenClaims } from '../../shared/access-token.ts'
import { boundedMap } from '../../shared/bounded-map.ts'
import { ID_JAG_TYPE } from '../../shared/id-jag.ts'
import { activeKey } from '../core/key-life-cycle.ts'
import type { Clock, Signer } from '../core/ports.ts'
import { hash } from './hash.ts'
import { type KeyPair, type SigningAlgorithm, WrongSecret } from './key-pair.ts'
import { type KeyRing, openKeyRings } from './key-ring.ts'
import { createKeyVault, type Secrets } from './key-vault.ts'
import { maintainKeys, resealKeys } from './maintain-keys.ts'
import type { SigningKeys } from './signing-keys.ts'

export interface SignerOptions extends Secrets {
  readonly keys: SigningKeys
  /** Default: ES256. */
  readonly algorithm?: SigningAlgorithm
  readonly now: Clock
  /** Told of keys that appear later and cannot be opened. */
  readonly onFailure?: (error: unknown) => void
}

/**
 * Loads the keys, and makes one where there is none. When the newest is not for `algorithm`, the next one is made.
 *
 * @throws {WrongSecret} when the stored keys were encrypted with another secret.
 * @throws {RangeError} when the secret is too short.
 * @throws {StoreUnavailable}
 * @example
 * const signer = await createSigner({ keys: store.signingKeys, secret, now })
 */
export async function createSigner(options: SignerOptions): Promise<Signer> {
  const { keys, algorithm = 'ES256', now, onFailure = () => {} } = options
  const vault = await createKeyVault(options)
  await maintainKeys({ keys, vault, algorithm, now }, { algorithm, rotationInterval: 0, longestToken: Infinity })
  if (options.previousSecret !== undefined) await resealKeys(keys, vault)
  const rings = await openKeyRings({ keys, vault, now, onFailure })
  const seen = boundedMap<ReadToken>(MAX_TOKENS)

  /** Verified once: a signature does not change. That its key is still there is asked every time. */
  async function readOnce(token: string, ring: KeyRing): Promise<AccessTokenClaims | 'unknown_key' | null> {
    const digest = await hash(token)
    const before = seen.get(digest)
    if (before !== undefined && ring.pairs.get(before.kid) === before.pair) return before.claims
    const outcome = await read(token, ring)
    if (outcome === null || outcome === 'unknown_key') return outcome
    seen.set(digest, outcome)
    return outcome.claims
  }

  const signAs =
    (typ: string) =>
    async (claims: object): Promise<string> => {
      const { kid, alg, sign } = signingPair(await rings.current(), now())
      return sign({ alg, typ, kid }, claims)
    }

  return {
    signAccessToken: signAs(ACCESS_TOKEN_TYPE),
    signIdJag: signAs(ID_JAG_TYPE),

    async readAccessToken(token) {
      const ring = await rings.lasting()
      const claims = await readOnce(token, ring)
      if (claims !== 'unknown_key') return claims
      // Perhaps another process signed it with a key that is not known here yet. Strangers can ask that once a second.
      const newer = await rings.current(1)
      const again = newer === ring ? null : await readOnce(token, newer)
      return again === 'unknown_key' ? null : again
    },

    jwks: async () => (await rings.lasting()).published,
  }
}

function signingPair({ stored, pairs }: KeyRing, now: number) {
  const key = activeKey(stored, now)
  if (key === null) throw new Error('There is no signing key.')
  const pair = pairs.get(key.kid)
  // To sign on with an older one would go well for as long as that is published, and then fail everywhere at once.
  if (pair === undefined) throw new WrongSecret('The signing key was encrypted with another secret.')
  return { kid: key.kid, alg: pair.publicJwk.alg, sign: pair.sign }
}

/** An access token of ours, and the key that signed it. */
interface ReadToken {
  readonly claims: AccessTokenClaims
  readonly kid: string
  readonly pair: KeyPair
}

/** How many are remembered. About a kilobyte each. */
const MAX_TOKENS = 5000

/** Null for anything but an access token of ours. */
async function read(token: string, { find, algorithms, pairs }: KeyRing): Promise<ReadToken | 'unknown_key' | null> {
  try {
    const { payload, protectedHeader } = await compactVerify(token, find, { algorithms: [...algorithms] })
    if (protectedHeader.typ !== ACCESS_TOKEN_TYPE) return null
    const claims = v.safeParse(AccessTokenClaims, JSON.parse(new TextDecoder().decode(payload)))
    const { kid = '' } = protectedHeader
    const pair = pairs.get(kid)
    return claims.success && pair !== undefined ? { claims: claims.output, kid, pair } : null
  } catch (error) {
    if (error instanceof JWKSNoMatchingKey || error instanceof JOSEAlgNotAllowed) return 'unknown_key'
    if (error instanceof JOSEError || error instanceof SyntaxError) return null
    throw error
  }
}
