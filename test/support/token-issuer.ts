/**
 * A tiny authorization server for tests of the resource side: metadata, keys, and tokens of any shape, good or bad.
 *
 * @module
 */
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import type { Fetch } from '../../server/resource/index.ts'
import { authorizationServerMetadataUrls } from '../../shared/well-known.ts'

export interface TokenIssuerOptions {
  readonly issuer: string
  /** The audience of its tokens unless a claim says otherwise. */
  readonly audience: string
  /** Seconds since the epoch. */
  readonly now: () => number
}

export interface TokenIssuer {
  readonly issuer: string
  readonly jwksUri: string
  readonly metadata: Record<string, unknown>
  /** Reaches this server and no other; anything else is a network failure. */
  readonly fetch: Fetch
  /** Every URL that was asked for. */
  readonly requests: string[]
  /** The key that signs now. */
  readonly key: CryptoKey
  readonly publicJwk: JWK
  /** A token for Alice with `scope`, good for 15 minutes. A claim or header of `undefined` is left out. */
  sign(claims?: JWTPayload, header?: Record<string, unknown>, key?: CryptoKey | Uint8Array): Promise<string>
  /** Signs with a new key from now on, and publishes only that one. */
  rotate(): Promise<void>
  /** Replaces the answer to a URL; `undefined` restores it. */
  answer(url: string, respond: (() => Response | Promise<Response>) | undefined): void
}

export async function createTokenIssuer({ audience, issuer, now }: TokenIssuerOptions): Promise<TokenIssuer> {
  const jwksUri = `${new URL(issuer).origin}/keys`
  const metadata: Record<string, unknown> = { issuer, token_endpoint: `${issuer}/token`, jwks_uri: jwksUri }
  const requests: string[] = []
  const replaced = new Map<string, () => Response | Promise<Response>>()
  let generation = 0
  let current = await createKey(generation)

  const answers = new Map<string, () => Response>([
    ...authorizationServerMetadataUrls(issuer)
      .slice(0, 1)
      .map((url) => [url, () => Response.json(metadata)] as const),
    [jwksUri, () => Response.json({ keys: [current.publicJwk] })],
  ])

  return {
    issuer,
    jwksUri,
    metadata,
    requests,
    get key() {
      return current.key
    },
    get publicJwk() {
      return current.publicJwk
    },
    async fetch(url) {
      requests.push(url)
      const respond = replaced.get(url) ?? answers.get(url)
      if (respond !== undefined) return respond()
      if (new URL(url).origin !== new URL(issuer).origin) throw new TypeError('fetch failed')
      return new Response(null, { status: 404 })
    },
    sign(claims = {}, header = {}, key = current.key) {
      const payload: JWTPayload = {
        iss: issuer,
        sub: 'alice',
        aud: audience,
        exp: now() + 900,
        iat: now(),
        jti: crypto.randomUUID(),
        client_id: 'client-1',
        scope: 'notes:read',
        ...claims,
      }
      return new SignJWT(payload)
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: current.publicJwk.kid ?? '', ...header })
        .sign(key)
    },
    async rotate() {
      generation += 1
      current = await createKey(generation)
    },
    answer(url, respond) {
      if (respond === undefined) replaced.delete(url)
      else replaced.set(url, respond)
    },
  }
}

async function createKey(generation: number): Promise<{ key: CryptoKey; publicJwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const publicJwk = { ...(await exportJWK(publicKey)), kid: `key-${generation}`, alg: 'ES256', use: 'sig' }
  return { key: privateKey, publicJwk }
}
