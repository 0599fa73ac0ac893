/**
 * A client that proves itself with a key: an assertion for one request, signed, short-lived, and for the issuer alone.
 *
 * @see RFC 7523 section 2.2 (the parameters), section 3 (the claims)
 * @see draft-ietf-oauth-rfc7523bis section 4: the audience is the issuer, and nothing else
 * @module
 */
import { base64url } from 'jose'
import type { DpopAlgorithm } from '../../shared/dpop/public-key.ts'
import { canSign, importDpopKey, SIGNING } from '../../shared/dpop/signing-key.ts'
import { randomToken } from '../context.ts'
import { misconfigured, SallyportError } from '../errors.ts'

/** Seconds that an assertion is good for: the way to the server, and clocks that differ a little. */
const LIFETIME = 60

/** A key of the client's. `privateKeyJwt` makes one; a host whose key is in a vault makes its own. */
export interface ClientKey {
  readonly method: 'private_key_jwt'
  /** The JWS algorithm, e.g. `ES256`. */
  readonly alg: string
  /** Signs an assertion. `iss` and `sub` are `clientId`, `aud` is `issuer` as a string; `now` in seconds since the epoch. */
  readonly assertion: (about: AssertionOf) => Promise<string>
}

const NO_KEY = 'client.auth needs a private key that signs with ES256, ES384, RS256, PS256 or EdDSA'

/** What an assertion says. */
export interface AssertionOf {
  readonly clientId: string
  readonly issuer: string
  readonly now: number
}

/**
 * A key for `client.auth`.
 *
 * @param key the private key: a JWK, or a `CryptoKey` that may sign (ES256, ES384, RS256, PS256 or Ed25519)
 * @param options.kid default the JWK's own; servers with several keys of a client want it
 * @throws {SallyportError} `configuration` for a key that is of no such kind. A JWK that cannot be read rejects when it is first used
 * @example
 * createSession(url, {
 *   grant: clientCredentials({ scope: 'tickets:read' }),
 *   client: { id: 'agent-7', issuer: 'https://as.example.com', auth: privateKeyJwt(JSON.parse(process.env.CLIENT_KEY ?? '')) },
 * })
 */
export function privateKeyJwt(key: PrivateJwk | CryptoKey, options: { readonly kid?: string } = {}): ClientKey {
  const { alg, kid, load } = isJwk(key) ? ofJwk(key) : ofCryptoKey(key)
  const header = encode({ alg, kid: options.kid ?? kid })
  let loaded: Promise<CryptoKey> | undefined
  return {
    method: 'private_key_jwt',
    alg,
    async assertion({ clientId, issuer, now }) {
      loaded ??= load()
      const claims = { iss: clientId, sub: clientId, aud: issuer, jti: randomToken(), iat: now, exp: now + LIFETIME }
      const input = `${header}.${encode(claims)}`
      const signature = await crypto.subtle.sign(SIGNING[alg], await loaded, new TextEncoder().encode(input))
      return `${input}.${base64url.encode(new Uint8Array(signature))}`
    },
  }
}

/** A private key as JSON. */
export type PrivateJwk = JsonWebKey & { readonly kid?: string }

interface Loadable {
  readonly alg: DpopAlgorithm
  readonly kid: string | undefined
  readonly load: () => Promise<CryptoKey>
}

const isJwk = (key: PrivateJwk | CryptoKey): key is PrivateJwk => 'kty' in key

function ofJwk(jwk: PrivateJwk): Loadable {
  const alg = algorithmOf(jwk)
  if (alg === undefined || jwk.d === undefined) throw misconfigured(NO_KEY)
  const load = async (): Promise<CryptoKey> => {
    try {
      return (await importDpopKey(alg, jwk)).privateKey
    } catch (cause) {
      throw new SallyportError('configuration', { cause })
    }
  }
  return { alg, kid: jwk.kid, load }
}

function ofCryptoKey(key: CryptoKey): Loadable {
  const alg = algorithmOfCryptoKey(key)
  if (alg === undefined || !key.usages.includes('sign')) throw misconfigured(NO_KEY)
  return { alg, kid: undefined, load: async () => key }
}

const encode = (value: unknown): string => base64url.encode(JSON.stringify(value))

/** What the JWK says, else what its kind is used with most. */
function algorithmOf({ alg, kty, crv = '' }: JsonWebKey): DpopAlgorithm | undefined {
  const usual = kty === 'RSA' ? 'RS256' : BY_CURVE[crv]
  return alg === undefined ? usual : canSign(alg) ? alg : undefined
}

const BY_CURVE: Readonly<Record<string, DpopAlgorithm>> = { 'P-256': 'ES256', 'P-384': 'ES384', Ed25519: 'EdDSA' }

function algorithmOfCryptoKey({ algorithm }: CryptoKey): DpopAlgorithm | undefined {
  if (algorithm.name === 'ECDSA') return 'namedCurve' in algorithm ? BY_CURVE[String(algorithm.namedCurve)] : undefined
  if (algorithm.name === 'Ed25519') return 'EdDSA'
  const hash: unknown = 'hash' in algorithm ? Reflect.get(Object(algorithm.hash), 'name') : undefined
  if (hash !== 'SHA-256') return undefined
  return algorithm.name === 'RSA-PSS' ? 'PS256' : algorithm.name === 'RSASSA-PKCS1-v1_5' ? 'RS256' : undefined
}
