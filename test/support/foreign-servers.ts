/**
 * Two servers of others, on sockets of this machine, that both want proofs with nonces: node-oidc-provider, and a resource that judges with
 * `jose` alone.
 *
 * @module
 */
import { calculateJwkThumbprint, createRemoteJWKSet, EmbeddedJWK, jwtVerify } from 'jose'
import { Provider } from 'oidc-provider'
import { createBrowser } from './authorization-server.ts'
import { sha256 } from './dpop-proofs.ts'
import { oidcProviderOptions } from './oidc-provider-options.ts'
import { freePort } from './spawn.ts'

export interface ForeignServers {
  readonly issuer: string
  readonly resource: string
  /** Why the resource refused, and `ok` where it did not. */
  readonly judged: string[]
  /** Tokens that the resource does not take any more. */
  readonly ended: Set<string>
  /** The tokens that were shown. */
  readonly shown: string[]
  /** A person at the provider's own pages, from an authorization URL to the callback. */
  visit(url: string): Promise<string>
  close(): void
}

export async function startForeignServers(): Promise<ForeignServers> {
  const issuer = `http://127.0.0.1:${freePort()}`
  const judged: string[] = []
  const shown: string[] = []
  const ended = new Set<string>()
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`))
  const nonces = new Set<string>()

  const refuse = (error: string, headers: Record<string, string> = {}): Response => {
    judged.push(error)
    return new Response(null, {
      status: 401,
      headers: { 'www-authenticate': `DPoP error="${error}", algs="ES256"`, ...headers },
    })
  }

  /** A new nonce with every answer, and each good for one request. */
  const next = (): Record<string, string> => {
    const nonce = crypto.randomUUID()
    nonces.add(nonce)
    return { 'dpop-nonce': nonce }
  }

  async function protect(request: Request): Promise<Response> {
    const [scheme, token = ''] = request.headers.get('authorization')?.split(' ') ?? []
    if (scheme === undefined) return new Response(null, { status: 401, headers: { 'www-authenticate': 'DPoP' } })
    const proof = await jwtVerify(request.headers.get('dpop') ?? '', EmbeddedJWK, { typ: 'dpop+jwt' })
    const { payload, protectedHeader } = proof
    shown.push(token)
    const good =
      scheme === 'DPoP' &&
      Math.abs((payload.iat ?? 0) - Date.now() / 1000) < 60 &&
      payload['htm'] === request.method &&
      payload['htu'] === resource &&
      payload['ath'] === (await sha256(token))
    if (!good) return refuse('invalid_dpop_proof', next())
    if (!nonces.delete(String(payload['nonce']))) return refuse('use_dpop_nonce', next())
    const { payload: claims } = await jwtVerify(token, keys, { issuer, audience: resource, typ: 'at+jwt' })
    const jkt = Reflect.get(Object(claims['cnf']), 'jkt')
    const own = await calculateJwkThumbprint(protectedHeader.jwk ?? {})
    if (jkt !== own || ended.has(token)) return refuse('invalid_token', next())
    judged.push('ok')
    return Response.json({ sub: claims.sub }, { headers: next() })
  }

  const port = freePort()
  const resource = `http://127.0.0.1:${port}/mcp`
  const listener = Bun.serve({
    port,
    hostname: '127.0.0.1',
    fetch: (request) =>
      new URL(request.url).pathname === '/.well-known/oauth-protected-resource/mcp'
        ? Response.json({ resource, authorization_servers: [issuer], scopes_supported: ['notes:read'] })
        : protect(request).catch(() => refuse('invalid_token', next())),
  })
  const provider: unknown = await startProvider(issuer, resource)
  return {
    issuer,
    resource,
    judged,
    ended,
    shown,
    visit: (url) => visit(issuer, url),
    close() {
      listener.stop(true)
      Reflect.apply(Reflect.get(Object(provider), 'close'), provider, [])
    },
  }
}

async function startProvider(issuer: string, resource: string): Promise<unknown> {
  const dPoP = { nonceSecret: Buffer.alloc(32), requireNonce: () => true }
  const features = { devInteractions: true, registration: true, revocation: true, dPoP } as const
  const provider = new Provider(issuer, await oidcProviderOptions({ resource, features }))
  return provider.listen(Number(new URL(issuer).port), '127.0.0.1')
}

async function visit(issuer: string, url: string): Promise<string> {
  const browser = createBrowser({ fetch })
  const go = async (to: string, form?: Record<string, string>): Promise<string> => {
    const body = form && new URLSearchParams(form)
    const answer = await browser.fetch(new URL(to, issuer).href, body ? { method: 'POST', body } : {})
    const location = answer.headers.get('location')
    if (location === null) throw new Error(`the browser is stuck at a page with status ${answer.status}`)
    return location
  }
  let at = await go(url)
  for (const form of [{ prompt: 'login', login: 'ada', password: 'x' }, { prompt: 'consent' }]) {
    const resume = await go(at, form)
    at = await go(resume)
  }
  return at
}
