/**
 * Which URLs are client ids.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 3
 * @see docs/adr/0118-which-urls-are-client-ids.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { checkClientId } from '../../server/core/client-documents/policy.ts'
import { checkClientIdUrl, looksLikeUrl } from '../../shared/client-id-url.ts'

const verdict = (clientId: string, near?: string): string => {
  const checked = checkClientIdUrl(clientId, near)
  return checked.ok ? 'ok' : checked.error
}

describe('AS-029 section 3', () => {
  test.each([
    'https://app.example/client.json',
    'https://app.example/',
    'https://app.example/a/b/',
    'https://app.example:8443/client.json',
    'https://xn--bcher-kva.example/client.json',
    'https://app.example/%7Eada/client.json',
    'https://app.example/a..b/.well-known/client',
    'https://claude.ai/oauth/claude-code-client-metadata',
    'https://chatgpt.com/oauth/codex/client.json',
    'https://chatgpt.com/oauth/client.json',
    'https://vscode.dev/oauth/client-metadata.json',
    `https://app.example/${'a'.repeat(1004)}`,
  ])('%s is one', (clientId) => expect(verdict(clientId)).toBe('ok'))

  const refused: readonly (readonly [string, string])[] = [
    ['http://app.example/client.json', 'not_https'],
    ['ftp://app.example/client.json', 'not_https'],
    ['app.example/client.json', 'not_absolute'],
    ['https:app.example/client.json', 'not_canonical'],
    ['https:///app.example/client.json', 'not_canonical'],
    // No path.
    ['https://app.example', 'not_canonical'],
    // Fragment and user information, empty ones too.
    ['https://app.example/client.json#a', 'has_fragment'],
    ['https://app.example/client.json#', 'has_fragment'],
    ['https://ada@app.example/client.json', 'has_userinfo'],
    ['https://ada:secret@app.example/client.json', 'has_userinfo'],
    ['https://@app.example/client.json', 'not_canonical'],
    // Dot segments, in every notation that parsers know.
    ['https://app.example/./client.json', 'not_canonical'],
    ['https://app.example/a/../client.json', 'not_canonical'],
    ['https://app.example/..', 'not_canonical'],
    ['https://app.example/a/%2e%2e/client.json', 'not_canonical'],
    ['https://app.example/a/%2E./client.json', 'not_canonical'],
    ['https://app.example/a/.%2e', 'not_canonical'],
    // SHOULD NOT: any number of ids for one document.
    ['https://app.example/client.json?a=b', 'has_query'],
    ['https://app.example/client.json?', 'has_query'],
    // AS-023: the same URL in other words.
    ['https://app.example:443/client.json', 'not_canonical'],
    ['https://APP.example/client.json', 'not_canonical'],
    ['HTTPS://app.example/client.json', 'not_canonical'],
    ['https://bücher.example/client.json', 'not_canonical'],
    ['https://app.example/cliént.json', 'not_canonical'],
    ['https://app.example/cli ent.json', 'has_control_characters'],
    ['https://app.example/client.json\n', 'has_control_characters'],
    ['https://app.example\\client.json', 'has_control_characters'],
    // AS-036: special-use addresses, in every notation.
    ['https://127.0.0.1/client.json', 'special_use_address'],
    ['https://localhost/client.json', 'special_use_address'],
    ['https://10.0.0.7/client.json', 'special_use_address'],
    ['https://169.254.169.254/latest', 'special_use_address'],
    ['https://[::1]/client.json', 'special_use_address'],
    ['https://[::ffff:7f00:1]/client.json', 'special_use_address'],
    ['https://2130706433/client.json', 'special_use_address'],
    ['https://metadata.google.internal/client.json', 'special_use_address'],
    [`https://app.example/${'a'.repeat(1005)}`, 'too_long'],
  ]
  test.each(refused)('%s is none', (clientId, problem) => expect(verdict(clientId)).toBe(problem))
})

describe('AS-036 section 8.6 loopback', () => {
  const settings = { allowedDomains: [], blockedDomains: [], pinnedOnly: false }
  const outcome = (clientId: string, development: boolean, requireHttps: boolean): boolean =>
    checkClientId(clientId, { ...settings, development, requireHttps }).ok
  test.each([
    ['http://localhost:3000/client.json', false, true, true],
    ['https://localhost:3000/client.json', true, true, true],
    ['http://127.0.0.1:3000/client.json', false, true, true],
    ['http://app.example/client.json', false, false, false],
    ['http://10.0.0.7/client.json', false, false, false],
  ])('%s in development %p, without https %p', (clientId, withHttps, withoutHttps, admitted) => {
    expect(outcome(clientId, true, true)).toBe(withHttps)
    expect(outcome(clientId, true, false)).toBe(admitted && withoutHttps)
    // Never in production, whatever else is set.
    expect(outcome(clientId, false, true)).toBe(false)
    expect(outcome(clientId, false, false)).toBe(false)
  })
})

describe('domains', () => {
  const outcome = (clientId: string, lists: { allowedDomains?: string[]; blockedDomains?: string[] }): boolean =>
    checkClientId(clientId, {
      development: false,
      requireHttps: true,
      allowedDomains: [],
      blockedDomains: [],
      pinnedOnly: false,
      ...lists,
    }).ok
  test.each([
    ['https://evil.example/c', ['evil.example'], false],
    ['https://evil.example./c', ['evil.example'], false],
    ['https://sub.evil.example/c', ['evil.example'], true],
    ['https://sub.evil.example/c', ['*.evil.example'], false],
    ['https://a.b.evil.example/c', ['*.evil.example'], false],
    ['https://notevil.example/c', ['*.evil.example', 'evil.example'], true],
    ['https://evil.example.org/c', ['evil.example'], true],
  ])('%s with %p blocked', (clientId, blockedDomains, admitted) => {
    expect(outcome(clientId, { blockedDomains })).toBe(admitted)
    // What blocks one, alone, lets in the other way round.
    expect(outcome(clientId, { allowedDomains: blockedDomains })).toBe(!admitted)
  })
  test('blocking wins', () => {
    const lists = { allowedDomains: ['*.example'], blockedDomains: ['evil.example'] }
    expect(outcome('https://evil.example/c', lists)).toBe(false)
    expect(outcome('https://app.example/c', lists)).toBe(true)
  })
})

test('AS-034 what claims to be a URL is told from ids that are made here', () => {
  for (const id of ['https://a/', 'HTTP://a/', 'https:a', 'http:']) expect(looksLikeUrl(id)).toBe(true)
  for (const id of ['', 'abc', 'httpsx', 'ftp://a/', ' https://a/']) expect(looksLikeUrl(id)).toBe(false)
})
