/**
 * `sallyport clients` and `sallyport registration-tokens` as an administrator runs them.
 *
 * @module
 */
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import { hash } from '../../server/store/hash.ts'
import { type OpenStore, openStore } from '../../server/store/open-store.ts'
import { MAX_AGE } from '../../server/store/recent.ts'
import { type Run, refused, runSallyport } from '../support/cli.ts'

setDefaultTimeout(60_000)

const cwd = await mkdtemp(join(tmpdir(), 'sallyport-cli-'))
afterAll(() => rm(cwd, { recursive: true }))

const sallyport = (args: readonly string[], options: { stdin?: string; cwd?: string } = {}): Promise<Run> =>
  runSallyport(args, { cwd, ...options })

describe('registration tokens', () => {
  test('one is made, shown once, listed, and revoked', async () => {
    const made = await sallyport(['registration-tokens', 'create', 'fleet', '--days', '2', '--uses', '3'])
    expect(made).toMatchObject({ code: 0, error: '' })
    const [, token = ''] = /^initial_access_token=([\w-]{43})\nRegisters 3 clients until /.exec(made.out) ?? []
    const store = await openStore({ database: `sqlite:${join(cwd, '.sallyport/sallyport.db')}` })
    const [stored] = await store.registrationTokens.list()
    expect(stored).toMatchObject({ name: 'fleet', hash: await hash(token), usesLeft: 3 })
    expect((stored?.expiresAt ?? 0) - (stored?.createdAt ?? 0)).toBe(2 * 86_400)
    const other = ['registration-tokens', 'create', 'fleet']
    expect(await sallyport(other)).toEqual(refused('There is a token of that name already.', 1))
    expect((await sallyport(['registration-tokens', 'list'])).out).toMatch(/^NAME .*\nfleet .* 3$/m)
    expect(await sallyport(['registration-tokens', 'revoke', 'fleet'])).toMatchObject({ code: 0 })
    expect(await sallyport(['registration-tokens', 'revoke', 'fleet'])).toEqual(
      refused('There is no token of that name.', 1),
    )
    expect(await store.registrationTokens.list()).toEqual([])
    await store.close()
  })

  test.each([
    ['--days', '0'],
    ['--days', '1.5'],
    ['--uses', '-1'],
    ['--uses', 'many'],
  ])('%s %s is refused', async (flag, value) => {
    const run = await sallyport(['registration-tokens', 'create', 'x', `${flag}=${value}`])
    expect(run).toMatchObject({ out: '', code: 2, error: expect.stringContaining(`${flag}: wanted a whole number`) })
  })
})

