/**
 * Tokens and headers that end up where they do not belong.
 *
 * @see MCP 2026-07-28, security considerations, "Token Audience Binding", "Token Theft"
 * @module
 */
import { describe, expect, test } from 'bun:test'
import type { Fetch } from '../../client/index.ts'
import { sessionIn } from '../support/client.ts'
import { fakeWorld, json } from '../support/fake-authorization-server.ts'

describe('C-102 the token goes to the resource and to nobody else', () => {
  const elsewhere = [
    'https://evil.example/mcp',
    'https://mcp.example.com/',
    'https://mcp.example.com/other',
    'https://mcp.example.com/mcpx',
    'https://mcp.example.com/mcp/../admin',
    'https://mcp.example.com/mcp/%2e%2e/admin',
    'https://mcp.example.com:8443/mcp',
    'http://mcp.example.com/mcp',
    'https://mcp.example.com.evil.example/mcp',
    'https://mcp.example.com@evil.example/mcp',
    'https://as.example.com/mcp',
    'https://MCP.EXAMPLE.COM./mcp',
  ]
  test.each(elsewhere)('C-102 not to %s', async (url) => {
    const world = fakeWorld()
    const calls: (readonly [string, RequestInit | undefined])[] = []
    const fetch: Fetch = async (input, init) => {
      calls.push([String(input), init])
      return calls.at(-1)?.[0] === url ? json({}) : world.fetch(input, init)
    }
    const session = sessionIn(world, { fetch })
    await session.authorize()
    const init = { headers: { 'x-own': '1' } }
    await session.fetch(url, init)
    // Not only without the token: the very arguments, untouched.
    expect(calls.at(-1)?.[0]).toBe(url)
    expect(calls.at(-1)?.[1]).toBe(init)
  })

  test('C-102 a 401 of another place starts nothing', async () => {
    const world = fakeWorld()
    const session = sessionIn(world)
    await session.authorize()
    const before = world.requests.length
    world.on(
      'GET',
      'https://evil.example/',
      () => new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer scope="everything"' } }),
    )
    expect((await session.fetch('https://evil.example/')).status).toBe(401)
    expect(world.requests).toHaveLength(before + 1)
  })

  test('C-102 C-101 no authorization request carries the resource’s token', async () => {
    const world = fakeWorld({ expiresIn: 100 })
    const session = sessionIn(world)
    await session.authorize()
    world.clock.now += 100
    await session.fetch(world.resource)
    world.forgetAccessTokens()
    await session.fetch(world.resource)
    const others = world.requests.filter(({ url }) => url !== world.resource)
    for (const { headers, query, form, url } of others) {
      expect(headers.get('authorization')).toBeNull()
      expect(query.toString()).not.toContain('access-')
      if (!url.endsWith('/revoke')) expect(form.toString()).not.toContain('access-')
    }
  })
})

describe('an identity is not offered to strangers', () => {
  test('C-061 a resource that lists somebody else’s server does not get the secret sent there', async () => {
    const world = fakeWorld({ issuer: 'https://evil.example' })
    const session = sessionIn(world, { client: { id: 'known', secret: 'canary', issuer: 'https://as.example.com' } })
    await session.authorize().catch(() => {})
    for (const request of world.requests) expect(`${request.body}${[...request.headers]}`).not.toContain('canary')
  })
})
