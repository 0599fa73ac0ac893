/**
 * Token exchange: the client's part. A program that was called for a person calls the next one for the same person.
 *
 * @see RFC 8693 section 2.1, section 2.2
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { decodeProtectedHeader } from 'jose'
import { type TokenExchangeOptions, tokenExchange } from '../../client/grants/index.ts'
import { createSession, memoryStore, type SessionOptions } from '../../client/index.ts'
import { failureOf } from '../support/client.ts'
import { type FakeOptions, type FakeWorld, fakeWorld, json, oauthError } from '../support/fake-authorization-server.ts'
import { AS, TOKEN } from '../support/fake-company.ts'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const typed = (type: string) => `urn:ietf:params:oauth:token-type:${type}`

function exchanging(options: FakeOptions = {}, answer: Record<string, unknown> = {}): FakeWorld {
  const world = fakeWorld(options)
  let serial = 0
  world.on('POST', TOKEN, ({ form }) => {
    if (form.get('grant_type') !== EXCHANGE) return oauthError('unsupported_grant_type')
    serial += 1
    const scope = form.get('scope') ?? 'read'
    world.tokens.set(`x-${serial}`, { scope: scope.split(' '), expiresAt: world.clock.now + 60 })
    return json({
      access_token: `x-${serial}`,
      issued_token_type: typed('access_token'),
      token_type: 'Bearer',
      expires_in: 60,
      scope,
      ...answer,
    })
  })
  return world
}

const plannerIn = (world: FakeWorld, grant: Partial<TokenExchangeOptions> = {}, options: SessionOptions = {}) =>
  createSession(world.resource, {
    client: { id: 'planner', secret: 's', issuer: AS },
    grant: tokenExchange({ issuer: AS, subject: 'callers-token', ...grant }),
    fetch: world.fetch,
    now: world.now,
    ...options,
  })

const requests = (world: FakeWorld) => world.sent('POST', TOKEN)

describe('section 2.1 the request', () => {
  test('impersonation: the token of the subject, the resource, and who asks', async () => {
    const world = exchanging()
    expect((await plannerIn(world).fetch(world.resource)).status).toBe(200)
    expect(Object.fromEntries(requests(world)[0]?.form ?? [])).toEqual({
      grant_type: EXCHANGE,
      subject_token: 'callers-token',
      subject_token_type: typed('access_token'),
      resource: world.resource,
    })
    expect(requests(world)[0]?.headers.get('authorization')).toBe(`Basic ${btoa('planner:s')}`)
  })

  test('delegation: the token of the actor beside it, scopes, and names of the target', async () => {
    const world = exchanging()
    await plannerIn(world, {
      subject: () => 'callers-token',
      subjectType: 'jwt',
      actor: async () => 'own-token',
      actorType: 'https://types.example/badge',
      audience: ['calendar', 'rooms'],
      scope: 'read',
    }).authorize()
    const form = requests(world)[0]?.form
    expect(form?.getAll('audience')).toEqual(['calendar', 'rooms'])
    form?.delete('audience')
    expect(Object.fromEntries(form ?? [])).toEqual({
      grant_type: EXCHANGE,
      subject_token: 'callers-token',
      subject_token_type: typed('jwt'),
      actor_token: 'own-token',
      actor_token_type: 'https://types.example/badge',
      resource: world.resource,
      scope: 'read',
    })
  })

  test('both tokens are read each time', async () => {
    const world = exchanging()
    let read = 0
    const next = () => {
      read += 1
      return `token-${read}`
    }
    const session = plannerIn(world, { subject: next, actor: next })
    await session.fetch(world.resource)
    world.clock.now += 60
    await session.fetch(world.resource)
    expect(requests(world).map(({ form }) => [form.get('actor_token'), form.get('subject_token')])).toEqual([
      ['token-1', 'token-2'],
      ['token-3', 'token-4'],
    ])
  })

  test('C-121 more scope is asked for with the same token: whether it has that much, the server knows', async () => {
    const world = exchanging()
    const session = plannerIn(world, { scope: 'read' })
    await session.fetch(world.resource)
    world.mcp.scope = ['write']
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(requests(world).at(-1)?.form.get('scope')).toBe('read write')
  })
})

describe('section 2.2 the response', () => {
  test.each(['id-jag', 'id_token', 'refresh_token'])('a token of type %s is not for a resource', async (type) => {
    const world = exchanging({}, { issued_token_type: typed(type) })
    const session = plannerIn(world)
    expect((await failureOf(session.authorize())).code).toBe('invalid_response')
    expect(await session.status()).toBe('signed-out')
  })

  test.each([typed('jwt'), undefined])('issued_token_type %p will do', async (issued_token_type) => {
    const world = exchanging({}, { issued_token_type })
    expect((await plannerIn(world).fetch(world.resource)).status).toBe(200)
  })

  test('token_type N_A is of something that is shown to nobody', async () => {
    const world = exchanging({}, { token_type: 'N_A' })
    expect((await failureOf(plannerIn(world).authorize())).code).toBe('token_type_unsupported')
  })

  test('section 2.2.1 a refresh token is used, where the server gives one', async () => {
    const world = exchanging({}, { refresh_token: 'renews' })
    expect((await plannerIn(world).authorize()).refreshable).toBe(true)
  })

  test.each([
    ['invalid_request', 'token_request_failed'],
    ['invalid_target', 'token_request_failed'],
    ['invalid_grant', 'invalid_grant'],
    ['unauthorized_client', 'grant_unsupported'],
  ] as const)('section 2.2.2 %s is told as %s', async (error, code) => {
    const world = exchanging()
    world.on('POST', TOKEN, () => oauthError(error))
    expect(await failureOf(plannerIn(world).authorize())).toMatchObject({ code, oauthError: error, retryable: false })
  })

  test('a server that lists other grants is sent nothing', async () => {
    const world = exchanging({ serverMetadata: { grant_types_supported: ['authorization_code'] } })
    expect((await failureOf(plannerIn(world).authorize())).code).toBe('grant_unsupported')
    expect(requests(world)).toEqual([])
  })
})

test('R12 in a store that is shared each subject has a profile', () => {
  const world = exchanging()
  expect(() => plannerIn(world, {}, { store: memoryStore(world.now) })).toThrow('a profile beside a store')
})

describe('the token of another session', () => {
  /** A session whose tokens are bound to a key, where the server does that. */
  const world = () => {
    const made = exchanging(
      { serverMetadata: { dpop_signing_alg_values_supported: ['ES256'] } },
      { token_type: 'DPoP' },
    )
    const proofs: string[] = []
    made.on('GET', made.resource, ({ headers }) =>
      headers.has('authorization') ? json({}) : new Response(null, { status: 401 }),
    )
    const fetch: typeof made.fetch = async (input, init) => {
      const request = new Request(input, init)
      const proof = request.headers.get('dpop')
      if (request.url === TOKEN && proof !== null) proofs.push(JSON.stringify(decodeProtectedHeader(proof).jwk))
      return made.fetch(request)
    }
    return { ...made, fetch, proofs }
  }

  test('RFC 9449 section 5 is exchanged with a proof of the key that it is bound to, and so is the next', async () => {
    const made = world()
    const first = plannerIn(made, {}, { dpop: 'required' })
    const second = plannerIn(made, { subject: first }, { dpop: 'required' })
    const third = plannerIn(made, { subject: second }, { dpop: 'preferred' })
    expect((await third.authorize()).tokenType).toBe('DPoP')
    expect(requests(made).map(({ form }) => form.get('subject_token'))).toEqual(['callers-token', 'x-1', 'x-2'])
    expect([made.proofs.length, new Set(made.proofs).size]).toEqual([3, 1])
  })

  test('of the actor, where the token of the subject is bound to none', async () => {
    const made = world()
    const own = plannerIn(made, {}, { dpop: 'required' })
    await plannerIn(made, { actor: own }).authorize()
    expect(new Set(made.proofs).size).toBe(1)
  })

  test('what was bound does not come back unbound, whatever the session prefers', async () => {
    const made = world()
    const first = plannerIn(made, {}, { dpop: 'required' })
    await first.authorize()
    made.on('POST', TOKEN, () => json({ access_token: 'loose', token_type: 'Bearer' }))
    expect((await failureOf(plannerIn(made, { subject: first }).authorize())).code).toBe('dpop_downgrade')
    const off = plannerIn(made, { subject: first }, { dpop: 'off' })
    expect((await failureOf(off.authorize())).code).toBe('dpop_unavailable')
  })

  test('without a person who has signed in there is none, and it is said where', async () => {
    const made = exchanging()
    const person = createSession('https://other.example/mcp', { fetch: made.fetch, now: made.now })
    expect(await failureOf(plannerIn(made, { subject: person }).fetch(made.resource))).toMatchObject({
      code: 'authorization_required',
      resource: 'https://other.example/mcp',
    })
    expect(requests(made)).toEqual([])
  })

  test('one that the server does not take any more is replaced, once', async () => {
    const made = exchanging()
    const ended = new Set(['x-1'])
    const subject = plannerIn(made, {}, { profile: 'first' })
    await subject.authorize()
    let refusals = 0
    const refuse = ({ form }: { readonly form: URLSearchParams }) => {
      const token = form.get('subject_token') ?? ''
      if (!ended.has(token)) return json({ access_token: `for-${token}`, token_type: 'Bearer' })
      refusals += 1
      return oauthError('invalid_request')
    }
    made.on('POST', TOKEN, refuse)
    await plannerIn(made, { subject }).authorize()
    expect(refusals).toBe(1)
    ended.add('for-callers-token')
    expect((await failureOf(plannerIn(made, { subject }).authorize())).oauthError).toBe('invalid_request')
    expect(refusals).toBe(3)
  })

  test('of something that is no session, there is none', async () => {
    const made = exchanging()
    const copy = { ...plannerIn(made) }
    expect((await failureOf(plannerIn(made, { subject: copy }).authorize())).code).toBe('configuration')
  })
})
