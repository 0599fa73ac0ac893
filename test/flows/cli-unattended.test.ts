/**
 * The client's commands where nobody signs in, and at servers that do otherwise than the specifications say.
 *
 * @see docs/cli.md
 * @module
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { type ClientWorld, createClientWorld, sallyport } from '../support/client-world.ts'
import { freePort } from '../support/spawn.ts'
import { CLUSTER, createIssuer, type Issuer, workloadClaims } from '../support/trusted-issuers.ts'

setDefaultTimeout(60_000)

let world: ClientWorld
let cluster: Issuer
beforeAll(async () => {
  cluster = await createIssuer(CLUSTER)
  const port = freePort()
  const wif = {
    enabled: true,
    issuers: [{ issuer: CLUSTER, jwks: cluster.jwks }],
    workloads: [
      { name: 'nightly', issuer: CLUSTER, claims: { sub: 'job' }, resources: [`http://localhost:${port}/mcp`] },
    ],
  }
  const handle = async (): Promise<Response> => Response.json({ ok: true })
  world = await createClientWorld({ port, config: { wif }, handle })
})
afterAll(() => world.close())

const run = (...args: readonly string[]) => sallyport(world, args)
const signed = (claims = {}) => cluster.sign({ ...workloadClaims(world.demo), ...claims }, { typ: 'JWT' })

describe('a program with a JWT of its platform', () => {
  const flags = () => ['--assertion-file', 'jwt', '--issuer', world.demo.issuer]
  const platform = async (assertion: string) => Bun.write(join(world.home, 'jwt'), `${assertion}\n`)

  test('fetches and prints tokens without a client id, a registration or a person', async () => {
    await platform(await signed())
    expect(await run('fetch', world.resource, ...flags())).toMatchObject({ code: 0, out: '{"ok":true}' })
    // One assertion, one token: the platform has written the next.
    await platform(await signed())
    const { out, code } = await run('token', world.resource, ...flags())
    expect([code, decodeJwt(out)]).toMatchObject([0, { sub: 'workload:nightly', aud: world.resource }])
    expect(world.demo.sent('POST', '/oauth/register')).toEqual([])
    expect(world.browser.opened).toEqual([])
  })

  test('its tokens are kept apart from those of a person, and can be signed out of', async () => {
    expect(await run('call', world.resource, 'whoami')).toMatchObject({ code: 3 })
    const { out } = await run('logout', world.resource, ...flags(), '--json')
    expect(JSON.parse(out)).toMatchObject([{ deleted: true }, { deleted: true }])
    await platform(await signed())
    await run('fetch', world.resource, ...flags())
    expect(JSON.parse((await run('logout', '--all', '--json')).out)).toMatchObject([{ deleted: true }])
  })

  test('from standard input, though the command asks more than once', async () => {
    const stdin = await signed()
    const args = ['token', world.resource, '--assertion-file', '-', '--issuer', world.demo.issuer]
    expect(await sallyport(world, args, { stdin })).toMatchObject({ code: 0, out: expect.stringMatching(/^eyJ/) })
    await run('logout', world.resource, ...flags())
  })

  test('what is wrong is said, and what is for somebody else is not sent', async () => {
    const sent = () => world.demo.sent('POST', '/oauth/token').length
    const before = sent()
    await platform(await signed({ aud: 'https://elsewhere.example' }))
    const astray = await run('token', world.resource, ...flags())
    expect([astray.out, astray.code]).toEqual(['', 1])
    expect(astray.error).toContain('→ It has to be a JWT whose `aud` is the issuer or its token endpoint.')
    const missing = await run('token', world.resource, ...flags().with(1, 'missing'))
    expect([missing.out, missing.code]).toEqual(['', 2])
    expect(missing.error).toContain('missing cannot be read')
    // Whose server it is counts, not what was found before, nor whom the assertion is for.
    await platform(await signed())
    const elsewhere = await run('token', world.resource, ...flags().with(3, 'https://as.example.com'))
    expect([elsewhere.out, elsewhere.code]).toEqual(['', 1])
    expect(elsewhere.error).toContain('names another authorization server than --issuer')
    expect(sent()).toBe(before)
    await platform(await signed({ sub: 'another job' }))
    const refused = await run('token', world.resource, ...flags(), '--json')
    expect([refused.out, JSON.parse(refused.error).error.code]).toEqual(['', 'invalid_grant'])
  })
})

describe('servers that deviate', () => {
  test('--accept-parent-resource: the metadata is that of a parent', async () => {
    const below = `${world.resource}/below`
    const strict = await run('login', below)
    expect([strict.out, strict.code]).toEqual(['', 1])
    expect(strict.error).toContain('--accept-parent-resource')
    expect(await run('login', below, '--accept-parent-resource')).toMatchObject({ code: 0 })
    expect(await run('fetch', below, '--accept-parent-resource')).toMatchObject({ code: 0, out: '{"ok":true}' })
    expect(await run('logout', below)).toMatchObject({ code: 0 })
  })

  test('--authorize-at-origin and --resource-parameter: a server that says nothing of itself, and resources by other names', async () => {
    const asked: (string | null)[] = []
    const bare = Bun.serve({
      port: 0,
      hostname: 'localhost',
      async fetch(request) {
        if (new URL(request.url).pathname !== '/token') return new Response(null, { status: 404 })
        asked.push(new URLSearchParams(await request.text()).get('resource'))
        return Response.json({ access_token: 'plain', token_type: 'Bearer' })
      },
    })
    try {
      const issuer = `http://localhost:${bare.port}`
      const client = ['--client-credentials', '--client-id', 'a', '--client-secret-file', '-', '--issuer', issuer]
      const token = (...args: readonly string[]) =>
        sallyport(world, ['token', `${issuer}/mcp`, ...client, ...args], { stdin: 'secret' })
      const strict = await token()
      expect([strict.out, strict.code]).toEqual(['', 1])
      expect(strict.error).toContain('--authorize-at-origin')
      for (const [profile, ...flags] of [['one'], ['two', 'urn:notes'], ['three', 'omit']]) {
        const args = flags.flatMap((value) => ['--resource-parameter', value])
        const ended = await token('--authorize-at-origin', '--profile', profile ?? '', ...args)
        expect(ended).toMatchObject({ code: 0, out: 'plain\n' })
      }
      expect(asked).toEqual([`${issuer}/mcp`, 'urn:notes', null])
    } finally {
      await bare.stop(true)
    }
  })
})
