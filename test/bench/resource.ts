/**
 * The resource module alone: a process that verifies tokens, and says when asked for how many and at what price.
 *
 * @module
 */
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { protectResource } from '../../server/resource/index.ts'
import { createDpopProof } from '../../shared/dpop/create-proof.ts'
import { generateDpopKey } from '../../shared/dpop/signing-key.ts'
import { s256 } from '../../shared/pkce.ts'
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
    return Response.json(summary(await run(pathname, count)))
  },
})

async function run(pathname: string, count: number): Promise<readonly Batch[]> {
  if (pathname === '/proofs') return verifyProofs(count)
  return pathname === '/seen' ? verifySeen(count) : verifyUnseen(count)
}

interface Batch {
  /** Milliseconds, one for each token. */
  readonly latencies: readonly number[]
  readonly seconds: number
  /** Microseconds. */
  readonly cpu: number
}

/** Tokens exist so many at a time: what all of them take is not the module's. */
const BATCH = 2000

async function verifySeen(count: number): Promise<readonly Batch[]> {
  const tokens = await makeTokens(100)
  await verifyAll(tokens, verifyToken)
  return [
    await verifyAll(
      Array.from({ length: count }, (_, index) => tokens[index % tokens.length] ?? ''),
      verifyToken,
    ),
  ]
}

async function verifyUnseen(count: number): Promise<readonly Batch[]> {
  const batches: Batch[] = []
  for (let left = count; left > 0; left -= BATCH)
    batches.push(await verifyAll(await makeTokens(Math.min(BATCH, left)), verifyToken))
  return batches
}

/** Each in a request of its own, which the module judges whole. */
async function verifyProofs(count: number): Promise<readonly Batch[]> {
  const key = await generateDpopKey('ES256')
  const [token = ''] = await makeTokens(1, { cnf: { jkt: key.thumbprint } })
  const tokenHash = await s256(token)
  const authorization = `DPoP ${token}`
  const batches: Batch[] = []
  for (let left = count; left > 0; left -= BATCH) {
    const proofs = Array.from({ length: Math.min(BATCH, left) }, () =>
      createDpopProof(key, { method: 'GET', url: RESOURCE, now: Date.now() / 1000, tokenHash }),
    )
    const requests = (await Promise.all(proofs)).map(
      (dpop) => new Request(RESOURCE, { headers: { authorization, dpop } }),
    )
    batches.push(
      await verifyAll(requests, async (request) => {
        const outcome = await resource.handle(request)
        if (outcome instanceof Response) throw new Error(await outcome.text())
      }),
    )
  }
  return batches
}

async function verifyToken(token: string): Promise<void> {
  const verified = await resource.verify(token)
  if (!verified.ok) throw new Error(verified.error)
}

async function verifyAll<Item>(items: readonly Item[], verify: (item: Item) => Promise<void>): Promise<Batch> {
  // What making the tokens left behind is not swept up at the module's expense.
  Bun.gc(true)
  const latencies: number[] = []
  const before = process.cpuUsage()
  const began = performance.now()
  for (const item of items) {
    const start = performance.now()
    await verify(item)
    latencies.push(performance.now() - start)
  }
  const { user, system } = process.cpuUsage(before)
  return { latencies, seconds: (performance.now() - began) / 1000, cpu: user + system }
}

function summary(batches: readonly Batch[]) {
  const sorted = Float64Array.from(batches.flatMap(({ latencies }) => latencies)).sort()
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0
  const sum = (of: (batch: Batch) => number): number => batches.reduce((total, batch) => total + of(batch), 0)
  return {
    operations: sorted.length,
    seconds: sum(({ seconds }) => seconds),
    p50: at(0.5),
    p99: at(0.99),
    cpu: sum(({ cpu }) => cpu),
  }
}

async function makeTokens(count: number, claims: JWTPayload = {}): Promise<readonly string[]> {
  const iat = Math.floor(Date.now() / 1000)
  return Promise.all(
    Array.from({ length: count }, () =>
      new SignJWT({ client_id: 'bench-client', scope: 'notes:read', jti: crypto.randomUUID(), ...claims })
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
