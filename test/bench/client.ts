/**
 * The client alone: a process that makes DPoP proofs, and says when asked for how many and at what price.
 *
 * @module
 */
import { createDpopProof } from '../../shared/dpop/create-proof.ts'
import { generateDpopKey } from '../../shared/dpop/signing-key.ts'
import { s256 } from '../../shared/pkce.ts'
import { RESOURCE } from './world.ts'

const key = await generateDpopKey('ES256')
// Of a token, once: as `session.fetch` does it.
const tokenHash = await s256('a token')

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(Bun.env['PORT']),
  idleTimeout: 255,
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url)
    return pathname === '/ready' ? new Response('ready') : Response.json(await make(Number(searchParams.get('count'))))
  },
})

async function make(count: number) {
  const latencies = new Float64Array(count)
  Bun.gc(true)
  const before = process.cpuUsage()
  const began = performance.now()
  for (let made = 0; made < count; made += 1) {
    const start = performance.now()
    await createDpopProof(key, { method: 'POST', url: RESOURCE, now: Date.now() / 1000, tokenHash, nonce: 'nonce' })
    latencies[made] = performance.now() - start
  }
  const { user, system } = process.cpuUsage(before)
  const sorted = latencies.sort()
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0
  return {
    operations: count,
    seconds: (performance.now() - began) / 1000,
    p50: at(0.5),
    p99: at(0.99),
    cpu: user + system,
  }
}
