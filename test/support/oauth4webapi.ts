/**
 * oauth4webapi, a client that checks every answer strictly, in one process with the demo.
 *
 * @module
 */
import * as oauth from 'oauth4webapi'
import type { TestDemo } from './demo.ts'
import { createPerson } from './person.ts'

export const REDIRECT_URI = 'http://127.0.0.1:4321/callback'

/** What this library gives to `fetch`, as far as it matters in one process. */
interface Sent {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body?: URLSearchParams | string | undefined
}

/** Has requests answered by the demo. */
export const via = (demo: TestDemo) => ({
  [oauth.customFetch]: (url: string, { method, headers, body }: Sent) =>
    demo.fetch(url, { method, headers, ...(body === undefined ? {} : { body }) }),
})

/** Discovery as a resource server's client does it: the resource first. */
export async function discover(demo: TestDemo): Promise<oauth.AuthorizationServer> {
  const resource = new URL(demo.mcpUrl)
  const { authorization_servers: issuers } = await oauth.processResourceDiscoveryResponse(
    resource,
    await oauth.resourceDiscoveryRequest(resource, via(demo)),
  )
  const issuer = new URL(issuers?.[0] ?? '')
  const response = await oauth.discoveryRequest(issuer, { ...via(demo), algorithm: 'oauth2' })
  return oauth.processDiscoveryResponse(issuer, response)
}

/** `parameters`: more of the authorization request; `retry`: how the code is redeemed, which may take two requests. */
export interface SignInOptions {
  readonly DPoP?: oauth.DPoPHandle
  readonly parameters?: Readonly<Record<string, string>>
  readonly retry?: (act: () => Promise<oauth.TokenEndpointResponse>) => Promise<oauth.TokenEndpointResponse>
}

/** From the authorization URL to checked tokens. */
export async function signIn(
  demo: TestDemo,
  as: oauth.AuthorizationServer,
  client: oauth.Client,
  auth: oauth.ClientAuth,
  { DPoP, parameters = {}, retry = (act) => act() }: SignInOptions = {},
) {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const url = new URL(as.authorization_endpoint ?? '')
  url.search = String(
    new URLSearchParams({
      client_id: client.client_id,
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      scope: 'notes:read',
      resource: demo.mcpUrl,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...parameters,
    }),
  )
  // Checks `state`, and `iss` because the metadata promises it.
  const params = oauth.validateAuthResponse(as, client, await createPerson(demo).visit(url), state)
  return retry(async () => {
    const response = await oauth.authorizationCodeGrantRequest(as, client, auth, params, REDIRECT_URI, verifier, {
      ...via(demo),
      ...(DPoP === undefined ? {} : { DPoP }),
      additionalParameters: { resource: demo.mcpUrl },
    })
    return oauth.processAuthorizationCodeResponse(as, client, response)
  })
}
