/**
 * The one URL policy: which URLs Sallyport is willing to contact or to open, whoever named them.
 *
 * @see MCP 2026-07-28, security best practices, "SSRF": https, no private or special-use addresses
 * @see RFC 6890: special-use addresses
 * @module
 */
import { classifyHost } from './host-class.ts'
import { isLoopbackUrl } from './loopback.ts'
import { err, ok, type Result } from './result.ts'

export type UrlProblem =
  | 'not_absolute'
  | 'not_https'
  | 'has_userinfo'
  | 'has_fragment'
  | 'special_use_address'
  | 'has_control_characters'

/**
 * Judges a URL that came from outside. `near` is the URL that the user chose (the MCP server): where that one is on loopback or in
 * a special-use range itself, others of the same class are allowed beside it, and http on loopback.
 *
 * @returns the parsed URL, or the first problem; compare and send the string that was given, not the parsed form
 * @example checkUrl('http://169.254.169.254/latest', 'https://mcp.example.com/mcp') // { ok: false, error: 'not_https' }
 */
export function checkUrl(url: string, near?: string): Result<URL, UrlProblem> {
  if (/[\s\p{Cc}\\]/u.test(url)) return err('has_control_characters')
  const parsed = URL.parse(url)
  if (parsed === null) return err('not_absolute')
  if (parsed.username !== '' || parsed.password !== '') return err('has_userinfo')
  if (url.includes('#')) return err('has_fragment')
  const base = near === undefined ? null : URL.parse(near)
  const bothLoopback = base !== null && isLoopbackUrl(base) && isLoopbackUrl(parsed)
  if (parsed.protocol !== 'https:' && !bothLoopback) return err('not_https')
  const host = classifyHost(parsed.hostname)
  if (host !== 'public' && (base === null || classifyHost(base.hostname) !== host)) return err('special_use_address')
  return ok(parsed)
}
