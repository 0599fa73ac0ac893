/**
 * `sallyport` as an administrator runs it: a process of its own, its output and its exit code.
 *
 * @module
 */
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Run, refused, runSallyport } from '../support/cli.ts'
import { ROOT } from '../support/source-tree.ts'

setDefaultTimeout(60_000)

const cwd = await mkdtemp(join(tmpdir(), 'sallyport-cli-'))
afterAll(() => rm(cwd, { recursive: true }))

const sallyport = (args: readonly string[], options: { stdin?: string; cwd?: string } = {}): Promise<Run> =>
  runSallyport(args, { cwd, ...options })

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

  test('one is disabled and enabled, and is linked to somebody at a company', async () => {
    await sallyport(['users', 'add', 'grace', '--password-stdin'], { stdin })
    expect((await sallyport(['users', 'disable', 'grace'])).out).toContain('Disabled grace: signed out everywhere')
    expect((await sallyport(['users', 'list'])).out).toMatch(/grace +usr_.* disabled \d{4}-/)
    expect(await sallyport(['users', 'disable', 'grace'])).toEqual(refused('grace is disabled already.', 1))
    expect((await sallyport(['users', 'enable', 'grace'])).out).toContain('who can sign in again')
    expect(await sallyport(['users', 'enable', 'grace'])).toEqual(refused('grace is not disabled.', 1))
    expect(await sallyport(['users', 'disable', 'nobody'])).toEqual(refused('There is no user of that name.', 1))
    const name = ['--issuer', 'https://login.company.example', '--subject', 'g1']
    expect((await sallyport(['users', 'link', 'grace', ...name])).out).toContain('grace is g1 at https://login.company')
    expect((await sallyport(['users', 'link', 'ada', ...name])).error).toContain('That is grace already.')
    expect((await sallyport(['users', 'show', 'grace'])).out).toMatch(
      /^grace +usr_.* yes\n\n.*\ng1 +https:\/\/login\.company\.example .* no refresh token$/m,
    )
    expect((await sallyport(['users', 'show', 'ada'])).out).toContain('Linked to nobody')
    expect(await sallyport(['users', 'show', 'nobody'])).toEqual(refused('There is no user of that name.', 1))
    expect((await sallyport(['users', 'unlink', ...name])).out).toContain('is nobody here any more')
    expect(await sallyport(['users', 'unlink', ...name])).toEqual(refused('Nobody is linked to that.', 1))
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
