/**
 * What the client proves, to whom, and with which key.
 *
 * @see RFC 9449 section 4.2 (the proof), section 5 (token requests), section 7.1 (resources), section 10 (`dpop_jkt`)
 * @module
 */
import { afterEach, describe, expect, test } from 'bun:test'
import type { Session, SessionEvent } from '../../client/index.ts'
import { approve, attendedSessionIn, sessionIn } from '../support/client.ts'
import { dpopWorld } from '../support/fake-dpop-world.ts'
import { createV2Handler, handleWithV1 } from '../support/fake-mcp-server.ts'
import { hostV1, hostV2, type SessionHost } from '../support/session-hosts.ts'

async function signedIn() {
  const world = dpopWorld({ challengeScope: 'read' })
  const session = sessionIn(world)
  const grant = await session.authorize()
  return { world, session, grant }
}

describe('DPOP-C2 token requests', () => {
  test('DPOP-C2 the code is redeemed with a proof, and the token is bound', async () => {
    const { world, grant } = await signedIn()
    expect(grant.tokenType).toBe('DPoP')
    const [request] = world.at('server')
    expect(request?.proof?.header).toMatchObject({ typ: 'dpop+jwt', alg: 'ES256' })
    expect(request?.proof?.claims).toEqual({
      jti: expect.any(String),
      htm: 'POST',
      htu: 'https://as.example.com/token',
      iat: world.clock.now,
    })
  })

  test('RFC 9449 section 10 dpop_jkt names the key that redeems the code', async () => {
    const { world } = await signedIn()
    expect(world.jktAsked()).toMatch(/^[\w-]{43}$/)
    expect(world.at('server')[0]?.jkt).toBe(world.jktAsked() ?? '')
  })

  test('RFC 9449 section 5 refreshing keeps the key', async () => {
    const { world, session } = await signedIn()
    world.clock.now += 890
    expect((await session.fetch(world.resource)).status).toBe(200)
    world.forgetAccessTokens()
    expect((await session.fetch(world.resource)).status).toBe(200)
    const keys = world.at('server').map(({ body, jkt }) => [new URLSearchParams(body).get('grant_type'), jkt])
    const jkt = world.jktAsked() ?? ''
    expect(keys).toEqual([
      ['authorization_code', jkt],
      ['refresh_token', jkt],
      ['refresh_token', jkt],
    ])
  })

  test('the token endpoint has a query: not in the proof', async () => {
    const world = dpopWorld({ serverMetadata: { token_endpoint: 'https://as.example.com/token?tenant=1' } })
    const htus: unknown[] = []
    const fetch: typeof world.fetch = async (input, init) => {
      const url = String(input instanceof Request ? input.url : input)
      const proof = new Headers(init?.headers).get('dpop')
      if (proof !== null)
        htus.push(JSON.parse(atob(proof.split('.')[1]?.replace(/-/g, '+').replace(/_/g, '/') ?? '')).htu)
      return world.fetch(url.replace(/\?tenant.*/, ''), init)
    }
    await sessionIn(world, { fetch }).authorize()
    expect(htus).toEqual(['https://as.example.com/token'])
  })

  test('metadata, registration, revocation and the probe get no proof', async () => {
    const { world, session } = await signedIn()
    await session.logout()
    const proven = world.requests.filter(({ headers }) => headers.has('dpop')).map(({ url }) => url)
    expect(proven).toEqual(['https://as.example.com/token'])
  })
})

