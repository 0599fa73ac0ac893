/**
 * A session as the `AuthProvider` of the 2.x client: a token for each request, and what to do about a 401.
 *
 * @see https://github.com/modelcontextprotocol/typescript-sdk: `AuthProvider` of `@modelcontextprotocol/client`
 * @see docs/adr/0170-what-the-sdks-are-handed.md
 * @module
 */
import type { Session } from '../session/session.ts'
import { handingOut } from './handed-out.ts'

/** Fits `authProvider` of the transports of `@modelcontextprotocol/client` 2.x. */
export interface AuthProvider {
  readonly token: () => Promise<string | undefined>
  readonly onUnauthorized: (context: { readonly response: { readonly headers: Headers } }) => Promise<void>
}

/**
 * For hosts whose transport takes an `authProvider` and no `fetch`. Everything is the session's own (refresh once per machine, discovery,
 * registration), but for what the transport keeps to itself:
 *
 * - tokens go out as Bearer, so the session is made with `dpop: 'off'`;
 * - a 403 that asks for more scope is the transport's `InsufficientScopeError`: call `session.authorize({ scope: error.requiredScope })`,
 *   then repeat;
 * - the 1.x SDK does not know this kind of provider: `asOAuthProvider`.
 *
 * `session.fetch` in the transport's `fetch` has none of these limits.
 *
 * @throws {SallyportError} `configuration` unless the session was made with `dpop: 'off'`. A 401 that only a person can mend is
 *   thrown by the transport as `AuthorizationRequiredError`: call `session.authorize()`, then repeat
 * @example
 * const session = createSession(url, { dpop: 'off', interaction: loopback() })
 * await session.authorize()
 * await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider: asAuthProvider(session) }))
 */
export function asAuthProvider(session: Session): AuthProvider {
  const tokens = handingOut(session)
  return {
    token: async () => (await tokens.next())?.accessToken,
    onUnauthorized: ({ response }) => tokens.refused(response.headers),
  }
}
