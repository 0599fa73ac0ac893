/**
 * Whoever steals the database file finds nothing that signs in, redeems or signs.
 *
 * @module
 */
import { expect, test } from 'bun:test'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashOpaqueToken } from '../../server/core/tokens/opaque-token.ts'
import { hash } from '../../server/store/hash.ts'
import {
  authorizationQuery,
  codeForm,
  createBrowser,
  createTestServer,
  postForm,
  registerClient,
  type Tokens,
  USER,
} from '../support/authorization-server.ts'
import { createCompanyWorld } from '../support/company.ts'
import { createPerson } from '../support/person.ts'

test('no secret is stored as it is: passwords, cookies, codes, tokens, client secrets, private keys', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-plaintext-'))
  const server = await createTestServer({ database: `sqlite:${join(directory, 'sallyport.db')}` })
  const cookies: string[] = []
  const browsing = {
    async fetch(...request: Parameters<typeof server.fetch>) {
      const response = await server.fetch(...request)
      for (const line of response.headers.getSetCookie()) cookies.push(/=([^;]*)/.exec(line)?.[1] ?? '')
      return response
    },
  }

  const client = await registerClient(server, { token_endpoint_auth_method: 'client_secret_post' })
  const { client_id, client_secret = '' } = client
  const query = await authorizationQuery(client_id)
  const callback = await createPerson(browsing).visit(`${server.issuer}/oauth/authorize?${query}`)
  const code = callback.searchParams.get('code') ?? ''
  const redeemed = await postForm(server, '/oauth/token', { ...codeForm(client_id, code), client_secret })
  const first: Tokens = await redeemed.json()
  const refresh = { grant_type: 'refresh_token', refresh_token: first.refresh_token, client_id, client_secret }
  const second: Tokens = await (await postForm(server, '/oauth/token', refresh)).json()
  const revoked = await postForm(server, '/oauth/revoke', { token: second.access_token, client_id, client_secret })
  expect(revoked.status).toBe(200)

  const stored = await readEverything(directory)
  // What must be there is there: the scan reads what the server wrote.
  expect(stored).toContain(await hashOpaqueToken(first.refresh_token, hash))
  expect(stored).toContain(client_id)
  const successor = await server.store.refreshTokens.find(await hashOpaqueToken(second.refresh_token, hash))
  expect(stored).toContain(successor?.token.sealedValue ?? 'a sealed value')

  const secrets = { ...first, second: second.refresh_token, access: second.access_token, code, client_secret }
  const values = [...cookies, USER.password, secrets.access_token, secrets.refresh_token, secrets.second]
  // Of a token with a locator the secret part counts: the locator is stored as it is.
  const parts = [secrets.refresh_token, secrets.second, code].map((token) => token.slice(token.lastIndexOf('.') + 1))
  for (const secret of [...values, ...parts, secrets.access, code, client_secret].filter((value) => value !== '')) {
    expect(secret.length).toBeGreaterThan(15)
    expect(stored.includes(secret)).toBe(false)
    // Nor behind another spelling of the same bytes.
    expect(stored.includes(Buffer.from(secret).toString('base64url').slice(0, -2))).toBe(false)
    expect(stored.includes(Buffer.from(secret).toString('hex'))).toBe(false)
  }
  expect(cookies.filter((value) => value !== '').length).toBeGreaterThan(0)
  expect(stored).not.toMatch(/"d":|"p":|"q":|PRIVATE KEY/)

  await server.close()
  await rm(directory, { recursive: true })
})

test('nor is what a company gave: state, nonce, code, verifier, its tokens, cookies', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-plaintext-'))
  const world = await createCompanyWorld({}, { database: `sqlite:${join(directory, 'sallyport.db')}` })
  const { server, company } = world
  const browser = createBrowser(server)
  const there = new URL(await world.leave(browser, await world.query()))
  const before = [...browser.cookies.values()]
  const underWay = await readEverything(directory)
  const state = there.searchParams.get('state') ?? ''
  expect(underWay).toContain(await hash(state))
  const back = company.authorize(there.href)
  expect((await browser.fetch(back.href)).status).toBe(303)
  await world.revalidate()

  const stored = await readEverything(directory)
  const [identity] = await server.store.identities.listSealed({ issuer: '', subject: '' }, 1)
  expect(stored).toContain(identity?.sealedRefreshToken ?? 'a sealed token')
  const verifier = company.asked.map(({ form }) => form?.get('code_verifier') ?? '').find((value) => value !== '')
  const sent = [state, there.searchParams.get('nonce') ?? '', back.searchParams.get('code') ?? '', verifier ?? '']
  const secrets = [...sent, ...company.given, ...before, ...browser.cookies.values()]
  expect(company.given.length).toBeGreaterThanOrEqual(3)
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(15)
    expect(`${underWay}${stored}`.includes(secret)).toBe(false)
  }
  await server.close()
  await rm(directory, { recursive: true })
})

test('a new database is for its owner only, its directory and side files too', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'sallyport-plaintext-'))
  const directory = join(parent, 'a', 'b')
  const server = await createTestServer({ database: `sqlite:${join(directory, 'sallyport.db')}` })
  expect((await stat(directory)).mode & 0o777).toBe(0o700)
  const files = await readdir(directory)
  expect(files.toSorted()).toEqual(['sallyport.db', 'sallyport.db-shm', 'sallyport.db-wal'])
  for (const file of files) expect((await stat(join(directory, file))).mode & 0o777).toBe(0o600)
  await server.close()
  await rm(parent, { recursive: true })
})

/** The database and its write-ahead log, byte for byte. */
async function readEverything(directory: string): Promise<string> {
  const files = await readdir(directory)
  const contents = await Promise.all(files.map((file) => readFile(join(directory, file), 'latin1')))
  return contents.join('\n')
}
