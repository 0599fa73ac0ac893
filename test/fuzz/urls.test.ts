/**
 * URLs, as strangers write them: what is accepted leads where it was judged to lead.
 *
 * @see RFC 8252 section 7.3
 * @see MCP 2026-07-28, security best practices, "SSRF"
 * @module
 */
import { describe, expect } from 'bun:test'
import fc from 'fast-check'
import { routeBelow } from '../../server/http/below-issuer.ts'
import { classifyHost } from '../../shared/host-class.ts'
import { classifyRedirectUri } from '../../shared/redirect-uri.ts'
import { matchesRedirectUri } from '../../shared/redirect-uri-match.ts'
import { checkUrl } from '../../shared/url-policy.ts'
import { fuzz } from './runs.ts'
import { url } from './values.ts'

describe('URLs', () => {
  fuzz('a redirect URI that is good can be sent, and leads where it says', 40, url, (text) => {
    const kind = classifyRedirectUri(text)
    if (!kind.ok) return
    expect(new Headers({ location: text }).get('location')).toBe(text)
    const { protocol, hostname, hash, username, password } = new URL(text)
    expect([hash, username, password]).toEqual(['', '', ''])
    if (kind.value === 'https') expect(protocol).toBe('https:')
    if (kind.value === 'loopback') expect([protocol, classifyHost(hostname)]).toEqual(['http:', 'loopback'])
  })

  fuzz(
    'only a loopback redirect URI is another one, and by its port alone',
    20,
    fc.tuple(url, url),
    ([registered, presented]) => {
      expect(matchesRedirectUri(registered, registered, { localhostAnyPort: true })).toBe(true)
      if (registered === presented || !matchesRedirectUri(registered, presented, { localhostAnyPort: true })) return
      const [one, other] = [new URL(registered), new URL(presented)]
      one.port = other.port
      expect(one.href).toBe(other.href)
    },
  )

  fuzz('what may be fetched is https at a public host', 40, url, (text) => {
    const checked = checkUrl(text)
    if (!checked.ok) return
    const { protocol, hostname, username, hash } = checked.value
    expect([protocol, username, hash, classifyHost(hostname)]).toEqual(['https:', '', '', 'public'])
    expect(new URL(text).href).toBe(checked.value.href)
  })

  fuzz('a path is the issuer’s or is not', 10, fc.tuple(fc.constantFrom('', '/t', '/a/b'), url), ([base, text]) => {
    const route = routeBelow(base, text)
    if (route !== null && base !== '' && !text.startsWith('/.well-known/') && !text.startsWith('/health/'))
      expect(base + route).toBe(text)
  })
})
