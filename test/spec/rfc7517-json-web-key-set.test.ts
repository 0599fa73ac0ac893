/**
 * The key set that the metadata names: public, each key named after itself, and with all that a verifier needs.
 *
 * @see RFC 7517 section 4 and section 5
 * @see RFC 7638 section 3
 *
 * @standard RFC 7517: JSON Web Key
 * @status used
 * @does the key set, with the keys of yesterday and of tomorrow
 * @standard RFC 7638: JWK Thumbprint
 * @status used
 * @does names of keys, and of those that tokens are bound to
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { calculateJwkThumbprint, importJWK } from 'jose'
import { createTestServer } from '../support/authorization-server.ts'

const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

describe.each(['ES256', 'RS256'] as const)('keys for %s', async (algorithm) => {
  const server = await createTestServer({ access_token: { algorithm } })
  afterAll(() => server.close())
  const response = await server.fetch('/.well-known/jwks.json')
  const { keys }: { keys: Record<string, string>[] } = await response.json()

  test('section 5 MUST be a JSON object with an array of keys, found where the metadata says', async () => {
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(keys.length).toBeGreaterThan(0)
    const { jwks_uri = '' } = await server.as.metadata()
    expect(await (await server.fetch(jwks_uri)).json()).toEqual({ keys })
  })

  test('section 4.1 to 4.5 each says its type, use, algorithm and name, and names differ', async () => {
    const kty = algorithm === 'ES256' ? 'EC' : 'RSA'
    for (const key of keys) expect(key).toMatchObject({ kty, use: 'sig', alg: algorithm })
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length)
    for (const key of keys) expect(await importJWK(key, algorithm)).toMatchObject({ type: 'public' })
  })

  test('RFC 7638 section 3 a name is the thumbprint of the key', async () => {
    for (const key of keys) expect(key['kid']).toBe(await calculateJwkThumbprint(key))
  })

  test('section 9.2 no member is private', () => {
    for (const key of keys) expect(Object.keys(key).filter((member) => PRIVATE.includes(member))).toEqual([])
  })

  test('it is read and not written', async () => {
    expect((await server.fetch('/.well-known/jwks.json', { method: 'POST' })).status).toBe(405)
  })
})
