/**
 * Which web pages may call the MCP endpoint.
 *
 * @see MCP 2026-07-28, transports, security: an invalid `Origin` is answered with 403, against DNS rebinding
 * @module
 */
import { isLoopbackUrl } from '../../shared/loopback.ts'

/** Programs send no origin; the resource's own, loopback ones (tools of developers) and the listed ones are allowed. */
export function isAllowedOrigin(origin: string | null, resource: string, allowed: readonly string[]): boolean {
  if (origin === null || allowed.includes('*') || allowed.includes(origin)) return true
  const url = URL.parse(origin)
  if (url === null || url.origin !== origin) return false
  return origin === new URL(resource).origin || isLoopbackUrl(url)
}
