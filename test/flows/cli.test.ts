/**
 * `sallyport` as an administrator runs it: a process of its own, its output and its exit code.
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
import { ROOT } from '../support/source-tree.ts'

setDefaultTimeout(30_000)

const cwd = await mkdtemp(join(tmpdir(), 'sallyport-cli-'))
afterAll(() => rm(cwd, { recursive: true }))

interface Run {
  readonly out: string
  readonly error: string
  readonly code: number
}

async function sallyport(args: readonly string[], options: { stdin?: string; cwd?: string } = {}): Promise<Run> {
  const process = Bun.spawn([`${ROOT}node_modules/.bin/bun`, `${ROOT}server/cli.ts`, ...args], {
    cwd: options.cwd ?? cwd,
    env: { PATH: Bun.env['PATH'] ?? '' },
    stdin: new TextEncoder().encode(options.stdin ?? ''),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, error, code] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
    process.exited,
  ])
  return { out, error, code }
}

const refused = (message: string, code: 1 | 2): Run => ({ out: '', error: `sallyport: ${message}\n`, code })

describe('resources', () => {
  test('offline_access asks for a refresh token and is no scope of a resource', async () => {
    const added = await sallyport([
      'resources',
      'add',
      'https://mcp.example/x',
      '--scope',
      'offline_access=Stay signed in',
    ])
    expect(added).toMatchObject({ code: 1, error: expect.stringContaining('offline_access is no scope') })
  })
})

describe('users', () => {
  const stdin = 'a long password\n'

  test('one is added, listed, and can be given another password; a second of that name is refused', async () => {
    expect(await sallyport(['users', 'add', 'ada', '--password-stdin'], { stdin })).toEqual({
      out: 'Added ada.\n',
      error: '',
      code: 0,
    })
    expect(await sallyport(['users', 'add', 'ADA', '--password-stdin'], { stdin })).toMatchObject({ code: 1 })
    expect((await sallyport(['users', 'list'])).out).toMatch(/^NAME +ID +CREATED.*\nada +usr_/)
    expect(await sallyport(['users', 'add', 'eve', '--password-stdin'], { stdin })).toMatchObject({ code: 0 })
    expect((await sallyport(['users', 'remove', 'eve'])).out).toContain('Removed eve')
    expect(await sallyport(['users', 'remove', 'eve'])).toMatchObject({ code: 1 })
    const changed = await sallyport(['users', 'password', 'ada', '--password-stdin'], { stdin: 'another password' })
    expect(changed).toEqual({ out: 'Changed the password of ada.\n', error: '', code: 0 })
  })

  const refusals: readonly [string, string[], string, Run][] = [
    [
      'a short password',
      ['users', 'add', 'bob', '--password-stdin'],
      'short',
      refused('A password has 8 to 256 characters.', 1),
    ],
    [
      'a name with a space',
      ['users', 'add', 'b b', '--password-stdin'],
      stdin,
      refused('A name has 1 to 64 letters, digits and . _ @ + - and begins with a letter or a digit.', 1),
    ],
    [
      'nobody to ask',
      ['users', 'add', 'bob'],
      '',
      refused('There is no terminal to ask on: pipe the password in with --password-stdin.', 2),
    ],
    [
      'a password for nobody',
      ['users', 'password', 'nobody', '--password-stdin'],
      stdin,
      refused('There is no user of that name.', 1),
    ],
  ]
  test.each(refusals)('%s is refused', async (_, args, input, expected) => {
    expect(await sallyport(args, { stdin: input })).toEqual(expected)
  })
})

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

describe('resources', () => {
  const add = ['resources', 'add', 'https://m.example/mcp', '--scope', 'notes:read=Read your notes', 'x=X']

  test('one is stored, replaced only when asked for, listed and removed', async () => {
    expect(await sallyport(add)).toEqual({ out: 'Stored https://m.example/mcp.\n', error: '', code: 0 })
    expect(await sallyport(add)).toMatchObject({ code: 1 })
    expect(await sallyport([...add, '--replace', '--name', 'Notes'])).toMatchObject({ code: 0 })
    expect((await sallyport(['resources', 'list'])).out).toMatch(
      /https:\/\/m\.example\/mcp +Notes +notes:read x +store/,
    )
    expect(await sallyport(['resources', 'remove', 'https://m.example/mcp'])).toMatchObject({ code: 0 })
  })

  test('a scope without a description is a mistake of usage', async () => {
    expect(await sallyport(['resources', 'add', 'https://m.example/mcp', '--scope', 'x'])).toEqual(
      refused('--scope: wanted e.g. "notes:read=Read your notes".', 2),
    )
  })

  const described = {
    identifier: 'https://j.example/mcp',
    name: 'Notes',
    scopes: { 'notes:write': 'Add notes', 'notes:read': 'Read your notes' },
    scope_hierarchy: { 'notes:write': ['notes:read'] },
    aliases: ['https://j.example/mcp/'],
    default_scopes: ['notes:read'],
    access_token_lifetime: 300,
    dpop: 'required',
  }

  test('what put takes show prints, and add says the same with options', async () => {
    const stored = { out: 'Stored https://j.example/mcp.\n', error: '', code: 0 }
    expect(await sallyport(['resources', 'put'], { stdin: JSON.stringify(described) })).toEqual(stored)
    const shown = await sallyport(['resources', 'show', 'https://j.example/mcp/'])
    expect(JSON.parse(shown.out)).toEqual(described)
    const options = ['--name', 'Notes', '--alias', 'https://j.example/mcp/', '--default-scope', 'notes:read']
    const words = [
      '--scope',
      'notes:write=Add notes',
      'notes:read=Read your notes',
      '--implies',
      'notes:write=notes:read',
    ]
    const more = ['--token-lifetime', '300', '--dpop', 'required', '--replace']
    const added = await sallyport(['resources', 'add', described.identifier, ...words, ...options, ...more])
    expect(added).toEqual(stored)
    expect((await sallyport(['resources', 'show', described.identifier])).out).toBe(shown.out)
    expect((await sallyport(['resources', 'list'])).out).toMatch(/notes:write notes:read +300 +store/)
  })

  test('a list travels from list --json into put, whole or not at all', async () => {
    const bare = { identifier: 'https://k.example/mcp', scopes: { x: 'X' } }
    await Bun.write(`${cwd}/resources.json`, JSON.stringify([described, bare]))
    expect(await sallyport(['resources', 'put', 'resources.json'])).toMatchObject({ code: 0 })
    const listed = await sallyport(['resources', 'list', '--json'])
    expect(JSON.parse(listed.out)).toEqual([described, bare])
    expect(await sallyport(['resources', 'put', '-'], { stdin: listed.out })).toMatchObject({ code: 0 })
    const bad = [
      { ...bare, name: 'New' },
      { ...bare, identifier: 'https://l.example/mcp', default_scopes: ['y'] },
    ]
    expect(await sallyport(['resources', 'put'], { stdin: JSON.stringify(bad) })).toEqual(
      refused('https://l.example/mcp has no scope y for its default_scopes.', 1),
    )
    expect((await sallyport(['resources', 'list', '--json'])).out).toBe(listed.out)
    for (const { identifier } of [described, bare]) await sallyport(['resources', 'remove', identifier])
  })

  test('what is wrong is said, and where', async () => {
    const shape =
      '{ identifier, name?, scopes, scope_hierarchy?, aliases?, default_scopes?, access_token_lifetime?, dpop? }'
    const put = (value: unknown) => sallyport(['resources', 'put'], { stdin: JSON.stringify(value) })
    expect(await sallyport(['resources', 'put'], { stdin: '{' })).toEqual(
      refused(`That is not JSON. Wanted: ${shape}, or a list.`, 1),
    )
    expect(await put({ ...described, access_token_lifetime: 0 })).toEqual(
      refused(`access_token_lifetime is not right. A resource is ${shape}.`, 1),
    )
    expect(await put([{ ...described, surprise: 1 }])).toEqual(
      refused(`0.surprise is not right. A resource is ${shape}.`, 1),
    )
    expect(await put({ ...described, scope_hierarchy: { 'notes:write': ['notes:write'] } })).toEqual(
      refused('The scope_hierarchy of https://j.example/mcp goes in a circle: notes:write implies itself.', 1),
    )
    expect(await put([described, { ...described, identifier: 'https://n.example' }])).toEqual(
      refused('https://j.example/mcp/ is known already: it belongs to https://j.example/mcp.', 1),
    )
    expect(await sallyport(['resources', 'put', 'missing.json'])).toEqual(refused('The file cannot be read.', 1))
    expect(await sallyport(['resources', 'show', 'https://nowhere.example'])).toEqual(
      refused('There is no resource of that identifier. Look with: sallyport resources list', 1),
    )
    for (const [option, value, wanted] of [
      ['--implies', 'x', 'wanted e.g. notes:write=notes:read.'],
      ['--token-lifetime', 'soon', 'wanted a whole number of seconds.'],
    ] as const) {
      expect(await sallyport([...add, option, value])).toEqual(refused(`${option}: ${wanted}`, 2))
    }
  })

  test('those of the config file are shown, and changed there', async () => {
    await Bun.write(`${cwd}/with.json`, JSON.stringify({ resources: [described] }))
    const config = ['--config', 'with.json']
    expect(JSON.parse((await sallyport(['resources', 'show', described.identifier, ...config])).out)).toMatchObject(
      described,
    )
    expect(await sallyport(['resources', 'put', ...config], { stdin: JSON.stringify(described) })).toEqual(
      refused('https://j.example/mcp is known already, from the config file: change it there.', 1),
    )
  })
})

describe('the shell', () => {
  test('no command, and --help, print the commands', async () => {
    const bare = await sallyport([])
    expect(bare).toEqual(await sallyport(['--help']))
    expect(bare.code).toBe(0)
    for (const name of ['server', 'users', 'clients', 'registration-tokens', 'resources'])
      expect(bare.out).toContain(`  ${name}`)
  })

  test('--version is that of the package', async () => {
    const { version } = await Bun.file(`${ROOT}package.json`).json()
    expect(await sallyport(['--version'])).toEqual({ out: `${version}\n`, error: '', code: 0 })
  })

  const mistakes: readonly [string, string[], Run][] = [
    ['an unknown command', ['frobnicate'], refused("Unknown command 'frobnicate'. Try --help.", 2)],
    ['an unknown flag', ['users', 'list', '--wide'], refused("Unknown option '--wide'. Try --help.", 2)],
    ['a missing argument', ['users', 'add'], refused("Missing required argument 'name'. Try --help.", 2)],
    [
      'a database that cannot be reached',
      ['users', 'list', '--database', 'postgres://127.0.0.1:1/x'],
      refused('The database cannot be used. PostgreSQL cannot be reached.', 1),
    ],
    [
      'a server without an issuer',
      ['server'],
      refused('issuer is not set: give --issuer or SALLYPORT_ISSUER its public https URL.', 1),
    ],
    [
      'a server with an unknown flag',
      ['server', '--prot', '1'],
      refused("Unknown option '--prot' (Did you mean --port?) Try --help.", 2),
    ],
  ]
  test.each(mistakes)('%s is one line', async (_, args, expected) => expect(await sallyport(args)).toEqual(expected))
})
