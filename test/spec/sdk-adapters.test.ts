/**
 * What the adapters hand to an SDK, and what they keep from it, call by call.
 *
 * @see docs/adr/0170-what-the-sdks-are-handed.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import type { SessionOptions } from '../../client/index.ts'
import { asAuthProvider, asOAuthProvider } from '../../client/sdk/index.ts'
import { approve, attendedSessionIn, failureOf, sessionIn } from '../support/client.ts'
import { fakeWorld, json, oauthError } from '../support/fake-authorization-server.ts'

const REDIRECT = 'https://app.example/cb'

/** A signed-in session that needs a person for the next time, and counts how often one was asked. */
async function signedIn(options: SessionOptions = {}) {
  const world = fakeWorld()
  const opened: string[] = []
  const open = (url: string): Promise<string> => {
    opened.push(url)
    return approve(world)(url)
  }
  const session = attendedSessionIn(world, open, { dpop: 'off', ...options })
  await session.authorize()
  const refreshes = () =>
    world.sent('POST', `${world.as}/token`).filter(({ form }) => form.get('grant_type') === 'refresh_token')
  return { world, session, opened, refreshes }
}

const refused = () => ({ response: new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer' } }) })

/** A host that sends people off, and what it sent. */
function hosted(world: ReturnType<typeof fakeWorld>, options: SessionOptions = {}) {
  const sent: string[] = []
  const session = sessionIn(world, { dpop: 'off', interaction: [], ...options })
  const provider = asOAuthProvider(session, { redirectUrl: REDIRECT, redirect: (url) => void sent.push(url.href) })
  return { session, provider, sent }
}

const sdkUrl = (world: { as: string }, scope = ''): URL => new URL(`${world.as}/authorize?scope=${scope}`)

describe('asAuthProvider', () => {
  test('a 401 that comes right after a new token is taken for the old one: nothing is renewed', async () => {
    const { session, refreshes } = await signedIn()
    const provider = asAuthProvider(session)
    await provider.token()
    await provider.onUnauthorized(refused())
    expect(refreshes()).toHaveLength(0)
  })

  test('a token that came of one 401 and meets the next is refused for good: a person is asked, and no refresh wasted', async () => {
    const { world, session, refreshes, opened } = await signedIn()
    const provider = asAuthProvider(session)
    const first = await provider.token()
    world.clock.now += 10
    await provider.onUnauthorized(refused())
    expect(await provider.token()).not.toBe(first)
    world.clock.now += 10
    expect(await failureOf(provider.onUnauthorized(refused()))).toMatchObject({ reason: 'token_rejected' })
    expect(refreshes()).toHaveLength(1)

    expect(opened).toHaveLength(1)
    await session.authorize()
    expect(opened).toHaveLength(2)
  })

  test('later on it is a 401 like any other', async () => {
    const { world, session, refreshes } = await signedIn()
    const provider = asAuthProvider(session)
    for (const wait of [10, 100]) {
      await provider.token()
      world.clock.now += wait
      await provider.onUnauthorized(refused())
    }
    expect(refreshes()).toHaveLength(2)
  })

  test('a grant that turns out dead when it is renewed is no error yet: the server asks first', async () => {
    const { world, session, opened } = await signedIn()
    const provider = asAuthProvider(session)
    world.on('POST', `${world.as}/token`, () => oauthError('invalid_grant'))
    world.clock.now += 3600
    expect(await provider.token()).toBeUndefined()
    expect(await failureOf(provider.onUnauthorized(refused()))).toMatchObject({ reason: 'signed_out' })
    expect(opened).toHaveLength(1)
  })

  test('without a person to wait for, a 401 gets a token by itself', async () => {
    const world = fakeWorld()
    const provider = asAuthProvider(sessionIn(world, { dpop: 'off' }))
    expect(await provider.token()).toBeUndefined()
    await provider.onUnauthorized(refused())
    expect(await provider.token()).toMatch(/^access-/)
  })
})

describe('asOAuthProvider', () => {
  test('the SDK sees neither a refresh token nor a secret', async () => {
    const world = fakeWorld({ serverMetadata: { token_endpoint_auth_methods_supported: ['client_secret_basic'] } })
    world.on('POST', `${world.as}/register`, ({ body }) =>
      json({ ...JSON.parse(body), client_id: 'a:b', client_secret: 's p' }, 201),
    )
    const { session, provider, sent } = hosted(world)
    await provider.redirectToAuthorization(sdkUrl(world))
    expect(await provider.clientInformation()).toEqual({ client_id: 'a:b', issuer: world.issuer })

    // RFC 6749 section 2.3.1: form-encoded before they are joined, which the SDKs leave out.
    const [headers, params] = [new Headers(), new URLSearchParams()]
    await provider.addClientAuthentication(headers, params)
    expect(atob(headers.get('authorization')?.slice('Basic '.length) ?? '')).toBe('a%3Ab:s+p')
    expect([...params]).toEqual([])

    const callback = await approve(world)(sent[0] ?? '')
    await session.complete({ state: new URL(callback).searchParams.get('state') ?? '' }, callback)
    expect(Object.keys((await provider.tokens()) ?? {}).sort()).toEqual(['access_token', 'issuer', 'token_type'])
  })

  test('metadata that cannot be trusted are an error: the SDK gets nothing to fall back from', async () => {
    const world = fakeWorld()
    world.on('GET', world.metadataUrl, () => json({}, 500))
    const { provider } = hosted(world)
    expect((await failureOf(provider.discoveryState())).code).toBe('server_unavailable')
  })

  test('requests side by side send the person off once', async () => {
    const world = fakeWorld()
    const { provider, sent } = hosted(world)
    await Promise.all([1, 2, 3].map(() => provider.redirectToAuthorization(sdkUrl(world))))
    expect(sent).toHaveLength(1)
    await provider.redirectToAuthorization(sdkUrl(world))
    expect(sent).toHaveLength(2)
  })

  test('a code is redeemed where it was asked of, although the resource has named another server since', async () => {
    const world = fakeWorld()
    const { provider } = hosted(world)
    await provider.redirectToAuthorization(sdkUrl(world))
    world.on('GET', world.metadataUrl, () =>
      json({ resource: world.resource, authorization_servers: ['https://evil.example'] }),
    )
    world.on('GET', 'https://evil.example/.well-known/oauth-authorization-server', () =>
      json({
        issuer: 'https://evil.example',
        authorization_endpoint: 'https://evil.example/authorize',
        token_endpoint: 'https://evil.example/token',
        code_challenge_methods_supported: ['S256'],
      }),
    )
    world.clock.now += 300
    const state = await provider.discoveryState()
    expect(state.authorizationServerUrl).toBe(world.issuer)
    expect(state.authorizationServerMetadata.token_endpoint).toBe(`${world.as}/token`)
    expect(await provider.clientInformation()).toMatchObject({ issuer: world.issuer })
  })

  test('without a flow there is neither a verifier nor a place for tokens, and a flow takes them once', async () => {
    const world = fakeWorld()
    const { session, provider } = hosted(world)
    const answer = { access_token: 'a', token_type: 'Bearer' }
    expect((await failureOf(provider.codeVerifier())).code).toBe('flow_unknown')
    expect((await failureOf(provider.saveTokens(answer))).code).toBe('flow_unknown')

    await provider.redirectToAuthorization(sdkUrl(world))
    expect((await failureOf(provider.saveTokens({ token_type: 'Bearer' }))).code).toBe('invalid_response')
    await provider.saveTokens(answer)
    expect(await session.status()).toBe('ready')
    expect((await failureOf(provider.saveTokens(answer))).code).toBe('flow_unknown')
  })

  test('a client that the server has forgotten is registered again', async () => {
    const world = fakeWorld()
    const { provider } = hosted(world)
    const before = await provider.clientInformation()
    await provider.invalidateCredentials('tokens')
    expect(await provider.clientInformation()).toEqual(before)
    await provider.invalidateCredentials('all')
    expect(await provider.clientInformation()).not.toEqual(before)
  })

  test('what is held and what is asked for are asked for together', async () => {
    const { world, session } = await signedIn({ scope: 'notes:read' })
    const provider = asOAuthProvider(session)
    await provider.tokens()
    const error = await failureOf(provider.redirectToAuthorization(sdkUrl(world, 'notes:admin')))
    expect(error).toMatchObject({ code: 'insufficient_scope', scope: ['notes:read', 'notes:admin'] })
  })

  test('without a host nobody is registered and nobody sent anywhere: the session is asked', async () => {
    const world = fakeWorld()
    const provider = asOAuthProvider(sessionIn(world, { dpop: 'off', interaction: [] }))
    await provider.clientInformation()
    const error = await failureOf(provider.redirectToAuthorization(sdkUrl(world, 'notes:read')))
    expect(error).toMatchObject({ code: 'authorization_required', reason: 'signed_out', scope: ['notes:read'] })
    expect(world.sent('POST', `${world.as}/register`)).toHaveLength(0)
  })
})
