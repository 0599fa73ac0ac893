/**
 * The part of an MCP host that both generations of the official SDK leave to the host: storage in memory, and a browser.
 *
 * @module
 */
import type { Person } from './person.ts'

export const SDK_REDIRECT_URI = 'http://127.0.0.1:8765/callback'

/** An `OAuthClientProvider` of either generation, whose records it stores unread. */
export function createSdkHost<ClientInformation, Tokens extends { scope?: string | undefined }, Discovery>(
  person: Person,
  options: { readonly grantTypes?: string[]; readonly forgets?: boolean } = {},
) {
  let clientInformation: ClientInformation | undefined
  let tokens: Tokens | undefined
  let discovery: Discovery | undefined
  let verifier = ''
  const authorizations: URL[] = []
  let callback: URL | undefined

  const provider = {
    redirectUrl: SDK_REDIRECT_URI,
    clientMetadata: {
      client_name: 'A host built with the SDK',
      redirect_uris: [SDK_REDIRECT_URI],
      grant_types: options.grantTypes ?? ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    state: () => crypto.randomUUID(),
    clientInformation: () => clientInformation,
    saveClientInformation: (saved: ClientInformation) => {
      clientInformation = saved
    },
    tokens: () => tokens,
    saveTokens: (saved: Tokens) => {
      tokens = saved
    },
    saveCodeVerifier: (saved: string) => {
      verifier = saved
    },
    codeVerifier: () => verifier,
    saveDiscoveryState: (saved: Discovery) => {
      discovery = saved
    },
    discoveryState: () => discovery,
    redirectToAuthorization: async (url: URL) => {
      authorizations.push(url)
      callback = await person.visit(url)
    },
    // Asked for by the SDK when the server does not know the client.
    invalidateCredentials: (what: string) => {
      if (options.forgets !== true || what !== 'all') return
      clientInformation = undefined
      tokens = undefined
    },
  }

  return {
    provider,
    /** The authorization URLs that the SDK opened. */
    authorizations,
    tokens: () => tokens,
    /** What a host does where its server only takes a new authorization. */
    forgetTokens: () => {
      tokens = undefined
    },
    /** What the browser brought back, once; the host compares `state`, since the SDKs do not. */
    takeCallback(): URLSearchParams {
      const params = callback?.searchParams ?? new URLSearchParams()
      callback = undefined
      const state = authorizations.at(-1)?.searchParams.get('state')
      if (state == null || params.get('state') !== state) throw new Error('the callback is of another flow')
      return params
    },
  }
}
