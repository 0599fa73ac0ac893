/**
 * An independent client library binds tokens to its key: codes, tokens, refresh tokens and calls, with the nonces that both servers ask for.
 *
 * @see RFC 9449
 * @module
 */
import { afterEach, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import type { ConfigInput } from '../../server/config.ts'
import { protectResource } from '../../server/resource/index.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { createTestDemo, type TestDemo } from '../support/demo.ts'
import { discover, REDIRECT_URI, signIn, via } from '../support/oauth4webapi.ts'

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

async function start(config: ConfigInput = {}) {
  const demo = await createTestDemo({ client_credentials: { enabled: true }, ...config })
  open.push(() => demo.close())
  return { demo, as: await discover(demo) }
}

/** The test's clock is not the system's. */
const skewed = (demo: TestDemo) => ({ [oauth.clockSkew]: demo.clock.now - Math.floor(Date.now() / 1000) })

/** Once more after the server asked for its nonce, which the handle has kept. How often the server asked is counted. */
async function withNonces<Answer>(act: () => Promise<Answer>, asked: { times: number }): Promise<Answer> {
  try {
    return await act()
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    asked.times += 1
    return act()
  }
}

async function register(demo: TestDemo, as: oauth.AuthorizationServer): Promise<oauth.Client> {
  const metadata = {
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    dpop_bound_access_tokens: true,
  }
  const response = await oauth.dynamicClientRegistrationRequest(as, metadata, via(demo))
  return { ...(await oauth.processDynamicClientRegistrationResponse(response)), ...skewed(demo) }
}

describe.each([
  ['nonces where they are asked for', 'required'],
  ['no nonces', 'optional'],
] as const)('%s', (_, nonce) => {
  test.each(['ES256', 'RS256', 'PS256', 'Ed25519'])('sign in, call, refresh, with %s', async (alg) => {
    const { demo, as } = await start({ dpop: { nonce } })
    expect(as.dpop_signing_alg_values_supported).toContain(alg)
    const client = await register(demo, as)
    expect(client['dpop_bound_access_tokens']).toBe(true)
    const keys = await oauth.generateKeyPair(alg)
    const DPoP = oauth.DPoP(client, keys)
    const thumbprint = await DPoP.calculateThumbprint()
    const asked = { times: 0 }

    const tokens = await signIn(demo, as, client, oauth.None(), {
      DPoP,
      parameters: { dpop_jkt: thumbprint },
      retry: (act) => withNonces(act, asked),
    })
    expect(tokens).toMatchObject({ token_type: 'dpop', scope: 'notes:read' })
    expect(decodeJwt(tokens.access_token)['cnf']).toEqual({ jkt: thumbprint })
    expect(asked.times).toBe(nonce === 'required' ? 1 : 0)

    const call = (accessToken: string) =>
      oauth.protectedResourceRequest(
        accessToken,
        'POST',
        new URL(demo.mcpUrl),
        new Headers({ 'content-type': 'application/json', accept: 'application/json, text/event-stream' }),
        JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami' } }),
        {
          [oauth.customFetch]: (url, { method, headers, body }) =>
            demo.fetch(url, { method, headers, body: String(body) }),
          DPoP,
        },
      )
    expect((await call(tokens.access_token)).status).toBe(200)

    const refresh = async (handle: oauth.DPoPHandle) =>
      oauth.processRefreshTokenResponse(
        as,
        client,
        await oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token ?? '', {
          ...via(demo),
          DPoP: handle,
        }),
      )
    const stranger = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
    await expect(withNonces(() => refresh(stranger), { times: 0 })).rejects.toMatchObject({ error: 'invalid_grant' })
    const refreshed = await withNonces(() => refresh(DPoP), asked)
    expect(refreshed.token_type).toBe('dpop')
    expect((await call(refreshed.access_token)).status).toBe(200)
    // The nonce that was told first is still good.
    expect(asked.times).toBe(nonce === 'required' ? 1 : 0)
    expect(demo.failures).toEqual([])
  })
})

test('a machine, and a resource that asks for nonces of its own', async () => {
  const { demo, as } = await start()
  const { id, secret } = await addSecretClient(demo)
  const client: oauth.Client = { client_id: id, ...skewed(demo) }
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  const parameters = { resource: demo.mcpUrl, scope: 'notes:read' }
  const answer = await oauth.clientCredentialsGrantRequest(as, client, oauth.ClientSecretBasic(secret), parameters, {
    ...via(demo),
    DPoP,
  })
  const { access_token } = await oauth.processClientCredentialsResponse(as, client, answer)

  const careful = protectResource({
    resource: demo.mcpUrl,
    authorizationServers: [demo.issuer],
    fetch: (url, init) => demo.fetch(url, init),
    now: () => demo.clock.now,
    dpop: { required: true, requireNonce: true },
  })
  const serve = careful.serve((_, { extra }) => Response.json({ sub: extra.sub }))
  const call = () =>
    oauth.protectedResourceRequest(access_token, 'GET', new URL(demo.mcpUrl), undefined, undefined, {
      [oauth.customFetch]: (url: string, { method, headers }: { method: string; headers: Record<string, string> }) =>
        serve(new Request(url, { method, headers })),
      DPoP,
    })
  const asked = { times: 0 }
  const response = await withNonces(call, asked)
  expect([response.status, await response.json()]).toEqual([200, { sub: id }])
  expect(asked.times).toBe(1)
  expect((await call()).status).toBe(200)
})

test('the validator of the library accepts what is bound here, with its proof', async () => {
  const { demo, as } = await start()
  const client = await register(demo, as)
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  const { access_token } = await signIn(demo, as, client, oauth.None(), { DPoP })
  let sent: Request | undefined
  await oauth.protectedResourceRequest(access_token, 'GET', new URL(demo.mcpUrl), undefined, undefined, {
    [oauth.customFetch]: async (
      url: string,
      { method, headers }: { method: string; headers: Record<string, string> },
    ) => {
      sent = new Request(url, { method, headers })
      return Response.json({})
    },
    DPoP,
  })
  if (sent === undefined) throw new Error('nothing was sent')
  const options = { ...via(demo), ...skewed(demo), requireDPoP: true }
  const claims = await oauth.validateJwtAccessToken(as, sent, demo.mcpUrl, options)
  expect(claims).toMatchObject({ client_id: client.client_id, cnf: { jkt: await DPoP.calculateThumbprint() } })
})