describe('DPOP-C1 requests to the resource', () => {
  const sendings: readonly [string, string, (session: Session) => Promise<Response>][] = [
    ['a GET', 'GET', ({ fetch, resource }) => fetch(resource)],
    ['a POST', 'POST', ({ fetch, resource }) => fetch(resource, { method: 'POST', body: '{}' })],
    ['a method in lower case', 'DELETE', ({ fetch, resource }) => fetch(resource, { method: 'delete' })],
    ['a URL with query and fragment', 'GET', ({ fetch, resource }) => fetch(new URL(`${resource}?a=b#c`))],
    ['a Request', 'PUT', ({ fetch, resource }) => fetch(new Request(resource, { method: 'PUT', body: 'x' }))],
    [
      'a Request and an init',
      'PUT',
      ({ fetch, resource }) => fetch(new Request(resource), { method: 'PUT', body: 'x' }),
    ],
  ]
  test.each(sendings)('DPOP-C1 %s', async (_name, method, send) => {
    const { world, session } = await signedIn()
    expect((await send(session)).status).toBe(200)
    const sent = world.at('resource').at(-1)
    expect(sent?.authorization).toStartWith('DPoP access-')
    expect(sent?.jkt).toBe(world.jktAsked() ?? '')
    expect(sent?.proof?.claims).toEqual({
      jti: expect.any(String),
      htm: method,
      htu: world.resource,
      iat: world.clock.now,
      ath: expect.any(String),
    })
  })

  test('DPOP-C1 each request has a proof of its own, also in parallel, and below the path', async () => {
    const { world, session } = await signedIn()
    const urls = ['', '/a', '/a/b', ''].map((path) => world.resource + path)
    await Promise.all(urls.map((url) => session.fetch(url)))
    const proofs = world.at('resource').filter(({ proof }) => proof !== undefined)
    expect(new Set(proofs.map(({ proof }) => proof?.claims.jti)).size).toBe(4)
    expect(proofs.map(({ proof }) => proof?.claims['htu']).sort()).toEqual(urls.sort())
  })

  test('DPOP-C1 a header of the caller gives way', async () => {
    const { world, session } = await signedIn()
    const headers = { dpop: 'theirs', authorization: 'Bearer theirs', 'x-own': '1' }
    expect((await session.fetch(new Request(world.resource, { headers }))).status).toBe(200)
  })

  test('RFC 9449 section 5 token_type is compared without regard to case', async () => {
    const world = dpopWorld()
    const session = sessionIn(world)
    world.server.tokenType = 'dPoP'
    world.on('POST', `${world.as}/token`, async (request, original) => {
      const answer = await world.usual('POST', `${world.as}/token`, request, original)
      return Response.json({ ...(await answer.json()), token_type: 'dPoP' })
    })
    expect((await session.authorize()).tokenType).toBe('DPoP')
  })

  test('elsewhere than to the resource neither token nor proof is sent', async () => {
    const { world, session } = await signedIn()
    await session.fetch('https://other.example/mcp')
    await session.fetch('https://mcp.example.com/other')
    for (const { headers } of world.requests.slice(-2)) {
      expect([headers.get('authorization'), headers.get('dpop')]).toEqual([null, null])
    }
  })
})

describe('DPOP-C1 challenges with the DPoP scheme', () => {
  test('C-120 a step-up is read from it, and its token has a key of its own', async () => {
    const world = dpopWorld({ challengeScope: 'read' })
    const session = attendedSessionIn(world, approve(world))
    await session.authorize()
    const before = world.jktAsked()
    world.mcp.scope = ['write']
    await expect(session.fetch(world.resource)).rejects.toThrow('insufficient_scope')
    const grant = await session.authorize()
    expect(grant).toMatchObject({ scope: ['read', 'write'], tokenType: 'DPoP' })
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(world.jktAsked()).not.toBe(before)
    expect(world.at('resource').at(-1)?.jkt).toBe(world.jktAsked() ?? '')
  })

  test('RFC 9728 section 5.1 resource_metadata and scope of a challenge that is DPoP alone', async () => {
    const world = dpopWorld({ hint: false })
    const elsewhere = 'https://mcp.example.com/metadata'
    world.on('GET', elsewhere, () => Response.json({ resource: world.resource, authorization_servers: [world.issuer] }))
    world.on('GET', world.metadataUrl, () => new Response(null, { status: 404 }))
    world.endpoint.knows = false
    world.on('POST', world.resource, () => {
      const challenge = `DPoP algs="ES256", scope="special", resource_metadata="${elsewhere}"`
      return new Response(null, { status: 401, headers: { 'www-authenticate': challenge } })
    })
    expect((await sessionIn(world).authorize()).scope).toEqual(['special'])
  })
})

describe('in the transports of both SDKs', () => {
  const open: SessionHost[] = []
  afterEach(async () => {
    for (const host of open.splice(0)) await host.close()
  })

  const hosts: readonly [string, (session: Session) => SessionHost, () => (request: Request) => Promise<Response>][] = [
    ['sdk 1.x', hostV1, () => handleWithV1],
    ['client 2.x', hostV2, createV2Handler],
  ]
  test.each(hosts)(
    'DPOP-C1 DPOP-C3 %s: every message has a proof, nonces and all',
    async (_name, createHost, createHandler) => {
      const world = dpopWorld()
      const handle = createHandler()
      world.mcp.handle = (request) => handle(request)
      world.server.nonce = 'at-server'
      world.endpoint.nonce = 'at-resource'
      const events: SessionEvent[] = []
      const session = sessionIn(world, { dpop: 'required', onEvent: (event) => events.push(event) })
      await session.authorize()
      const host = createHost(session)
      open.push(host)
      await host.connect()
      expect(await host.call('greet')).toEqual([{ type: 'text', text: 'hello' }])
      const sent = world.at('resource').filter(({ authorization }) => authorization !== null)
      expect(sent.length).toBeGreaterThan(2)
      for (const { authorization, jkt } of sent) {
        expect(authorization).toStartWith('DPoP ')
        expect(jkt).toBe(world.jktAsked() ?? '')
      }
      const retried = events.filter(({ type }) => type === 'dpop_retried')
      expect(retried[0]).toEqual({ type: 'dpop_retried', url: `${world.as}/token`, because: 'nonce' })
    },
  )
})
