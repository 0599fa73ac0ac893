/**
 * Which of a client's redirect URIs an interaction on this machine can use.
 *
 * @see RFC 8252 section 7.3: a loopback redirect URI stands for any port
 * @see OAuth 2.1 section 8.4.2 (draft-ietf-oauth-v2-1-16): addresses before `localhost`
 * @module
 */
import { isLoopbackAddress, isLoopbackHost } from '../../shared/loopback.ts'
import type { InteractionContext, InteractionRequest, PreparedInteraction } from './interaction.ts'

/** The best http one on loopback; `undefined` where there is none. One without a port stands for any. */
export function registeredLoopback(registered: readonly string[]): URL | undefined {
  const own = registered
    .map((uri) => URL.parse(uri))
    .filter((url) => url !== null)
    .filter(({ protocol, hostname }) => protocol === 'http:' && isLoopbackHost(hostname))
  const isAddress = ({ hostname }: URL): boolean => isLoopbackAddress(hostname)
  return own.find((url) => isAddress(url) && url.port === '') ?? own.find(isAddress) ?? own[0]
}

/**
 * Prepares an interaction that does not listen: on the redirect URI that is fixed already, else on one of the client's own, with the port
 * of `fallback` where it names none, else on `fallback`.
 */
export const unheard =
  (fallback: string, open: (request: InteractionRequest, redirectUri: string) => Promise<string>) =>
  async ({ redirectUri: fixed, registered }: InteractionContext): Promise<PreparedInteraction | undefined> => {
    const redirectUri =
      fixed ?? (registered === undefined ? fallback : withPort(registeredLoopback(registered), fallback))
    if (redirectUri === undefined) return undefined
    return { redirectUri, open: (request) => open(request, redirectUri), close: async () => {} }
  }

function withPort(url: URL | undefined, like: string): string | undefined {
  if (url?.port === '') url.port = new URL(like).port
  return url?.href
}
