/**
 * Nonces: where they come from, where they go, and how often a request is sent for their sake.
 *
 * @see RFC 9449 section 8 (authorization servers), section 8.2 (a new one with any answer), section 9 (resources)
 * @module
 */
import { describe, expect, test } from 'bun:test'
import type { SessionEvent, SessionOptions } from '../../client/index.ts'
import { failureOf, gate, sessionIn } from '../support/client.ts'
import { json } from '../support/fake-authorization-server.ts'
import { dpopWorld, type SeenRequest } from '../support/fake-dpop-world.ts'

const nonces = (requests: readonly SeenRequest[]): unknown[] => requests.map(({ proof }) => proof?.claims['nonce'])

async function signedIn(options: SessionOptions = {}) {
  const world = dpopWorld()
  const events: SessionEvent[] = []
  const session = sessionIn(world, { onEvent: (event) => events.push(event), ...options })
  await session.authorize()
  const from = world.seen.length
  return { world, session, events, sent: () => nonces(world.at('resource', from)) }
}

describe('DPOP-C3 the authorization server wants one', () => {
  test.each([400, 401])('DPOP-C3 and says so with %i: once more, with it', async (status) => {
    const world = dpopWorld()
    world.server.nonce = 'first'
    world.server.status = status
    const grant = await sessionIn(world).authorize()
    expect(grant.tokenType).toBe('DPoP')
    expect(nonces(world.at('server'))).toEqual([undefined, 'first'])
  })

  test('DPOP-C3 the client authenticates each time', async () => {
    const world = dpopWorld()
    world.server.nonce = 'first'
    const client = { id: 'own', secret: 'secret', issuer: world.issuer }
    await sessionIn(world, { client }).authorize()
    const sent = world.at('server').map(({ authorization }) => authorization)
    expect(sent).toEqual([`Basic ${btoa('own:secret')}`, `Basic ${btoa('own:secret')}`])
  })

  test('RFC 9449 section 8.2 what comes with tokens is used for the next request', async () => {
    const { world, session } = await signedIn()
    world.server.nonce = 'first'
    world.server.next = 'second'
    world.clock.now += 890
    await session.fetch(world.resource)
    world.server.nonce = 'second'
    world.clock.now += 890
    await session.fetch(world.resource)
    expect(nonces(world.at('server'))).toEqual([undefined, undefined, 'first', 'second'])
  })

  test('with 403 or 500 it is no invitation', async () => {
    const world = dpopWorld()
    world.server.nonce = 'first'
    world.server.status = 403
    expect((await failureOf(sessionIn(world).authorize())).oauthError).toBe('use_dpop_nonce')
    expect(world.at('server')).toHaveLength(1)
  })
})

describe('DPOP-C3 the resource wants one', () => {
  test('DPOP-C3 and says so with 401: once more, with it, and with it from then on', async () => {
    const { world, session, sent, events } = await signedIn()
    world.endpoint.nonce = 'first'
    const init = { method: 'POST', body: '{"id":1}' }
    for (let call = 0; call < 3; call += 1) expect((await session.fetch(world.resource, init)).status).toBe(200)
    expect(sent()).toEqual([undefined, 'first', 'first', 'first'])
    expect(world.at('resource').at(-3)?.body).toBe('{"id":1}')
    expect(events.filter(({ type }) => type === 'dpop_retried')).toEqual([
      { type: 'dpop_retried', url: world.resource, because: 'nonce' },
    ])
  })

  test('DPOP-C3 what comes with a success is used for the next request', async () => {
    const { world, session, sent } = await signedIn()
    world.endpoint.next = 'first'
    await session.fetch(world.resource)
    world.endpoint.nonce = 'first'
    world.endpoint.next = 'second'
    await session.fetch(world.resource)
    world.endpoint.nonce = 'second'
    await session.fetch(world.resource)
    expect(sent()).toEqual([undefined, 'first', 'second'])
  })

  test('DPOP-C3 it has a new one by then: a second time, with that', async () => {
    const { world, session, sent } = await signedIn()
    const answers = [refusal('first'), refusal('second')]
    world.mcp.handle = () => answers.shift() ?? json({})
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(sent()).toEqual([undefined, 'first', 'second'])
  })

  test('many at once: each is sent again once', async () => {
    const { world, session } = await signedIn()
    world.endpoint.nonce = 'first'
    const from = world.seen.length
    const answers = await Promise.all(Array.from({ length: 8 }, () => session.fetch(world.resource)))
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200))
    expect(world.at('resource', from).length).toBeLessThanOrEqual(16)
  })

  test('two refusals at the same moment: each is sent again with its own', async () => {
    const { world, session, sent } = await signedIn()
    const both = gate()
    const told = ['one', 'two']
    world.mcp.handle = async () => {
      const nonce = told.shift()
      if (nonce === undefined) return json({})
      if (told.length === 0) both.open()
      await both.opened
      return refusal(nonce)
    }
    await Promise.all([session.fetch(world.resource), session.fetch(world.resource)])
    expect(sent().slice(2).sort()).toEqual(['one', 'two'])
  })

  test('an answer to a request without a token brings it, too', async () => {
    const world = dpopWorld()
    world.on('POST', world.resource, () => {
      const headers = { 'www-authenticate': 'DPoP algs="ES256"', 'dpop-nonce': 'early' }
      return new Response(null, { status: 401, headers })
    })
    const session = sessionIn(world)
    await session.authorize()
    world.on('POST', world.resource)
    world.endpoint.nonce = 'early'
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(nonces(world.at('resource')).at(-1)).toBe('early')
    expect(world.at('resource')).toHaveLength(2)
  })
})

