/**
 * Opening the person's own browser, and nothing else.
 *
 * @see MCP 2026-07-28, security best practices, "OAuth Authorization URL Validation": schemes, no shell
 * @see RFC 8252 section 8.12: no embedded user agent
 * @module
 */
import open from 'open'
import { isLoopbackUrl } from '../../shared/loopback.ts'
import { SallyportError } from '../errors.ts'

/**
 * Opens `url` in the default browser. The launcher is started with an argument list, without a shell.
 *
 * @throws {SallyportError} `url_refused` unless it is https (or http on loopback), without control characters
 * @example const { url } = await session.begin({ redirectUri }); await openBrowser(url)
 */
export async function openBrowser(url: string): Promise<void> {
  const child = await open(browsableUrl(url))
  // A launcher that fails later must not end this process; the URL was printed as well.
  child.on('error', () => {})
  child.unref()
}

/** The URL in the form that is handed to the launcher: parsed and written anew, so that it has no surprises in it. */
export function browsableUrl(url: string): string {
  const parsed = /[\s\p{Cc}]/u.test(url) ? null : URL.parse(url)
  const allowed = parsed !== null && (parsed.protocol === 'https:' || isLoopbackUrl(parsed))
  if (!allowed || parsed.username !== '' || parsed.password !== '') throw new SallyportError('url_refused')
  return parsed.href
}
