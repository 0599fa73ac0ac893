/**
 * An independent client library carries an ID-JAG from one of our servers, which vouches for its people, to another that trusts it: exchanged at the
 * first, redeemed at the second, with its own checks switched on.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4
 * @see MCP extension io.modelcontextprotocol/enterprise-managed-authorization
 * @module
 */
import { afterAll, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import { ID_JAG_PROFILE, ID_JAG_TOKEN_TYPE } from '../../shared/id-jag.ts'
import { TOKEN_EXCHANGE_GRANT } from '../../shared/token-exchange.ts'
import { JWT_BEARER_GRANT } from '../../shared/token-request.ts'
import {
  codeForm,
  createTestServer,
  obtainCode,
  postForm,
  RESOURCE,
  type TestServer,
} from '../support/authorization-server.ts'
import { addSecretClient } from '../support/confidential-clients.ts'

const IDP = 'https://login.example'
const INTRANET = 'https://intranet.example/mcp'
const HOST = 'desk'

const idp = await createTestServer({
  issuer: IDP,
  token_exchange: { enabled: true },
  id_jag: {
    enabled: true,
    audiences: [
      {
        issuer: 'https://auth.example',
        clients: { [HOST]: 'desk-there' },
        resources: [RESOURCE],
        scopes: ['notes:read'],
      },
    ],
  },
  resources: [{ identifier: INTRANET, scopes: { 'notes:read': 'Read' } }],
})
const { keys } = await idp.as.jwks()
const there = await createTestServer({
  xaa: {
    enabled: true,
    providers: [{ issuer: IDP, jwks: { keys }, subjects: 'auto_map', rules: [{ clients: ['desk-there'] }] }],
  },
})
afterAll(() => Promise.all([idp.close(), there.close()]))

const via = (server: TestServer) => ({
  [oauth.customFetch]: (
    url: string,
    { method, headers, body }: { method: string; headers: Record<string, string>; body?: URLSearchParams | undefined },
  ) => server.fetch(url, { method, headers, ...(body === undefined ? {} : { body }) }),
})

async function discover(server: TestServer): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(server.issuer)
  return oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { ...via(server), algorithm: 'oauth2' }),
  )
}

test('EMA-C01 to EMA-C08 from the sign-in at the one to a token of the other', async () => {
  const grantTypes = ['authorization_code', 'refresh_token', TOKEN_EXCHANGE_GRANT]
  const here = await addSecretClient(idp, { id: HOST, grantTypes })
  const away = await addSecretClient(there, { id: 'desk-there', grantTypes: [JWT_BEARER_GRANT] })
  const [company, server] = [await discover(idp), await discover(there)]
  expect(server['authorization_grant_profiles_supported']).toEqual([ID_JAG_PROFILE])

  const code = await obtainCode(idp, HOST, { resource: INTRANET, scope: 'notes:read offline_access' })
  const { client_id: _, ...form } = codeForm(HOST, code)
  const signedIn = await (await postForm(idp, '/oauth/token', { ...form, resource: INTRANET }, here.basic)).json()

  const exchange = {
    audience: there.issuer,
    resource: RESOURCE,
    scope: 'notes:read',
    requested_token_type: ID_JAG_TOKEN_TYPE,
    subject_token: signedIn.refresh_token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:refresh_token',
  }
  const auth = oauth.ClientSecretBasic
  const asked = await oauth.genericTokenEndpointRequest(
    company,
    { client_id: HOST },
    auth(here.secret),
    TOKEN_EXCHANGE_GRANT,
    exchange,
    via(idp),
  )
  const recognizedTokenTypes = { n_a: () => {} }
  const jag = await oauth.processGenericTokenEndpointResponse(company, { client_id: HOST }, asked, {
    recognizedTokenTypes,
  })
  expect(jag['issued_token_type']).toBe(ID_JAG_TOKEN_TYPE)

  const client = { client_id: away.id }
  const redeem = () =>
    oauth.genericTokenEndpointRequest(
      server,
      client,
      auth(away.secret),
      JWT_BEARER_GRANT,
      { assertion: jag.access_token },
      via(there),
    )
  const tokens = await oauth.processGenericTokenEndpointResponse(server, client, await redeem())
  expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'notes:read', resource: RESOURCE })
  const identity = await there.store.identities.find(IDP, idp.userId)
  expect(decodeJwt(tokens.access_token)).toMatchObject({ sub: identity?.userId, aud: RESOURCE, client_id: away.id })

  const again = await redeem()
  await expect(oauth.processGenericTokenEndpointResponse(server, client, again)).rejects.toMatchObject({
    error: 'invalid_grant',
  })
})