/** What a resource says that wants this nonce. */
const refusal = (nonce: string, body: ReadableStream | null = null): Response => {
  const headers = new Headers({ 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': nonce })
  return new Response(body, { status: 401, headers })
}

describe('what is no reason to send it again', () => {
  const refusals: readonly [string, number, Record<string, string>][] = [
    ['no nonce with it', 401, { 'www-authenticate': 'DPoP error="use_dpop_nonce"' }],
    ['nothing that can be one', 401, { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'a b' }],
    ['a quotation mark in it', 401, { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'a"b' }],
    ['an endless one', 401, { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'n'.repeat(1025) }],
    ['two of them', 401, { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'a, b' }],
    ['another status', 400, { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'n' }],
    ['no challenge that says so', 403, { 'www-authenticate': 'DPoP algs="ES256"', 'dpop-nonce': 'n' }],
  ]
  test.each(refusals)('%s', async (_name, status, headers) => {
    const { world, session } = await signedIn()
    let sendings = 0
    world.mcp.handle = () => {
      sendings += 1
      return new Response(null, { status, headers: new Headers(headers) })
    }
    expect((await session.fetch(world.resource)).status).toBe(status)
    expect(sendings).toBe(1)
  })

  test('the very nonce that was sent', async () => {
    const { world, session, sent } = await signedIn()
    world.endpoint.next = 'same'
    await session.fetch(world.resource)
    world.mcp.handle = () => refusal('same')
    expect((await session.fetch(world.resource)).status).toBe(401)
    expect(sent()).toEqual([undefined, 'same'])
  })
})

describe('bodies', () => {
  test('ADR 0056 a stream is not sent a second time; the next call has the nonce already', async () => {
    const { world, session, sent } = await signedIn()
    world.endpoint.nonce = 'first'
    const received: string[] = []
    world.mcp.handle = async (request) => {
      received.push(await request.text())
      return json({})
    }
    const stream = () => {
      const init = { method: 'POST', body: new Blob(['hello']).stream(), duplex: 'half' }
      return session.fetch(world.resource, init)
    }
    expect(await failureOf(stream())).toMatchObject({ code: 'body_not_replayable', retryable: true })
    expect((await stream()).status).toBe(200)
    expect(received).toEqual(['hello'])
    expect(sent()).toEqual([undefined, 'first'])
  })

  test('a Request with a body is sent as a whole both times, and stays what it was', async () => {
    const { world, session } = await signedIn()
    world.endpoint.nonce = 'first'
    const request = new Request(world.resource, { method: 'POST', body: 'hello' })
    expect((await session.fetch(request)).status).toBe(200)
    expect(
      world
        .at('resource')
        .slice(-2)
        .map(({ body }) => body),
    ).toEqual(['hello', 'hello'])
    expect([...request.headers.keys()]).not.toContain('dpop')
  })

  test('the body of a refusal that nobody will see is let go', async () => {
    const { world, session } = await signedIn()
    let cancelled = 0
    const cancel = () => {
      cancelled += 1
    }
    const answers = [refusal('n', new ReadableStream({ cancel }))]
    world.mcp.handle = () => answers.shift() ?? json({})
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(cancelled).toBe(1)
  })
})

describe('a refused proof says nothing about the token', () => {
  test('the answer is returned, nothing is refreshed, nobody is asked', async () => {
    const { world, session } = await signedIn()
    world.mcp.handle = () =>
      new Response(null, { status: 401, headers: { 'www-authenticate': 'DPoP error="invalid_dpop_proof"' } })
    expect((await session.fetch(world.resource)).status).toBe(401)
    expect(world.at('server')).toHaveLength(1)
    expect(await session.status()).toBe('ready')
  })
})
