/**
 * What a provider names is read through the safe fetch: no metadata service, no machine of the own network, nothing huge.
 *
 * @see MCP 2026-07-28, security best practices, "SSRF"
 * @see RFC 6890: special-use addresses
 * @module
 */
import { expect, test } from 'bun:test'
import { createOutbound } from '../../server/outbound/create-outbound.ts'
import { createBrowser } from '../support/authorization-server.ts'
import { createCompanyWorld, IDP } from '../support/company.ts'

const QUESTION = { accept: 'application/json', maxBytes: 1000, form: new URLSearchParams({ a: 'b' }) }

test.each(['10.1.2.3', '192.168.1.1', '172.16.0.1', 'fd00::1'])(
  '%s is asked with oidc.private_networks only',
  async (address) => {
    let connected = 0
    const world = {
      resolve: async () => [address],
      connect: () => {
        connected += 1
        throw new Error('refused')
      },
    }
    const url = 'https://keycloak.company.example/token'
    expect(await createOutbound(world).ask(url, QUESTION)).toEqual({ ok: false, error: 'special_use_address' })
    expect(connected).toBe(0)
    await createOutbound({ ...world, privateNetworks: true })
      .ask(url, QUESTION)
      .catch(() => {})
    expect(connected).toBe(1)
  },
)

test.each([
  '169.254.169.254',
  '127.0.0.1',
  '::1',
  'fe80::1',
  '100.64.0.1',
  '0.0.0.0',
  '168.63.129.16',
  '::ffff:169.254.169.254',
])('%s is asked by nobody', async (address) => {
  const world = { resolve: async () => [address], connect: () => expect.unreachable() }
  for (const privateNetworks of [false, true]) {
    const door = createOutbound({ ...world, privateNetworks })
    const answer = await door.ask('https://login.company.example/token', QUESTION)
    expect(answer).toEqual({ ok: false, error: 'special_use_address' })
    expect((await door.get('https://login.company.example/', QUESTION)).ok).toBe(false)
  }
})

test.each([
  ['token_endpoint', 'https://169.254.169.254/latest'],
  ['token_endpoint', 'https://[::1]/'],
  ['userinfo_endpoint', 'https://10.0.0.1/'],
  ['jwks_uri', 'https://localhost/jwks'],
])('metadata whose %s is %s signs nobody in', async (member, url) => {
  const { server, company, leave, signIn } = await createCompanyWorld()
  company.lies.metadata = (honest) => ({ ...honest, [member]: url })
  const browser = createBrowser(server)
  const sent = await leave(browser, null).then(
    () => signIn(browser, null).then(({ status }) => status),
    () => 502,
  )
  expect(sent).toBeGreaterThanOrEqual(400)
  expect(await server.store.identities.find(IDP, company.person.sub)).toBeNull()
  await server.close()
})
