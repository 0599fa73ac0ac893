/**
 * An interaction for servers that approve without a page: it follows the authorization URL's redirects itself.
 *
 * @module
 */
import { callbackParams } from '../authorization/callback.ts'
import { SallyportError } from '../errors.ts'
import type { Interaction, InteractionRequest } from './interaction.ts'
import { unheard } from './registered-loopback.ts'

const MAX_HOPS = 5

/**
 * For headless tests and development servers. Nobody listens on `redirectUri`; it only has to be registered.
 *
 * @param options.redirectUri default `http://127.0.0.1:33418/callback`
 * @throws {SallyportError} from `authorize`: `interaction_failed` where the server shows a page, or redirects to another origin than
 *   its own and the callback's
 * @example createSession('http://localhost:9100/mcp', { interaction: follow() }) // a server with --dev-login
 */
export function follow(options: { readonly redirectUri?: string } = {}): Interaction {
  const { redirectUri = 'http://127.0.0.1:33418/callback' } = options
  return { name: 'follow', unattended: true, prepare: unheard(redirectUri, followRedirects) }
}

async function followRedirects(request: InteractionRequest, redirectUri: string): Promise<string> {
  const callback = new URL(redirectUri)
  let url = request.url
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    const response = await request.fetch(url, { redirect: 'manual', signal: request.signal })
    response.body?.cancel().catch(() => {})
    const location = response.headers.get('location')
    const next = location === null ? null : URL.parse(location, url)
    if (next === null) break
    if (next.origin === callback.origin && next.pathname === callback.pathname) {
      const params = callbackParams(next)
      if (params !== undefined && request.judge(params) !== 'foreign') return next.href
      break
    }
    // The server's own pages only: a redirect elsewhere is a sign-in that a program cannot do.
    if (next.origin !== new URL(url).origin) break
    url = next.href
  }
  throw new SallyportError('interaction_failed')
}
