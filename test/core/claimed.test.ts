/**
 * What a refused request says of itself, and in which form that is written down.
 *
 * @see docs/adr/0123-what-a-refused-request-says.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { claimsOf, isMark, recordedClaims, recordedName } from '../../server/core/claimed.ts'
import { digest, hash } from '../../server/store/hash.ts'
import { random } from '../../server/store/random.ts'

const basic = (name: string): string => `Basic ${btoa(`${name}:secret`)}`

describe('whose it is, and for what', () => {
  const cases: readonly [string, Record<string, unknown>, string | null, object][] = [
    ['nothing', {}, null, {}],
    ['the form', { client_id: 'a', resource: 'https://r/mcp' }, null, { clientId: 'a', resource: 'https://r/mcp' }],
    ['HTTP Basic', {}, basic('desk'), { clientId: 'desk' }],
    ['HTTP Basic, form-encoded', {}, basic('https%3A%2F%2Fapp'), { clientId: 'https://app' }],
    ['the subject of an assertion', { client_assertion: assertionOf('agent') }, null, { clientId: 'agent' }],
    ['the first of several resources', { resource: ['https://a', 'https://b'] }, null, { resource: 'https://a' }],
    ['a repeated client_id', { client_id: ['a', 'b'] }, null, {}],
    ['what is no text', { client_id: 7, resource: [{}], client_assertion: [] }, null, {}],
    ['nothing in it', { client_id: '', resource: '' }, null, {}],
    ['another scheme', {}, 'Bearer secret', {}],
    ['a broken header', {}, 'Basic !', {}],
  ]
  test.each(cases)('%s', (_, form, authorization, expected) => {
    expect(claimsOf(form, authorization)).toEqual(expected)
  })
})

/** Nobody has signed it: that is found out later. */
function assertionOf(sub: string): string {
  const part = (value: object): string => btoa(JSON.stringify(value)).replaceAll('=', '')
  return `${part({ alg: 'ES256' })}.${part({ iss: sub, sub, aud: 'x', exp: 1, jti: '1' })}.c2ln`
}

const markOf = (text: string): string => `unknown:${digest(text).slice(0, 6)}`

describe('as it was sent', () => {
  const kept = [random(16), 'https://app.example', 'https://app.example:8443/', 'https://[2001:db8::1]/']
  test.each(kept)('%s', (name) => {
    expect(recordedName(name, digest)).toBe(name)
    expect(isMark(name)).toBe(false)
  })

  test('a resource that is known', () => {
    const resource = 'https://mcp.example/mcp'
    const recording = { digest, isKnown: (name: string) => name === resource }
    expect(recordedClaims({ resource }, recording)).toEqual({ resource })
    expect(recordedClaims({ resource: `${resource}/x`, clientId: resource }, recording)).toEqual({
      resource: `https://mcp.example/${markOf(`${resource}/x`)}`,
      clientId: `https://mcp.example/${markOf(resource)}`,
    })
  })
})

describe('as its host and a mark', () => {
  const urls: readonly [string, string][] = [
    ['https://app.example/client.json', 'https://app.example'],
    ['http://localhost:9300/mcp', 'http://localhost:9300'],
    ['https://[2001:db8::1]:8443/mcp', 'https://[2001:db8::1]:8443'],
    ['https://mcp.example/mcp?key=secret', 'https://mcp.example'],
    ['https://mcp.example/mcp#secret', 'https://mcp.example'],
    ['https://mcp.zapier.com/api/mcp/s/NTQ1YzA5ZmUtc2VjcmV0LWtleQ/mcp', 'https://mcp.zapier.com'],
    [`https://evil.example/${random(32)}`, 'https://evil.example'],
    [`https://evil.example/m2x0p8k1a000.${random(32)}`, 'https://evil.example'],
    [`https://app.example/${'a'.repeat(8000)}`, 'https://app.example'],
    ['https://app.example/a b', 'https://app.example'],
    ['https://app.example/\u001b[31m\n', 'https://app.example'],
  ]
  test.each(urls)('%p', (url, origin) => {
    expect(recordedName(url, digest)).toBe(`${origin}/${markOf(url)}`)
    expect(isMark(recordedName(url, digest))).toBe(true)
  })
})

describe('as a mark', () => {
  const secrets = [
    ...[
      'hunter2',
      'correct horse battery',
      'a'.repeat(21),
      'a'.repeat(23),
      'a'.repeat(36),
      random(32),
      'x'.repeat(8192),
    ],
    ...[
      '5f2b8c1e-9c1d-4f0e-8f1a-2b3c4d5e6f70',
      'https://user:secret@app.example/',
      'https://eyJhbGciOiJub25lIn0.example/',
      `https://${random(32)}.example/`,
      `https://m2x0p8k1a000.${random(32)}.example/x`,
    ],
    ...['https://app.example?key=secret', 'https://app.example#secret', 'https://app\u001b.example/', 'urn:x', ''],
  ]
  test.each(secrets)('%p', async (secret) => {
    const recorded = recordedName(secret, digest)
    expect(recorded).toMatch(/^unknown:[\w-]{6}$/)
    expect(recorded).toBe(`unknown:${(await hash(secret)).slice(0, 6)}`)
  })
})
