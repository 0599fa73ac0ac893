/**
 * Workload identity federation: the client's part. The platform says who a program is; no secret, no registration.
 *
 * @see MCP extension io.modelcontextprotocol/auth/wif, a draft (SEP-1933)
 * @see RFC 7523 section 2.1
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type WorkloadIdentityOptions, workloadIdentity } from '../../client/grants/index.ts'
import { createSession, type SessionOptions } from '../../client/index.ts'
import { tokenFile } from '../../client/node/index.ts'
import { failureOf } from '../support/client.ts'
import { type FakeOptions, type FakeWorld, fakeWorld, json, oauthError } from '../support/fake-authorization-server.ts'
import { AS, sign, TOKEN } from '../support/fake-company.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const badge = (aud: string | readonly string[] = AS) =>
  sign({
    iss: 'https://oidc.cluster.example',
    sub: 'system:serviceaccount:crm:sync',
    aud: [aud].flat(),
    exp: 2_000_000,
    iat: 0,
    jti: 'j',
  })

function workloads(options: FakeOptions = {}): FakeWorld {
  const world = fakeWorld(options)
  let serial = 0
  world.on('POST', TOKEN, ({ form }) => {
    serial += 1
    world.tokens.set(`w-${serial}`, { scope: (form.get('scope') ?? '').split(' '), expiresAt: world.clock.now + 60 })
    return json({ access_token: `w-${serial}`, token_type: 'Bearer', expires_in: 60, refresh_token: 'outlasts' })
  })
  return world
}

const workloadIn = (
  world: FakeWorld,
  assertion: WorkloadIdentityOptions['assertion'],
  options: SessionOptions = {},
  more: Partial<WorkloadIdentityOptions> = {},
) =>
  createSession(world.resource, {
    grant: workloadIdentity({ issuer: AS, assertion, ...more }),
    fetch: world.fetch,
    now: world.now,
    ...options,
  })

const requests = (world: FakeWorld) => world.sent('POST', TOKEN)

describe('the request', () => {
  test('WIF-C1 WIF-00 grant, assertion and resource, and nothing that names a client', async () => {
    const world = workloads()
    const assertion = await badge()
    expect((await workloadIn(world, assertion).fetch(world.resource)).status).toBe(200)
    expect(Object.fromEntries(requests(world)[0]?.form ?? [])).toEqual({
      grant_type: JWT_BEARER,
      assertion,
      resource: world.resource,
    })
    expect(requests(world)[0]?.headers.has('authorization')).toBe(false)
    expect(world.sent('POST', `${AS}/register`)).toEqual([])
  })

  test('scopes are asked for where there are some', async () => {
    const world = workloads()
    await workloadIn(world, await badge(), {}, { scope: 'crm:read crm:write' }).authorize()
    expect(requests(world)[0]?.form.get('scope')).toBe('crm:read crm:write')
  })

  test('a client that is configured proves itself beside it', async () => {
    const world = workloads()
    await workloadIn(world, await badge(), { client: { id: 'crm', secret: 's', issuer: AS } }).authorize()
    expect(requests(world)[0]?.headers.get('authorization')).toBe(`Basic ${btoa('crm:s')}`)
  })

  test('RFC 9449 with a key, where the server binds tokens', async () => {
    const world = workloads({ serverMetadata: { dpop_signing_alg_values_supported: ['ES256'] } })
    world.on('POST', TOKEN, () => json({ access_token: 'bound', token_type: 'DPoP' }))
    expect((await workloadIn(world, await badge(), { dpop: 'required' }).authorize()).tokenType).toBe('DPoP')
    expect(requests(world)[0]?.headers.get('dpop')).toMatch(/^ey/)
  })
})

describe('WIF-C3 the audience', () => {
  test.each([AS, `${AS}/`, TOKEN, [TOKEN, 'https://else.example']])('%o will do', async (aud) => {
    const world = workloads()
    await workloadIn(world, await badge(aud)).authorize()
    expect(requests(world)).toHaveLength(1)
  })

  test.each(['https://wrong.example', 'sts.amazonaws.com', `${AS}/tokens`, `${AS}.evil.example`])(
    '%s will not: somebody else could use it there, so it is not sent',
    async (aud) => {
      const world = workloads()
      expect((await failureOf(workloadIn(world, await badge(aud)).authorize())).code).toBe('assertion_unusable')
      expect(requests(world)).toEqual([])
    },
  )

  test('the source is told what is wanted', async () => {
    const world = workloads()
    const wanted: unknown[] = []
    await workloadIn(world, (about) => {
      wanted.push(about)
      return badge(about.tokenEndpoint)
    }).authorize()
    expect(wanted).toEqual([{ issuer: AS, tokenEndpoint: TOKEN, resource: world.resource }])
  })

  test.each(['', 'no JWT', 'a.b.c'])('WIF-C2 %p is no assertion', async (assertion) => {
    const world = workloads()
    const { code } = await failureOf(workloadIn(world, assertion).authorize())
    expect(code).toBe(assertion === '' ? 'configuration' : 'assertion_unusable')
    expect(requests(world)).toEqual([])
  })
})

describe('over time', () => {
  test('the assertion is read each time, and no refresh token takes its place', async () => {
    const world = workloads()
    let read = 0
    const session = workloadIn(world, () => {
      read += 1
      return badge()
    })
    for (let call = 0; call < 3; call += 1) {
      expect((await session.fetch(world.resource)).status).toBe(200)
      world.clock.now += 60
    }
    expect(read).toBe(3)
    expect(requests(world).map(({ form }) => form.get('grant_type'))).toEqual([JWT_BEARER, JWT_BEARER, JWT_BEARER])
    expect(await session.status()).toBe('signed-out')
  })

  test('a file is read again: the platform has renewed it', async () => {
    const world = workloads()
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-badge-'))
    try {
      const path = join(folder, 'token')
      const badges = [await badge(), await badge()]
      const session = workloadIn(world, tokenFile(path))
      for (const one of badges) {
        await writeFile(path, `${one}\n`)
        await session.fetch(world.resource)
        world.clock.now += 60
      }
      expect(requests(world).map(({ form }) => form.get('assertion'))).toEqual(badges)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('a file that is not there is the cause of grant_failed', async () => {
    const failure = await failureOf(workloadIn(workloads(), tokenFile('/nowhere/token')).authorize())
    expect(failure).toMatchObject({ code: 'grant_failed', cause: { code: 'ENOENT' } })
  })
})

describe('WIF-C4 a refusal is the answer', () => {
  const cases = [
    ['invalid_grant', 'invalid_grant'],
    ['unauthorized_client', 'grant_unsupported'],
    ['invalid_scope', 'token_request_failed'],
  ] as const
  test.each(cases)('%s: told as %s, not tried again, nothing else is tried', async (error, code) => {
    const world = workloads()
    world.on('POST', TOKEN, () => oauthError(error, 400, 'expired'))
    const failure = await failureOf(workloadIn(world, await badge()).fetch(world.resource))
    expect(failure).toMatchObject({ code, oauthError: error, errorDescription: 'expired', retryable: false })
    expect(requests(world)).toHaveLength(1)
    expect(world.requests.some(({ url }) => /authorize|register/.test(url))).toBe(false)
  })

  test('a server that lists other grants is sent nothing', async () => {
    const world = workloads({ serverMetadata: { grant_types_supported: ['authorization_code'] } })
    expect((await failureOf(workloadIn(world, await badge()).authorize())).code).toBe('grant_unsupported')
    expect(requests(world)).toEqual([])
  })
})
