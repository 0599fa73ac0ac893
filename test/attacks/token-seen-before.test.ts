/**
 * A token that was verified before is not verified again, and gets no more rights by it than a new one has.
 *
 * @see docs/adr/0074-tokens-seen-before.md
 * @module
 */
import { describe, expect, spyOn, test } from 'bun:test'
import { createAuthorizationServer } from '../../server/resource/authorization-server.ts'
import { settleOptions } from '../../server/resource/resource-options.ts'
import { createSeenTokens } from '../../server/resource/seen-tokens.ts'
import type { AccessTokenClaims } from '../../shared/access-token.ts'
import { createResourceFixture, ISSUER, RESOURCE } from '../support/resource-fixture.ts'

/** How often a signature is verified meanwhile. */
async function signatureChecks(work: () => Promise<unknown>): Promise<number> {
  const spy = spyOn(crypto.subtle, 'verify')
  try {
    await work()
    return spy.mock.calls.length
  } finally {
    spy.mockRestore()
  }
}

describe('RS-020 a token that was seen before', () => {
  test('is not verified again, and says the same', async () => {
    const { issuer, notes } = await createResourceFixture()
    const token = await issuer.sign()
    const first = await notes.verify(token)
    expect(first.ok).toBe(true)
    expect(
      await signatureChecks(async () => {
        for (let time = 0; time < 3; time += 1) expect(await notes.verify(token)).toEqual(first)
      }),
    ).toBe(0)
  })

  test('is known by all of its bytes: the same claims with another signature are not', async () => {
    const { issuer, notes } = await createResourceFixture()
    const token = await issuer.sign()
    await notes.verify(token)
    const [header, payload, signature = ''] = token.split('.')
    const forged = `${header}.${payload}.${[...signature].toReversed().join('')}`
    expect(await notes.verify(forged)).toEqual({ ok: false, error: 'bad_signature' })
    expect(await notes.verify(forged)).toEqual({ ok: false, error: 'bad_signature' })
  })

  test('expires like any other, to the second', async () => {
    const { clock, issuer, notes } = await createResourceFixture({ clockTolerance: 10 })
    const token = await issuer.sign({ exp: clock.now + 100 })
    await notes.verify(token)
    clock.now += 99
    expect(await signatureChecks(() => notes.verify(token))).toBe(0)
    // Only the tolerance for clocks accepts it now, and that is the full verification's to grant.
    clock.now += 1
    expect(await signatureChecks(() => notes.verify(token))).toBe(1)
    clock.now += 10
    expect(await notes.verify(token)).toEqual({ ok: false, error: 'expired' })
  })

  test('is not believed once its key has been withdrawn, however that became known', async () => {
    const { clock, issuer, notes } = await createResourceFixture()
    const old = await issuer.sign()
    await notes.verify(old)
    await issuer.rotate()
    clock.now += 31
    // Its key is unknown, so the set is fetched anew.
    expect((await notes.verify(await issuer.sign())).ok).toBe(true)
    expect(await notes.verify(old)).toEqual({ ok: false, error: 'unknown_key' })
  })

  test('is not believed when its kid stands for another key now', async () => {
    const { clock, issuer, notes } = await createResourceFixture()
    const token = await issuer.sign()
    const { kid } = issuer.publicJwk
    await notes.verify(token)
    await issuer.rotate()
    const impostor = { ...issuer.publicJwk, kid }
    issuer.answer(issuer.jwksUri, () => Response.json({ keys: [impostor] }))
    clock.now += 600
    expect(await notes.verify(token)).toEqual({ ok: false, error: 'bad_signature' })
  })

  test('is not believed when nobody can tell which keys are published', async () => {
    const { clock, issuer, notes } = await createResourceFixture()
    const token = await issuer.sign({ exp: clock.now + 10_000 })
    await notes.verify(token)
    issuer.answer(issuer.jwksUri, () => new Response(null, { status: 500 }))
    clock.now += 4200
    expect(await notes.verify(token)).toEqual({ ok: false, error: 'keys_unavailable' })
  })

  test('is asked about every time, and refused as soon as it is revoked', async () => {
    const asked: string[] = []
    const revoked = new Set<string>()
    const { issuer, notes } = await createResourceFixture({
      async isRevoked({ jti }) {
        asked.push(jti)
        return revoked.has(jti)
      },
    })
    const token = await issuer.sign({ jti: 'token-1' })
    await notes.verify(token)
    await notes.verify(token)
    expect(asked).toEqual(['token-1', 'token-1'])
    revoked.add('token-1')
    expect(await notes.verify(token)).toEqual({ ok: false, error: 'revoked' })
    revoked.clear()
    expect((await notes.verify(token)).ok).toBe(true)
  })

  test('is what it was, whatever a caller does with what it was told', async () => {
    const { issuer, notes } = await createResourceFixture({
      async isRevoked(claims) {
        Object.assign(claims, { sub: 'admin', scope: 'notes:admin' })
        return false
      },
    })
    const token = await issuer.sign()
    const first = await notes.verify(token)
    if (!first.ok) throw new Error(first.error)
    first.value.scopes.push('notes:admin')
    first.value.extra.sub = 'admin'
    expect(await notes.verify(token)).toMatchObject({ value: { scopes: ['notes:read'], extra: { sub: 'alice' } } })
  })
})

describe('what is remembered', () => {
  const claims: AccessTokenClaims = { iss: ISSUER, sub: 'a', aud: RESOURCE, client_id: 'c', iat: 1, exp: 100, jti: 'j' }
  const server = createAuthorizationServer(
    ISSUER,
    settleOptions({ resource: RESOURCE, authorizationServers: [ISSUER] }),
  )
  const token = { claims, server, keySet: {} }

  test('is bounded: the oldest makes room', () => {
    const seen = createSeenTokens(() => 1, 3)
    for (const digest of ['a', 'b', 'c', 'd']) seen.remember(digest, token)
    expect(['a', 'b', 'c', 'd'].map((digest) => seen.find(digest) !== null)).toEqual([false, true, true, true])
  })

  test('is gone when it has expired', () => {
    let now = 99
    const seen = createSeenTokens(() => now)
    seen.remember('a', token)
    expect(seen.find('a')).toBe(token)
    now = 100
    expect(seen.find('a')).toBeNull()
    now = 99
    expect(seen.find('a')).toBeNull()
  })
})