describe('clients', () => {
  test('one with a secret: printed once, stored as a hash', async () => {
    const args = ['clients', 'add', '--name', 'Desk', '--redirect-uri', 'https://desk.example/cb', '--secret']
    const { out, code } = await sallyport(args)
    expect(code).toBe(0)
    const [, id = '', secret = ''] = /^client_id=(\S+)\nclient_secret=(\S+)\n/.exec(out) ?? []
    const store = await openStore({ database: `sqlite:${cwd}/.sallyport/sallyport.db` })
    const client = await store.clients.find(id)
    await store.close()
    expect(client).toMatchObject({
      origin: 'administrator',
      secrets: [{ hash: await hash(secret), expiresAt: 0 }],
      name: 'Desk',
    })
    const listed = (await sallyport(['clients', 'list'])).out
    expect(listed).toMatch(/^ID +NAME +KIND +REGISTERED BY +AT \(UTC\) +LAST USED +KEPT UNTIL +REDIRECT URIS\n/)
    expect(listed).toMatch(/Desk +confidential +administrator +20[\d: -]+ +never +for ever +https:\/\/desk.example\/cb/)
    expect(await sallyport(['clients', 'remove', id])).toMatchObject({ code: 0 })
    expect(await sallyport(['clients', 'remove', id])).toEqual(refused('There is no client of that id.', 1))
  })

  test('a redirect URI that runs code is refused', async () => {
    expect(await sallyport(['clients', 'add', '--name', 'x', '--redirect-uri', 'javascript:alert(1)'])).toEqual(
      refused('javascript:alert(1) cannot be a redirect URI: dangerous scheme.', 1),
    )
  })

  const inStore = async <Value>(look: (store: OpenStore) => Promise<Value>): Promise<Value> => {
    const store = await openStore({ database: `sqlite:${cwd}/.sallyport/sallyport.db` })
    return look(store).finally(() => store.close())
  }

  test('one that acts for itself, with keys of its own, and is the server of a resource', async () => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true })
    const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one' }] }
    await Bun.write(`${cwd}/keys.json`, JSON.stringify(keys))
    const args = ['clients', 'add', '--name', 'Robot', '--client-credentials', '--jwks', 'keys.json']
    const { out, code } = await sallyport([
      ...args,
      '--resource-server',
      'https://m.example/mcp',
      '--scope',
      'a b',
      '--dpop',
      'nonce',
    ])
    expect([code, out]).toEqual([0, expect.stringMatching(/^client_id=[\w-]{22}\n$/)])
    const client = await inStore((store) => store.clients.find(out.trim().slice('client_id='.length)))
    expect(client).toMatchObject({
      authMethods: ['private_key_jwt'],
      jwks: keys,
      secrets: [],
      grantTypes: ['client_credentials'],
      responseTypes: [],
      redirectUris: [],
      resource: 'https://m.example/mcp',
      scopeCeiling: ['a', 'b'],
      dpop: 'nonce',
    })
  })

  test('a private key is not taken, nor a URL of keys inside the network', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    await Bun.write(`${cwd}/private.json`, JSON.stringify({ keys: [await exportJWK(privateKey)] }))
    const add = ['clients', 'add', '--name', 'Robot', '--client-credentials']
    for (const proof of [
      ['--jwks', 'private.json'],
      ['--jwks-uri', 'https://10.0.0.1/keys'],
      ['--jwks-uri', 'http://robot.example/keys'],
    ]) {
      const { code, error } = await sallyport([...add, ...proof])
      expect([code, error]).toEqual([1, expect.stringContaining('must be public keys for signing')])
    }
    for (const [proof, message] of [
      [[], 'must prove who it is'],
      [['--resource-server', 'notes'], 'must prove who it is'],
      [['--secret', '--resource-server', 'notes'], 'an absolute URL'],
      [['--jwks', 'missing.json'], 'cannot be read as JSON'],
      [['--secret', '--jwks', 'private.json'], 'exclude each other'],
    ] as const) {
      expect((await sallyport([...add, ...proof])).error).toContain(message)
    }
    expect((await sallyport(['clients', 'add', '--name', 'x'])).error).toContain('needs a --redirect-uri')
  })

  test('a secret is changed without haste: two are right for a while, and never three', async () => {
    const { out } = await sallyport(['clients', 'add', '--name', 'Robot', '--client-credentials', '--secret'])
    const [, id = '', first = ''] = /^client_id=(\S+)\nclient_secret=(\S+)\n/.exec(out) ?? []
    const rotated = await sallyport(['clients', 'rotate-secret', id, '--old-valid-for', '60'])
    const second = /^client_secret=(\S+)\nThe one before is right until .+ UTC\.\n/.exec(rotated.out)?.[1] ?? ''
    const secrets = () => inStore(async (store) => (await store.clients.find(id))?.secrets)
    const at = Math.floor(Date.now() / 1000)
    const [newest, old] = (await secrets()) ?? []
    expect([newest, old?.hash]).toEqual([{ hash: await hash(second), expiresAt: 0 }, await hash(first)])
    expect(Math.abs((old?.expiresAt ?? 0) - (at + 60))).toBeLessThan(30)
    const began = performance.now()
    await sallyport(['clients', 'rotate-secret', id, '--old-valid-for', '0'])
    // Not before every process has read it.
    expect(performance.now() - began).toBeGreaterThan(MAX_AGE)
    expect((await secrets())?.map((secret) => secret.hash)).toEqual([expect.any(String), await hash(second)])
    expect(await sallyport(['clients', 'rotate-secret', 'nobody'])).toMatchObject({ code: 1 })
    expect(await sallyport(['clients', 'rotate-secret', id, '--old-valid-for', '-1'])).toMatchObject({ code: 2 })
  })

  test("a stranger's name cannot steer the terminal", async () => {
    await sallyport(['clients', 'add', '--name', 'a\u001b[2Jb\u202ec', '--redirect-uri', 'https://h.example/cb'])
    const { out } = await sallyport(['clients', 'list'])
    expect(out).toContain('a\uFFFD[2Jb\uFFFDc')
  })
})
