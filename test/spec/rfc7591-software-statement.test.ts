/**
 * Software statements, none of which is accepted.
 *
 * @see RFC 7591 section 2.3, section 3.1.1, section 3.2.2
 * @see docs/adr/0107-software-statements.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { checkSoftwareStatement } from '../../server/core/registration/software-statement.ts'
import { createTestServer, REDIRECT_URI } from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'

const server = await createTestServer()
afterAll(() => server.close())

const register = (software_statement: unknown) =>
  server.fetch('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [REDIRECT_URI], software_statement }),
  })

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const statement = (header: unknown, claims: unknown): string => `${part(header)}.${part(claims)}.c2lnbmF0dXJl`

const SIGNED = [
  statement({ alg: 'RS256', typ: 'JWT' }, { iss: 'https://acs.example', software_id: 'x' }),
  statement({ alg: 'HS256' }, { iss: 'https://acs.example', client_name: 'Bücher 🐈' }),
]

const BROKEN: readonly [string, unknown][] = [
  ['an empty text', ''],
  ['no JWT', 'statement'],
  ['a number', 1],
  ['an object', { iss: 'https://acs.example' }],
  ['more than 16 KB', `${SIGNED[0]}${'A'.repeat(16_384)}`],
  ['two parts', SIGNED[0]?.split('.').slice(0, 2).join('.')],
  ['four parts', `${SIGNED[0]}.x`],
  ['an empty signature', SIGNED[0]?.replace(/[^.]*$/, '')],
  ['alg none', statement({ alg: 'none' }, { iss: 'https://acs.example' })],
  ['no alg', statement({ typ: 'JWT' }, { iss: 'https://acs.example' })],
  ['no issuer', statement({ alg: 'RS256' }, { software_id: 'x' })],
  ['claims that are null', statement({ alg: 'RS256' }, null)],
  ['claims that are no JSON', `${part({ alg: 'RS256' })}.bm90IGpzb24.c2ln`],
  ['a header that is no base64', `a.${part({ iss: 'x' })}.c2ln`],
]

describe('section 3.2.2', () => {
  test.each(SIGNED)('AS-039 a signed one comes from an issuer that is not trusted', async (value) => {
    await expectError(await register(value), 400, 'unapproved_software_statement')
    expect(server.events.at(-1)).toEqual({ type: 'registration_rejected', reason: 'unapproved_software_statement' })
  })

  test.each(BROKEN)('AS-039 section 2.3 MUST be a signed JWT with an issuer: %s', async (_, value) => {
    await expectError(await register(value), 400, 'invalid_software_statement')
  })

  test('AS-039 a registration without one is not refused, nor one that says null', async () => {
    expect((await register(undefined)).status).toBe(201)
    expect((await register(null)).status).toBe(201)
    expect(checkSoftwareStatement(undefined).ok).toBe(true)
  })

  test('nothing was registered by those that were refused', async () => {
    const before = (await server.store.clients.list()).length
    for (const value of [...SIGNED, ...BROKEN.map(([, broken]) => broken)]) await register(value)
    expect((await server.store.clients.list()).length).toBe(before)
  })
})
