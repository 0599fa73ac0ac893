/**
 * Which redirect URIs there are, and when one is another.
 *
 * @see RFC 8252 section 7
 * @see OAuth 2.1 section 2.3.1 (draft-ietf-oauth-v2-1-16)
 * @see docs/adr/0044-private-use-schemes.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { classifyRedirectUri, type RedirectUriKind, type RedirectUriProblem } from '../../shared/redirect-uri.ts'
import { matchesRedirectUri } from '../../shared/redirect-uri-match.ts'

describe('classifyRedirectUri', () => {
  const good: readonly [string, RedirectUriKind][] = [
    ['https://app.example/cb', 'https'],
    ['HTTPS://APP.EXAMPLE/cb', 'https'],
    ['https://app.example:8443/cb?x=1&y=%20', 'https'],
    ['https://[2001:db8::1]/cb', 'https'],
    ['https://localhost/cb', 'https'],
    ['https://xn--e1afmkfd.example/cb', 'https'],
    ['http://127.0.0.1/cb', 'loopback'],
    ['http://127.0.0.1:1/cb', 'loopback'],
    ['http://127.1.2.3/cb', 'loopback'],
    ['http://[::1]:8080/cb', 'loopback'],
    ['http://localhost/cb', 'loopback'],
    ['http://LOCALHOST:3118/cb', 'loopback'],
    ['com.example.app:/cb', 'private-use'],
    ['cursor://anysphere.cursor-mcp/oauth/callback', 'private-use'],
    ['vscode://vscode.github-authentication/did-authenticate', 'private-use'],
  ]
  test.each(good)('%s is %s', (uri, kind) => expect(classifyRedirectUri(uri)).toEqual({ ok: true, value: kind }))

  const bad: readonly [string, RedirectUriProblem][] = [
    ['', 'forbidden_character'],
    ['/cb', 'not_absolute'],
    ['//app.example/cb', 'not_absolute'],
    ['app.example', 'not_absolute'],
    ['https://', 'not_absolute'],
    ['https://app.example:99999/', 'not_absolute'],
    ['https://app.example/cb#x', 'has_fragment'],
    ['https://app.example/cb#', 'has_fragment'],
    ['http://127.0.0.1/#', 'has_fragment'],
    ['com.example.app:/cb#x', 'has_fragment'],
    ['https://user@app.example/', 'has_userinfo'],
    ['https://:pass@app.example/', 'has_userinfo'],
    ['http://127.0.0.1:80@evil.example/', 'has_userinfo'],
    ['http://app.example/', 'http_not_loopback'],
    ['http://127.0.0.1.evil.example/', 'http_not_loopback'],
    ['http://localhost.evil.example/', 'http_not_loopback'],
    ['http://localhost./', 'http_not_loopback'],
    ['http://[::ffff:127.0.0.1]/', 'http_not_loopback'],
    ['http://0.0.0.0/', 'http_not_loopback'],
    ['http://10.0.0.1/', 'http_not_loopback'],
    // A browser on a page of the same scheme takes these for relative.
    ['https:app.example/cb', 'no_host'],
    ['https:/app.example/cb', 'no_host'],
    ['https:///app.example/cb', 'no_host'],
    ['http:127.0.0.1:7777/cb', 'no_host'],
    ['http:/localhost/cb', 'no_host'],
    ['HTTP:localhost/cb', 'no_host'],
    // What URL parsers strip, rewrite or would encode.
    ['https://app.example/\\evil', 'forbidden_character'],
    ['https:\\\\app.example/', 'forbidden_character'],
    [' https://app.example/', 'forbidden_character'],
    ['https://app.example/ ', 'forbidden_character'],
    ['https://app.example/a b', 'forbidden_character'],
    ['https://app.example/\u0000', 'forbidden_character'],
    ['https://app.example/\u007f', 'forbidden_character'],
    ['https://app.example/\r\nset-cookie:x', 'forbidden_character'],
    ['https://app.example/c\u0142', 'forbidden_character'],
    ['https://\u0430pp.example/', 'forbidden_character'],
    ['https://app.example/\u202e', 'forbidden_character'],
    ['https://app.example/"', 'forbidden_character'],
    ['https://app.example/<x>', 'forbidden_character'],
    ['https://app.example/{x}', 'forbidden_character'],
  ]
  test.each(bad)('%p: %s', (uri, problem) => expect(classifyRedirectUri(uri)).toEqual({ ok: false, error: problem }))

  test('what is good can be written into a header, and leads where it says, seen from any page', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.webUrl({ withQueryParameters: true }),
          fc.string(),
          fc.webUrl().map((url) => url.slice(6)),
        ),
        (uri) => {
          const kind = classifyRedirectUri(uri)
          if (!kind.ok) return
          expect(new Headers({ location: uri }).get('location')).toBe(uri)
          for (const page of ['https://auth.example/oauth/authorize', 'http://localhost:9100/oauth/authorize']) {
            expect(new URL(uri, page).href).toBe(new URL(uri).href)
          }
        },
      ),
    )
  })
})

const ANY_PORT = { localhostAnyPort: true }
const FIXED_PORT = { localhostAnyPort: false }

describe('matchesRedirectUri', () => {
  const same: readonly [string, string][] = [
    ['https://app.example/cb', 'https://app.example/cb'],
    ['com.example.app:/cb', 'com.example.app:/cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:51234/cb'],
    ['http://127.0.0.1:1/cb', 'http://127.0.0.1:51234/cb'],
    ['http://127.0.0.1:1/cb', 'http://127.0.0.1/cb'],
    ['http://[::1]:1/cb?x=1', 'http://[::1]:2/cb?x=1'],
    ['http://localhost/cb', 'http://localhost:3118/cb'],
    ['http://localhost:1', 'http://localhost:2'],
  ]
  test.each(same)('AS-046 %s is %s', (registered, presented) => {
    expect(matchesRedirectUri(registered, presented, ANY_PORT)).toBe(true)
  })

  const other: readonly [string, string][] = [
    ['https://app.example/cb', 'https://app.example/cb/'],
    ['https://app.example/cb', 'https://app.example/cb?'],
    ['https://app.example/cb', 'https://app.example/CB'],
    ['https://app.example/cb', 'https://APP.example/cb'],
    ['https://app.example/cb', 'https://app.example:443/cb'],
    ['https://app.example/cb', 'https://app.example:8443/cb'],
    ['https://localhost/cb', 'https://localhost:8443/cb'],
    ['https://127.0.0.1/cb', 'https://127.0.0.1:8443/cb'],
    ['https://app.example/%63b', 'https://app.example/cb'],
    ['com.example.app:/cb', 'com.example.app://cb'],
    ['cursor://host:1/cb', 'cursor://host:2/cb'],
    ['http://127.0.0.1/cb', 'http://localhost/cb'],
    ['http://127.0.0.1/cb', 'http://[::1]/cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.2:1/cb'],
    ['http://127.0.0.1/cb', 'https://127.0.0.1/cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:1/cb/'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:1/cb?x=1'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:1/../cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:1@evil.example/cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:1.evil.example/cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:99999/cb'],
    ['http://127.0.0.1/cb', 'http://127.1:1/cb'],
    ['http://127.0.0.1/cb', 'http://2130706433:1/cb'],
    ['http://[::1]/cb', 'http://[0:0:0:0:0:0:0:1]:1/cb'],
    ['http://localhost/cb', 'http://LOCALHOST:1/cb'],
    ['http://localhost/cb', 'http://x.localhost:1/cb'],
    ['http://x.localhost/cb', 'http://x.localhost:1/cb'],
    ['http://localhost/cb', 'HTTP://localhost:1/cb'],
  ]
  test.each(other)('AS-043 SEC-023 %s is not %s', (registered, presented) => {
    expect(matchesRedirectUri(registered, presented, ANY_PORT)).toBe(false)
    expect(matchesRedirectUri(presented, registered, ANY_PORT)).toBe(false)
  })

  test('AS-046 localhost has its registered port only, where the setting says so; addresses have any', () => {
    expect(matchesRedirectUri('http://localhost:1/cb', 'http://localhost:2/cb', FIXED_PORT)).toBe(false)
    expect(matchesRedirectUri('http://localhost:1/cb', 'http://localhost:1/cb', FIXED_PORT)).toBe(true)
    expect(matchesRedirectUri('http://127.0.0.1:1/cb', 'http://127.0.0.1:2/cb', FIXED_PORT)).toBe(true)
    expect(matchesRedirectUri('http://[::1]:1/cb', 'http://[::1]:2/cb', FIXED_PORT)).toBe(true)
  })

  const path = fc.webPath().filter((text) => /^[\w\-./~]*$/.test(text))
  const loopback = fc.constantFrom('127.0.0.1', '[::1]', 'localhost')
  const port = fc.integer({ min: 1, max: 65535 })

  test('any URI is itself', () => {
    fc.assert(fc.property(fc.string(), (uri) => expect(matchesRedirectUri(uri, uri, FIXED_PORT)).toBe(true)))
  })

  test('AS-046 on loopback any two ports', () => {
    fc.assert(
      fc.property(loopback, port, port, path, (host, one, two, rest) => {
        expect(matchesRedirectUri(`http://${host}:${one}/${rest}`, `http://${host}:${two}/${rest}`, ANY_PORT)).toBe(
          true,
        )
      }),
    )
  })

  test('AS-043 whatever matches and is no equal string has the same scheme, host, path and query on loopback', () => {
    const uri = fc.oneof(
      fc
        .tuple(fc.constantFrom('http', 'https'), loopback, port, path)
        .map(([s, h, p, rest]) => `${s}://${h}:${p}/${rest}`),
      fc.webUrl({ validSchemes: ['http', 'https'] }),
      fc.string(),
    )
    const noise = fc.tuple(fc.nat({ max: 40 }), fc.string({ maxLength: 3 }))
    fc.assert(
      fc.property(uri, noise, (registered, [at, inserted]) => {
        const presented = registered.slice(0, at) + inserted + registered.slice(at)
        if (presented === registered || !matchesRedirectUri(registered, presented, ANY_PORT)) return
        const [a, b] = [new URL(registered), new URL(presented)]
        expect([a.protocol, b.protocol]).toEqual(['http:', 'http:'])
        expect(['127.0.0.1', '[::1]', 'localhost']).toContain(a.hostname)
        expect([b.hostname, b.pathname, b.search, b.hash, b.username]).toEqual([
          a.hostname,
          a.pathname,
          a.search,
          '',
          '',
        ])
      }),
      { numRuns: 2000 },
    )
  })
})
