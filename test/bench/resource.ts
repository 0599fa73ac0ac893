/**
 * The resource module alone: a process that verifies tokens, and says when asked for how many and at what price.
 *
 * @module
 */
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { protectResource } from '../../server/resource/index.ts'
import { RESOURCE } from './world.ts'

const ISSUER = 'https://auth.example'
const { privateKey, publicKey } = await generateKeyPair('ES256')
const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256', use: 'sig' }] }
const resource = protectResource({
  resource: RESOURCE,
  authorizationServers: [ISSUER],
  jwksUri: `${ISSUER}/jwks`,
  scopes: ['notes:read'],
  fetch: async () => Response.json(jwks),
})

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(Bun.env['PORT']),
  idleTimeout: 255,
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url)
    const count = Number(searchParams.get('count'))
    if (pathname === '/ready') return new Response('ready')
    const tokens = await makeTokens(pathname === '/seen' ? 100 : count)
    if (pathname === '/seen') await verifyAll(tokens, tokens.length)
    return Response.json(await verifyAll(tokens, count))
  },
})

async function verifyAll(tokens: readonly string[], count: number) {
  const latencies = new Float64Array(count)
  const before = process.cpuUsage()
  const began = performance.now()
  for (let index = 0; index < count; index += 1) {
    const start = performance.now()
    const verified = await resource.verify(tokens[index % tokens.length] ?? '')
    if (!verified.ok) throw new Error(verified.error)
    latencies[index] = performance.now() - start
  }
  const { user, system } = process.cpuUsage(before)
  const sorted = latencies.sort()
  const at = (share: number): number => sorted[Math.floor((count - 1) * share)] ?? 0
  return {
    operations: count,
    seconds: (performance.now() - began) / 1000,
    p50: at(0.5),
    p99: at(0.99),
    cpu: user + system,
  }
}

async function makeTokens(count: number): Promise<readonly string[]> {
  const iat = Math.floor(Date.now() / 1000)
  return Promise.all(
    Array.from({ length: count }, () =>
      new SignJWT({ client_id: 'bench-client', scope: 'notes:read', jti: crypto.randomUUID() })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'bench' })
        .setIssuer(ISSUER)
        .setSubject('bench-user')
        .setAudience(RESOURCE)
        .setIssuedAt(iat)
        .setExpirationTime(iat + 900)
        .sign(privateKey),
    ),
  )
}
