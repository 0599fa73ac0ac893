/**
 * Clients that an administrator registered: with a secret, or with keys that they sign who they are with.
 *
 * @module
 */
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import type { Client } from '../../server/core/records.ts'
import { client as clientRecord } from '../../server/store/conformance/records.ts'
import { hash } from '../../server/store/hash.ts'
import { random } from '../../server/store/random.ts'
import { JWT_BEARER } from '../../shared/client-assertion-type.ts'
import type { ClientJwks } from '../../shared/client-jwks.ts'
import { REDIRECT_URI, type TestServer } from './authorization-server.ts'

type Home = Pick<TestServer, 'store' | 'issuer' | 'clock'>

/** One that may use every grant, unless `changes` say otherwise. */
export async function addClient({ store }: Pick<TestServer, 'store'>, changes: Partial<Client> = {}): Promise<Client> {
  const client = clientRecord({
    id: random(16),
    redirectUris: [REDIRECT_URI],
    grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
    origin: 'administrator',
    scope: null,
    ...changes,
  })
  if (!(await store.clients.create(client))) throw new Error('the id is taken')
  return client
}

export interface SecretClient {
  readonly id: string
  readonly secret: string
  /** The header of `client_secret_basic`. */
  readonly basic: { readonly authorization: string }
}

export async function addSecretClient(
  server: Pick<TestServer, 'store'>,
  changes: Partial<Client> = {},
): Promise<SecretClient> {
  const secret = random()
  const secrets = [{ hash: await hash(secret), expiresAt: 0 }]
  const { id } = await addClient(server, { authMethods: ['client_secret_basic'], secrets, ...changes })
  return { id, secret, basic: { authorization: `Basic ${btoa(`${id}:${secret}`)}` } }
}

export type AssertionAlgorithm = 'ES256' | 'ES384' | 'RS256' | 'PS256' | 'EdDSA' | 'Ed25519'

/** Makes assertions. A claim or header of `undefined` is left out. */
export type SignAssertion = (
  claims?: { readonly [Claim in keyof JWTPayload]?: JWTPayload[Claim] | undefined },
  header?: Readonly<Record<string, unknown>>,
  key?: CryptoKey | Uint8Array,
) => Promise<string>

export interface Signing {
  readonly key: CryptoKey
  readonly jwks: ClientJwks
}

/** A key, and the set that publishes it. */
export async function createSigning(algorithm: AssertionAlgorithm = 'ES256', kid = 'one'): Promise<Signing> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  const { kty, crv, x, y, n, e } = await exportJWK(publicKey)
  const parts = Object.fromEntries(Object.entries({ crv, x, y, n, e }).filter(([, part]) => part !== undefined))
  return { key: privateKey, jwks: { keys: [{ kty: toKty(kty), kid, ...parts }] } }
}

const toKty = (kty: string | undefined): 'EC' | 'RSA' | 'OKP' => (kty === 'RSA' || kty === 'OKP' ? kty : 'EC')

export interface SigningClient extends Signing {
  readonly id: string
  readonly sign: SignAssertion
}

/** One that publishes its keys in its registration, unless `changes` say otherwise. */
export async function addSigningClient(
  server: Home,
  changes: Partial<Client> = {},
  algorithm: AssertionAlgorithm = 'ES256',
): Promise<SigningClient> {
  const signing = await createSigning(algorithm)
  const { id } = await addClient(server, { authMethods: ['private_key_jwt'], jwks: signing.jwks, ...changes })
  return { id, ...signing, sign: signer(server, id, signing.key, algorithm) }
}

/** Good for a minute, for this server. */
export const signer =
  ({ issuer, clock }: Pick<Home, 'issuer' | 'clock'>, id: string, own: CryptoKey, alg: string): SignAssertion =>
  (claims = {}, header = {}, key = own) => {
    const { now } = clock
    const standard = { iss: id, sub: id, aud: issuer, iat: now, exp: now + 60, jti: random(16) }
    return new SignJWT(present({ ...standard, ...claims }))
      .setProtectedHeader({ alg, ...present({ kid: 'one', ...header }) })
      .sign(key)
  }

const present = (members: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))

/** The parameters that carry an assertion. */
export const assertionForm = (client_assertion: string) => ({
  client_assertion_type: JWT_BEARER,
  client_assertion,
})
