/**
 * Whose signature an assertion has: what is decided whatever the assertion says, and how many key sets are kept.
 *
 * @module
 */
import { afterAll, expect, test } from 'bun:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createClientKeys } from '../../server/core/client-auth/client-keys.ts'
import type { Outbound } from '../../server/core/outbound.ts'
import { openStore } from '../../server/store/open-store.ts'
import { createSigning } from '../support/confidential-clients.ts'

const { key, jwks } = await createSigning()
const asked: string[] = []
const outbound: Outbound = {
  async get(url) {
    asked.push(url)
    const body = new TextEncoder().encode(JSON.stringify(jwks))
    return { ok: true, value: { status: 200, headers: new Headers(), body } }
  },
}
const owner = { jwks: null, origin: 'dynamic', lastUsedAt: 1 } as const
const store = await openStore({ database: 'sqlite::memory:' })
afterAll(() => store.close())
const NOW = 1_800_000_000
const keys = () => createClientKeys({ outbound, store, now: () => NOW })

test('a signature of an algorithm that is not listed counts for nothing, though a key fits it', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES512', { extractable: true })
  const { crv = '', x = '', y = '' } = await exportJWK(publicKey)
  const assertion = await new SignJWT({}).setProtectedHeader({ alg: 'ES512' }).sign(privateKey)
  const client = { ...owner, jwks: { keys: [{ kty: 'EC' as const, crv, x, y }] }, jwksUri: null }
  expect(await keys().verify(client, assertion)).toEqual({ ok: false, error: { reason: 'wrong_assertion_signature' } })
})

test('a client without keys has signed nothing', async () => {
  const assertion = await new SignJWT({}).setProtectedHeader({ alg: 'ES256' }).sign(key)
  const outcome = await keys().verify({ ...owner, jwksUri: null }, assertion)
  expect(outcome).toEqual({ ok: false, error: { reason: 'wrong_assertion_signature' } })
})

test('a thousand sets are kept, and of more the one that was used longest ago is not', async () => {
  const assertion = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(key)
  const known = keys()
  const verify = (index: number) =>
    known.verify({ ...owner, jwksUri: `https://app.example/${index}/jwks.json` }, assertion)
  for (let index = 0; index < 1000; index += 1) expect((await verify(index)).ok).toBe(true)
  // What is not in memory has to be asked for again.
  await store.purge(NOW + 1_000_000, 2000)
  await verify(0)
  expect(asked).toHaveLength(1000)
  await verify(1000)
  await verify(0)
  expect(asked).toHaveLength(1001)
  await verify(1)
  expect(asked).toHaveLength(1002)
})

test('keys that are used for the first time are kept for longer before the request goes on', async () => {
  const assertion = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(key)
  const kept = Promise.withResolvers<void>()
  let keeps = 0
  const keep = () => {
    keeps += 1
    return kept.promise
  }
  const publishedKeys = { ...store.publishedKeys, keep }
  const jwksUri = 'https://app.example/first-use/jwks.json'
  const known = createClientKeys({ outbound, store: { publishedKeys }, now: () => NOW })
  expect((await known.verify({ ...owner, lastUsedAt: null, jwksUri }, assertion)).ok).toBe(true)
  expect(keeps).toBe(0)
  let goesOn = false
  const first = known.thumbprints({ ...owner, jwksUri }).finally(() => {
    goesOn = true
  })
  // Whoever comes then does not wait, and when they have been served twice the first would have been, too.
  for (let later = 0; later < 2; later += 1) {
    expect(await known.thumbprints({ ...owner, jwksUri })).toHaveLength(1)
  }
  expect([keeps, goesOn]).toEqual([1, false])
  kept.resolve()
  expect(await first).toHaveLength(1)
})
