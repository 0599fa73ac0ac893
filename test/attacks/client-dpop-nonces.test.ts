/**
 * Nonces as a weapon: from somebody else's origin, without end, or with something in them.
 *
 * @see RFC 9449 section 8.2, section 9: a nonce is good for the server that gave it out
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { createPeers } from '../../client/dpop/peers.ts'
import type { Fetch } from '../../client/index.ts'
import { failureOf, sessionIn } from '../support/client.ts'
import { json } from '../support/fake-authorization-server.ts'
import { dpopWorld } from '../support/fake-dpop-world.ts'

describe('DPOP-C3 of another origin', () => {
  test('a site that a request passes through to, a metadata host and the resource: none reaches the token endpoint', async () => {
    const world = dpopWorld()
    const evil = (answer: Response): Response => {
      answer.headers.set('dpop-nonce', 'injected')
      return answer
    }
    const fetch: Fetch = async (input, init) => {
      const answer = await world.fetch(input, init)
      const url = String(input instanceof Request ? input.url : input)
      return url.startsWith(world.as) ? answer : evil(answer)
    }
    const session = sessionIn(world, { fetch })
    await session.fetch('https://evil.example/')
    await session.authorize()
    await session.fetch(world.resource)
    world.clock.now += 890
    await session.fetch(world.resource)
    expect(world.at('server').map(({ proof }) => proof?.claims['nonce'])).toEqual([undefined, undefined])
  })

  test('the authorization server’s does not reach the resource', async () => {
    const world = dpopWorld()
    world.server.nonce = 'for the server only'.replaceAll(' ', '-')
    const session = sessionIn(world)
    await session.authorize()
    await session.fetch(world.resource)
    expect(world.at('resource').at(-1)?.proof?.claims['nonce']).toBeUndefined()
  })

  test('another port, and another scheme, are other origins', async () => {
    const world = dpopWorld()
    const session = sessionIn(world, {
      fetch: async (input, init) => {
        const url = String(input instanceof Request ? input.url : input)
        if (!/:8443|^http:/.test(url)) return world.fetch(input, init)
        return new Response(null, { headers: { 'dpop-nonce': 'injected' } })
      },
    })
    await session.authorize()
    await session.fetch('https://mcp.example.com:8443/mcp')
    await session.fetch('http://mcp.example.com/mcp')
    await session.fetch(world.resource)
    expect(world.at('resource').at(-1)?.proof?.claims['nonce']).toBeUndefined()
  })

  test('a redirect that fetch has followed: nobody knows whose nonce that is', async () => {
    const world = dpopWorld()
    const fetch: Fetch = async (input, init) => {
      const answer = await world.fetch(input, init)
      const { authorization } = Object.fromEntries(new Headers(init?.headers))
      if (authorization?.startsWith('DPoP') !== true) return answer
      answer.headers.set('dpop-nonce', 'injected')
      return Object.defineProperty(answer, 'redirected', { value: true })
    }
    const session = sessionIn(world, { fetch })
    await session.authorize()
    for (let call = 0; call < 2; call += 1) await session.fetch(world.resource)
    expect(world.at('resource').at(-1)?.proof?.claims['nonce']).toBeUndefined()
  })
})

describe('without end', () => {
  const told = (serial: number) => ({ 'dpop-nonce': `nonce-${serial}` })

  test('a token endpoint with a new one each time: three requests, and its error', async () => {
    const world = dpopWorld()
    let serial = 0
    world.on('POST', `${world.as}/token`, () => {
      serial += 1
      return json({ error: 'use_dpop_nonce' }, 400, told(serial))
    })
    const failure = await failureOf(sessionIn(world).authorize())
    expect(failure).toMatchObject({ code: 'token_request_failed', oauthError: 'use_dpop_nonce' })
    expect(serial).toBe(3)
  })

  test('a resource with a new one each time: three requests, and its answer', async () => {
    const world = dpopWorld()
    const session = sessionIn(world)
    await session.authorize()
    let serial = 0
    world.mcp.handle = () => {
      serial += 1
      const headers = { 'www-authenticate': 'DPoP error="use_dpop_nonce"', ...told(serial) }
      return new Response(null, { status: 401, headers })
    }
    expect((await session.fetch(world.resource)).status).toBe(401)
    expect(serial).toBe(3)
    expect(world.at('server')).toHaveLength(1)
  })

  test('nonces, then a clock, then nonces: four requests', async () => {
    const world = dpopWorld()
    const session = sessionIn(world)
    await session.authorize()
    let serial = 0
    world.mcp.handle = () => {
      serial += 1
      const error = serial === 2 ? 'invalid_dpop_proof' : 'use_dpop_nonce'
      const date = new Date((world.clock.now + serial * 1000) * 1000).toUTCString()
      const headers = new Headers({ 'www-authenticate': `DPoP error="${error}"`, ...told(serial), date })
      return new Response(null, { status: 401, headers })
    }
    await session.fetch(world.resource)
    expect(serial).toBeLessThanOrEqual(4)
  })

  test('a refresh under endless nonces keeps the credential, and backs off', async () => {
    const world = dpopWorld()
    const session = sessionIn(world)
    await session.authorize()
    world.clock.now += 901
    let serial = 0
    world.on('POST', `${world.as}/token`, () => {
      serial += 1
      return json({ error: 'use_dpop_nonce' }, 401, told(serial))
    })
    expect((await failureOf(session.fetch(world.resource))).code).toBe('refresh_unavailable')
    expect((await failureOf(session.fetch(world.resource))).code).toBe('refresh_unavailable')
    expect(serial).toBe(3)
    world.on('POST', `${world.as}/token`)
    world.clock.now += 60
    expect((await session.fetch(world.resource)).status).toBe(200)
  })

  test('of origins without end a few are remembered', () => {
    const peers = createPeers()
    const first = peers('https://one.example/a')
    first.nonce = 'n'
    expect(peers('https://one.example/b')).toBe(first)
    for (let serial = 0; serial < 20; serial += 1) peers(`https://${serial}.example/`)
    expect(peers('https://one.example/').nonce).toBeUndefined()
  })
})
