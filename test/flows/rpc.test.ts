/**
 * The typed client of Sallyport's own endpoints: what it sends, what it gives back, and what its types know. The types are tested by
 * compiling this file: what must be an error says so.
 *
 * @module
 */
import { afterEach, describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { createRpc, type Rpc } from '../../client/rpc.ts'
import type { ConfigInput } from '../../server/config.ts'
import type { AuthorizationServerMetadata } from '../../shared/authorization-server-metadata.ts'
import type { ClientInformationResponse } from '../../shared/client-metadata.ts'
import type { IntrospectionResponse } from '../../shared/introspection-response.ts'
import type { JsonWebKeySet } from '../../shared/json-web-key-set.ts'
import type { OAuthErrorResponse } from '../../shared/oauth-error.ts'
import type { TokenResponse } from '../../shared/token-response.ts'
import { authorizationQuery, REDIRECT_URI, VERIFIER } from '../support/authorization-server.ts'
import { createTestDemo, listenTestDemo, type TestDemo } from '../support/demo.ts'
import { createPerson } from '../support/person.ts'

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

async function start(config: ConfigInput = {}): Promise<{ demo: TestDemo; rpc: Rpc }> {
  const demo = await createTestDemo(config)
  open.push(() => demo.close())
  return { demo, rpc: createRpc(demo.issuer, { fetch: demo.fetch }) }
}

const METADATA = {
  client_name: 'Typed',
  redirect_uris: [REDIRECT_URI],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'none',
}

/** A code for a client, and the form that redeems it. */
async function codeFor(demo: TestDemo, clientId: string) {
  const query = await authorizationQuery(clientId, { resource: demo.mcpUrl })
  const { authorization_endpoint } = await demo.as.metadata()
  const callback = await createPerson(demo).visit(`${authorization_endpoint}?${query}`)
  return {
    grant_type: 'authorization_code',
    code: callback.searchParams.get('code') ?? '',
    code_verifier: VERIFIER,
    redirect_uri: REDIRECT_URI,
    client_id: clientId,
    resource: [demo.mcpUrl],
  } as const
}

describe.each([
  ['an issuer without a path', 'https://demo.example'],
  ['an issuer with a path', 'https://demo.example/tenant'],
  ['an issuer with a slash at its end', 'https://demo.example/tenant/'],
])('%s', (_, issuer) => {
  test('register, tokens, refresh, revoke', async () => {
    const { demo, rpc } = await start({ issuer })

    const registered = await rpc.oauth.register.post(METADATA)
    expect(registered.status).toBe(201)
    const id = registered.data?.client_id ?? ''

    const tokens = await rpc.oauth.token.post(await codeFor(demo, id))
    expect(tokens.error).toBeNull()
    expect(tokens.data?.scope).toBe('notes:read notes:write')

    const refresh = {
      grant_type: 'refresh_token',
      client_id: id,
      refresh_token: tokens.data?.refresh_token ?? '',
    } as const
    expect((await rpc.oauth.token.post(refresh)).data?.token_type).toBe('Bearer')

    expect((await rpc.oauth.revoke.post({ token: refresh.refresh_token, client_id: id })).status).toBe(200)
    const again = await rpc.oauth.token.post(refresh)
    expect(again.data).toBeNull()
    expect(again.error?.status).toBe(400)
    expect(again.error?.value.error).toBe('invalid_grant')
  })

  test('discovery, health', async () => {
    const { rpc } = await start({ issuer })
    const wellKnown = rpc['.well-known']
    expect((await wellKnown['oauth-authorization-server'].get()).data?.issuer).toBe(issuer)
    expect((await wellKnown['openid-configuration'].get()).data?.issuer).toBe(issuer)
    expect((await wellKnown['jwks.json'].get()).data?.keys[0]?.alg).toBe('ES256')
    expect((await rpc.health.ready.get()).status).toBe(200)
  })
})

describe('on the wire', () => {
  /** What is sent, without a server. */
  async function sent(call: (rpc: Rpc) => Promise<unknown>): Promise<Request> {
    let request = new Request('https://nothing.example')
    const rpc = createRpc('https://demo.example', {
      fetch: async (input, init) => {
        request = new Request(input, init)
        return Response.json({})
      },
    })
    await call(rpc)
    return request
  }

  test('RFC 6749 section 3.2 the token endpoint gets a form, a repeated `resource` repeated', async () => {
    const request = await sent((rpc) =>
      rpc.oauth.token.post({ grant_type: 'refresh_token', refresh_token: 'a b&c', resource: ['x:1', 'x:2'] }),
    )
    expect(request.headers.get('content-type')).toBe('application/x-www-form-urlencoded')
    expect(await request.text()).toBe('grant_type=refresh_token&refresh_token=a+b%26c&resource=x%3A1&resource=x%3A2')
  })

  test('RFC 7009 section 2.1 the revocation endpoint gets a form', async () => {
    const request = await sent((rpc) => rpc.oauth.revoke.post({ token: '{"a":1}' }))
    expect(request.headers.get('content-type')).toBe('application/x-www-form-urlencoded')
    expect(await request.text()).toBe('token=%7B%22a%22%3A1%7D')
  })

  test('RFC 7591 section 3.1 the registration endpoint gets JSON', async () => {
    const request = await sent((rpc) => rpc.oauth.register.post({ client_name: 'x', redirect_uris: [] }))
    expect(request.headers.get('content-type')).toBe('application/json')
    expect(await request.json()).toEqual({ client_name: 'x', redirect_uris: [] })
  })

  test('headers of the caller stay, whatever it says of the content type', async () => {
    const headers = { authorization: 'Basic eDp5', 'content-type': 'text/plain' }
    const request = await sent((rpc) => rpc.oauth.revoke.post({ token: 't' }, { headers }))
    expect(request.headers.get('authorization')).toBe('Basic eDp5')
    expect(request.headers.get('content-type')).toBe('application/x-www-form-urlencoded')
  })

  test('text that looks like a date stays text', async () => {
    const rpc = createRpc('https://demo.example', {
      fetch: async () => Response.json({ access_token: '2026-11-20T00:00:00Z' }),
    })
    const { data } = await rpc.oauth.token.post({ grant_type: 'refresh_token', refresh_token: 'x' })
    expect(data?.access_token).toBe('2026-11-20T00:00:00Z')
  })

  test('no answer is no HTTP error: it is thrown', async () => {
    const down = new TypeError('connection refused')
    const rpc = createRpc('https://demo.example', { fetch: () => Promise.reject(down) })
    await expect(rpc.health.live.get()).rejects.toMatchObject({ value: down })
  })
})

test('the global `fetch` is the default', async () => {
  const demo = await listenTestDemo()
  open.push(() => demo.close())
  const { data } = await createRpc(demo.issuer)['.well-known']['oauth-authorization-server'].get()
  expect(data?.issuer).toBe(demo.issuer)
})

/** A and B are the same type, each way round. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** Compiles for `true` only. */
const proven = <_ extends true>(): void => {}

describe('the types', () => {
  test('`data` and `error` exclude each other, and a status narrows the value', async () => {
    const { rpc } = await start()
    const { data, error } = await rpc.oauth.token.post({ grant_type: 'refresh_token', refresh_token: 'unknown' })
    if (error === null) {
      proven<Same<typeof data, TokenResponse>>()
      throw new Error('a token was given away')
    }
    proven<Same<typeof data, null>>()
    proven<Same<(typeof error)['status'], 400 | 401 | 403 | 413 | 414 | 429 | 500 | 503>>()
    if (error.status === 401) proven<Same<typeof error.value, OAuthErrorResponse>>()
    expect(error.status).toBe(401)
    expect(error.value.error).toBe('invalid_client')
  })

  test('each endpoint has its own', async () => {
    const { rpc } = await start()
    const registered = await rpc.oauth.register.post(METADATA)
    if (registered.error === null) proven<Same<typeof registered.data, ClientInformationResponse>>()
    const revoked = await rpc.oauth.revoke.post({ token: 'x' })
    if (revoked.error !== null) proven<Same<typeof revoked.error.value, OAuthErrorResponse>>()
    const introspected = await rpc.oauth.introspect.post({ token: 'x' })
    if (introspected.error === null) proven<Same<typeof introspected.data, IntrospectionResponse>>()
    const metadata = await rpc['.well-known']['oauth-authorization-server'].get()
    if (metadata.error === null) metadata.data satisfies AuthorizationServerMetadata
    const jwks = await rpc['.well-known']['jwks.json'].get()
    if (jwks.error === null) proven<Same<typeof jwks.data, JsonWebKeySet>>()
    const ready = await rpc.health.ready.get()
    if (ready.error !== null) proven<Same<typeof ready.error.status, 503>>()
    expect([registered.status, revoked.status, introspected.status]).toEqual([201, 401, 401])
    expect([metadata.status, jwks.status, ready.status]).toEqual([200, 200, 200])
  })

  test('the pages are not among the endpoints', () => {
    proven<Same<keyof Rpc, 'oauth' | '.well-known' | 'health'>>()
    proven<Same<Exclude<keyof Rpc['oauth'], '~path'>, 'token' | 'register' | 'revoke' | 'introspect'>>()
  })

  test('what no schema allows does not compile', async () => {
    const rpc = createRpc('https://demo.example', { fetch: async () => Response.json({}) })
    // @ts-expect-error: no such grant type
    await rpc.oauth.token.post({ grant_type: 'password', username: 'a', password: 'b' })
    // @ts-expect-error: a code without a verifier
    await rpc.oauth.token.post({ grant_type: 'authorization_code', code: 'x' })
    // @ts-expect-error: a member of the other grant type
    await rpc.oauth.token.post({ grant_type: 'refresh_token', code: 'x' })
    // @ts-expect-error: no token
    await rpc.oauth.revoke.post({ client_id: 'x' })
    // @ts-expect-error: one redirect URI, not a list
    await rpc.oauth.register.post({ redirect_uris: 'https://x.example' })
    // @ts-expect-error: no such method
    await rpc.oauth.token.get()
    // @ts-expect-error: no such endpoint
    expect(rpc.oauth.userinfo).toBeDefined()
  })
})

describe('OpenAPI', () => {
  const Schema = v.looseObject({})
  const Content = v.record(v.string(), v.object({ schema: Schema }))
  const Named = v.record(v.string(), v.object({ schema: v.object({ type: v.string(), description: v.string() }) }))
  const Operation = v.looseObject({
    operationId: v.string(),
    parameters: v.optional(v.array(v.looseObject({ name: v.string(), in: v.string(), required: v.boolean() }))),
    requestBody: v.optional(v.looseObject({ content: Content })),
    responses: v.record(
      v.pipe(v.string(), v.regex(/^[1-5]\d\d$/)),
      v.looseObject({ description: v.string(), content: v.optional(Content), headers: v.optional(Named) }),
    ),
  })
  const OpenApi = v.looseObject({
    openapi: v.pipe(v.string(), v.regex(/^3\.\d+\.\d+$/)),
    info: v.looseObject({ title: v.string(), version: v.string() }),
    paths: v.record(v.pipe(v.string(), v.startsWith('/')), v.record(v.picklist(['get', 'post']), Operation)),
  })

  test('in development each endpoint is described, and no page', async () => {
    const { demo } = await start({ dev: true })
    const response = await demo.fetch('/openapi')
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    const text = await response.text()
    const document = v.parse(OpenApi, JSON.parse(text))
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    )
    expect(described.sort()).toEqual([
      'get /.well-known/jwks.json',
      'get /.well-known/oauth-authorization-server',
      'get /.well-known/openid-configuration',
      'get /health/live',
      'get /health/ready',
      'post /oauth/introspect',
      'post /oauth/register',
      'post /oauth/revoke',
      'post /oauth/token',
    ])
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    expect(text).not.toContain('"$ref"')
  })

  test.each([
    ['/oauth/token', 'application/x-www-form-urlencoded'],
    ['/oauth/revoke', 'application/x-www-form-urlencoded'],
    ['/oauth/introspect', 'application/x-www-form-urlencoded'],
    ['/oauth/register', 'application/json'],
  ])('the body of %s is %s', async (path, contentType) => {
    const { demo } = await start({ dev: true })
    const document = v.parse(OpenApi, await (await demo.fetch('/openapi')).json())
    expect(Object.keys(document.paths[path]?.post?.requestBody?.content ?? {})).toEqual([contentType])
  })

  test('RFC 9449 section 5 and section 8 the token endpoint takes a proof and names nonces, and is the only one', async () => {
    const { demo } = await start({ dev: true })
    const document = v.parse(OpenApi, await (await demo.fetch('/openapi')).json())
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, ...operation })),
    )
    const taking = operations.filter(({ parameters = [] }) => parameters.some(({ name }) => name === 'DPoP'))
    expect(taking).toMatchObject([{ path: '/oauth/token', parameters: [{ in: 'header', required: false }] }])
    const naming = operations.flatMap(({ path, responses }) =>
      Object.entries(responses).flatMap(([status, { headers = {} }]) =>
        Object.keys(headers).map((name) => `${path} ${status} ${name}`),
      ),
    )
    expect(naming).toEqual(['/oauth/token 200 DPoP-Nonce', '/oauth/token 400 DPoP-Nonce'])
    const { content, headers } = document.paths['/oauth/token']?.post?.responses['400'] ?? {}
    expect(headers?.['DPoP-Nonce']?.schema.type).toBe('string')
    expect(content?.['application/json']?.schema).toMatchObject({
      type: 'object',
      required: expect.arrayContaining(['error']),
    })
  })

  test('in production there is none', async () => {
    const { demo } = await start()
    expect((await demo.fetch('/openapi')).status).toBe(404)
  })
})
