/**
 * A token that was verified before is not verified again, and gets no more rights by it than a new one has.
 *
 * @see docs/adr/0074-tokens-seen-before.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { createAuthorizationServer } from '../../server/resource/authorization-server.ts'
import { settleOptions } from '../../server/resource/resource-options.ts'
import { createSeenTokens } from '../../server/resource/seen-tokens.ts'
import { createVerifier } from '../../server/resource/verify-access-token.ts'
import type { AccessTokenClaims } from '../../shared/access-token.ts'
import { createResourceFixture, ISSUER, RESOURCE } from '../support/resource-fixture.ts'

/** A verifier, and how often it has verified a signature. */
async function createCountingVerifier() {
  const { clock, issuer } = await createResourceFixture()
  const settings = settleOptions({
    resource: RESOURCE,
    authorizationServers: [ISSUER],
    clockTolerance: 10,
    fetch: issuer.fetch,
    now: () => clock.now,
  })
  const server = createAuthorizationServer(ISSUER, settings)
  const counted = { checks: 0 }
  const find: typeof server.keys.find = async (header) => {
    const { check, keySet } = await server.keys.find(header)
    const countingCheck: typeof check = (signed) => {
      counted.checks += 1
      return check(signed)
    }
    return { check: countingCheck, keySet }
  }
  const verify = createVerifier([{ ...server, keys: { ...server.keys, find } }], settings)
  return { clock, counted, issuer, verify }
}

describe('RS-020 a token that was seen before', () => {
  test('is not verified again, and says the same', async () => {
    const { counted, issuer, verify } = await createCountingVerifier()
    const token = await issuer.sign()
    const first = await verify(token)
    expect(first.ok).toBe(true)
    for (let time = 0; time < 3; time += 1) expect(await verify(token)).toEqual(first)
    expect(counted.checks).toBe(1)
  })

  test('is known by all of its bytes: the same claims with another signature are not', async () => {
    const { issuer, notes } = await createResourceFixture()
    const token = await issuer.sign()
    await notes.verify(token)
    const [header, payload, signature = ''] = token.split('.')
    const forged = `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    expect(await notes.verify(forged)).toEqual({ ok: false, error: 'bad_signature' })
    expect(await notes.verify(forged)).toEqual({ ok: false, error: 'bad_signature' })
  })

  test('expires like any other, to the second', async () => {
    const { clock, counted, issuer, verify } = await createCountingVerifier()
    const token = await issuer.sign({ exp: clock.now + 100 })
    await verify(token)
    clock.now += 99
    await verify(token)
    expect(counted.checks).toBe(1)
    // Only the tolerance for clocks accepts it now, and that is the full verification's to grant.
    clock.now += 1
    expect((await verify(token)).ok).toBe(true)
    expect(counted.checks).toBe(2)
    clock.now += 10
    expect(await verify(token)).toEqual({ ok: false, error: 'expired' })
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
    const known = (): string => [...'abcdefg'].filter((digest) => seen.find(digest) !== null).join('')
    for (const digest of 'abcd') seen.remember(digest, token)
    expect(known()).toBe('bcd')
    // One that was verified again takes no more room than before, nor longer.
    for (const digest of 'cccc') seen.remember(digest, token)
    expect(known()).toBe('bcd')
    for (const digest of 'ef') seen.remember(digest, token)
    expect(known()).toBe('def')
  })

  test('is what was remembered last', () => {
    const seen = createSeenTokens(() => 1)
    const again = { ...token, keySet: {} }
    seen.remember('a', token)
    seen.remember('a', again)
    expect(seen.find('a')).toBe(again)
  })

  test('is nothing once it has expired', () => {
    let now = 99
    const seen = createSeenTokens(() => now)
    seen.remember('a', token)
    expect(seen.find('a')).toBe(token)
    now = 100
    expect(seen.find('a')).toBeNull()
  })
})
