/**
 * What the first answer of a server means, when it is not the one that a host hopes for.
 *
 * @module
 */
import type { Answer } from '../core/http.ts'

/** Whether something else than an MCP server answers at this URL: what it says to other requests means nothing. */
export const isElsewhere = ({ status, headers }: Answer): boolean =>
  headers.has('location') || status === 404 || status === 405 || status >= 500 || isPage(headers)

/** Undefined for a 401, which is how it should begin. */
export function explainAnswer({ status, headers, exchange }: Answer): string | undefined {
  if (status === 401) return undefined
  const location = headers.get('location')
  if (location !== null) {
    const place = URL.parse(location, exchange.url)?.href ?? location
    return `The URL redirects to ${place.replace(/[?#].*/s, '')}. Hosts do not follow with a token: if the server is there now, give them that URL, and name it as the resource; if people sign in there, whatever sends them must let MCP messages through to the server.`
  }
  if (status === 403 && headers.get('www-authenticate') === null) {
    return 'The server answers 403 to a request without a token. Hosts authorize when they see 401; a firewall in front of it may have answered instead.'
  }
  if (status === 404) return `There is nothing at this URL (404). Is the path right? MCP endpoints often end in /mcp.`
  if (status === 405)
    return 'The URL does not take POST (405), which is how MCP messages are sent. It may be the older transport (SSE).'
  if (status >= 500)
    return `The server failed (${status}). Look at its log: a request without a token must be answered, too.`
  if (isPage(headers)) {
    return 'The server answers with an HTML page. A sign-in page or a proxy stands before it, or this is not the MCP endpoint.'
  }
  if (status < 300) {
    return 'The server answers without a token: nothing protects it, and hosts connect without signing in. If it should be protected, it must answer 401.'
  }
  return `The server answers ${status} to ${exchange.method}.`
}

const isPage = (headers: Headers): boolean => /^text\/html/i.test(headers.get('content-type') ?? '')
