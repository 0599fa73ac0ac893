/**
 * Settings: where they come from, what comes first, and the one line that says what is wrong.
 *
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LEAVES } from '../../server/config/leaves.ts'
import { loadSettings } from '../../server/config/load.ts'
import { settingsPage } from '../../server/config/markdown.ts'
import type { Problem } from '../../server/config/problem.ts'
import { RESOURCE_SHAPE, ResourceConfig } from '../../server/config/resource.ts'
import type { Settings } from '../../server/config.ts'

const folders: string[] = []

afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))))

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-settings-'))
  folders.push(folder)
  return folder
}

const SECRET = 'x'.repeat(32)
const READY = { SALLYPORT_ISSUER: 'https://auth.example.com', SALLYPORT_SECRET: SECRET }

/** What surrounds the program, said briefly. */
interface Given {
  argv?: string
  env?: Record<string, string>
  /** File name -> content. */
  files?: Record<string, string>
}

async function load({ argv = '', env = READY, files = {} }: Given): Promise<Settings | Problem> {
  const cwd = await emptyFolder()
  await Promise.all(Object.entries(files).map(([name, content]) => Bun.write(join(cwd, name), content)))
  const loaded = await loadSettings({ argv: argv.split(' ').filter(Boolean), env, cwd })
  return loaded.ok ? loaded.value : loaded.error
}

async function settings(given: Given): Promise<Settings> {
  const loaded = await load(given)
  if ('exitCode' in loaded) throw new Error(loaded.message)
  return loaded
}

describe('precedence', () => {
  const files = {
    'sallyport.config.json': '{ "port": 1000, "refresh": { "replay_window": 30, "idle_lifetime": 3000 } }',
  }
  const env = { ...READY, SALLYPORT_PORT: '2000', SALLYPORT_REFRESH_REPLAY_WINDOW: '20' }

  test('flags, then the environment, then the file, then defaults', async () => {
    const { port, refresh, host } = await settings({ argv: '--port 3000', env, files })
    expect({ port, refresh, host }).toEqual({
      port: 3000,
      refresh: { replay_window: 20, idle_lifetime: 3000, absolute_lifetime: 7_776_000 },
      host: 'localhost',
    })
  })
  test('an empty variable is not set', async () => {
    expect(await settings({ env: { ...env, SALLYPORT_PORT: '' }, files })).toHaveProperty('port', 1000)
  })
})

describe('values', () => {
  const cases: readonly [string, Given, string, unknown][] = [
    ['a number', { argv: '--refresh-replay-window 0' }, 'refresh.replay_window', 0],
    ['--flag=value', { argv: '--log-level=debug' }, 'log.level', 'debug'],
    ['a yes', { argv: '--oauth-require-scope' }, 'oauth.require_scope', true],
    [
      'a number three names deep',
      { argv: '--rate-limits-token-failures 9', env: { ...READY, SALLYPORT_RATE_LIMITS_REGISTER_TOTAL: '7' } },
      'rate_limits',
      expect.objectContaining({
        token: { per_address: 6000, per_client: 12_000, failures: 9, total: 300_000 },
        register: { per_address: 1000, total: 7 },
      }),
    ],
    ['a no', { argv: '--no-oauth-require-scope' }, 'oauth.require_scope', false],
    [
      'a no in the environment',
      { env: { ...READY, SALLYPORT_OAUTH_REQUIRE_SCOPE: 'false' } },
      'oauth.require_scope',
      false,
    ],
    ['a list', { argv: '--trusted-proxies 10.0.0.1,::1' }, 'trusted_proxies', ['10.0.0.1', '::1']],
    ['ranges', { argv: '--trusted-proxies 10.0.0.0/8,fd00::/8' }, 'trusted_proxies', ['10.0.0.0/8', 'fd00::/8']],
    [
      'a flag twice',
      { argv: '--trusted-proxies 10.0.0.1 --trusted-proxies loopback' },
      'trusted_proxies',
      ['10.0.0.1', 'loopback'],
    ],
    ['the secret', {}, 'secret', SECRET],
    [
      'an issuer with a path, byte for byte',
      { argv: '--issuer https://h.example/tenant/' },
      'issuer',
      'https://h.example/tenant/',
    ],
    ['an issuer without one', { argv: '--issuer https://h.example' }, 'issuer', 'https://h.example'],
  ]
  test.each(cases)('%s', async (_, given, name, value) => expect(await settings(given)).toHaveProperty(name, value))
})

describe('the config file', () => {
  const resources = [{ identifier: 'https://mcp.example.com/mcp', scopes: { 'notes:read': 'Read your notes' } }]
  const complete = [{ ...resources[0], aliases: [] }]
  const module = `{ resources: ${JSON.stringify(resources)} }`
  const cases: readonly [string, Given][] = [
    ['JSON', { files: { 'sallyport.config.json': JSON.stringify({ resources }) } }],
    ['TypeScript, a default export', { files: { 'sallyport.config.ts': `export default ${module} satisfies object` } }],
    [
      'TypeScript, an export named config',
      { files: { 'sallyport.config.ts': `export const config: object = ${module}` } },
    ],
    ['named by a flag', { argv: '--config other.json', files: { 'other.json': JSON.stringify({ resources }) } }],
    [
      'named in the environment',
      { env: { ...READY, SALLYPORT_CONFIG: 'x.json' }, files: { 'x.json': JSON.stringify({ resources }) } },
    ],
  ]
  test.each(cases)('%s', async (_, given) => expect(await settings(given)).toHaveProperty('resources', complete))
})

describe('--dev', () => {
  test('needs nothing: a loopback issuer, relaxed scopes, readable logs', async () => {
    const { issuer, oauth, log } = await settings({ argv: '--dev --port 9200', env: {} })
    expect({ issuer, require_scope: oauth.require_scope, format: log.format }).toEqual({
      issuer: 'http://localhost:9200',
      require_scope: false,
      format: 'text',
    })
  })
  test('its defaults are only defaults', async () => {
    const { oauth, log } = await settings({ argv: '--dev --oauth-require-scope --log-format json', env: {} })
    expect([oauth.require_scope, log.format]).toEqual([true, 'json'])
  })
  test('makes a secret, keeps it, and nobody else can read it', async () => {
    const cwd = await emptyFolder()
    const loads = await Promise.all(Array.from({ length: 8 }, () => loadSettings({ argv: ['--dev'], env: {}, cwd })))
    const secrets = new Set(loads.map((loaded) => (loaded.ok ? loaded.value.secret : loaded.error.message)))
    expect(secrets.size).toBe(1)
    expect([...secrets].join()).toMatch(/^[\w-]{43}$/)
    expect((await stat(join(cwd, '.sallyport/secret'))).mode & 0o777).toBe(0o600)
  })
  test('takes the secret that is given instead', async () => {
    expect(await settings({ argv: '--dev', env: { SALLYPORT_SECRET: SECRET } })).toHaveProperty('secret', SECRET)
  })
})

describe('one clear line', () => {
  const file = (content: string): Given => ({ files: { 'sallyport.config.json': content } })
  const cases: readonly [string, Given, 1 | 2, string][] = [
    ['an unknown flag', { argv: '--prot 1' }, 2, "Unknown option '--prot' (Did you mean --port?) Try --help."],
    ['a stray word', { argv: 'now' }, 2, 'Too many arguments. Expected 0 arguments but got 1: now. Try --help.'],
    ['a flag without its value', { argv: '--port' }, 2, "Option '--port <number>' argument missing. Try --help."],
    ['a bad flag', { argv: '--port 9x' }, 2, '--port: wanted a whole number from 0 to 65535.'],
    ['a port too high', { argv: '--port 65536' }, 2, '--port: wanted a whole number from 0 to 65535.'],
    [
      'a bad choice',
      { argv: '--access-token-algorithm HS256' },
      2,
      '--access-token-algorithm: wanted one of ES256, RS256.',
    ],
    [
      'a bad database',
      { argv: '--database mysql://h/d' },
      2,
      '--database: wanted sqlite:PATH (a path, no file: URI) or postgres://USER:PASSWORD@HOST/NAME.',
    ],
    [
      'a wildcard in a host',
      { argv: '--registration-approved-redirects https://*' },
      2,
      '--registration-approved-redirects: wanted redirect URIs, with * at most as the whole last path segment.',
    ],
    [
      'the secret as a flag',
      { argv: `--secret ${SECRET}` },
      2,
      'secret is not a flag: set SALLYPORT_SECRET or `secret` in the config file.',
    ],
    [
      'resources as a flag',
      { argv: '--resources x' },
      2,
      'resources is not a flag: set `resources` in the config file.',
    ],
    [
      'a bad variable',
      { env: { ...READY, SALLYPORT_REFRESH_REPLAY_WINDOW: '-1' } },
      1,
      'SALLYPORT_REFRESH_REPLAY_WINDOW: wanted a whole number of seconds from 0 to 300.',
    ],
    [
      'a secret too short',
      { env: { ...READY, SALLYPORT_SECRET: 'short' } },
      1,
      'SALLYPORT_SECRET: wanted at least 32 bytes, e.g. from `openssl rand -base64 32`.',
    ],
    [
      'an unknown member',
      file('{ "refresh": { "window": 1 } }'),
      1,
      'sallyport.config.json: refresh.window is not a setting.',
    ],
    ['a member that is no group', file('{ "refresh": 10 }'), 1, 'sallyport.config.json: refresh must be an object.'],
    ['a file that holds a list', file('[]'), 1, 'sallyport.config.json: it must hold an object.'],
    [
      'a bad member',
      file('{ "port": "9100" }'),
      1,
      'sallyport.config.json: port is not right: port wants a whole number from 0 to 65535.',
    ],
    [
      'a bad resource',
      file('{ "resources": [{ "identifier": "https://h/mcp", "scopes": { "a b": "x" } }] }'),
      1,
      'sallyport.config.json: resources.0.scopes.a b is not right: resources wants a list of { identifier, name?, scopes, scope_hierarchy?, aliases?, default_scopes?, access_token_lifetime?, dpop? }.',
    ],
    ['a missing file', { argv: '--config no.json' }, 1, 'The config file no.json does not exist.'],
    [
      'two files',
      { files: { 'sallyport.config.json': '{}', 'sallyport.config.ts': 'export const config = {}' } },
      1,
      'There are sallyport.config.ts and sallyport.config.json: keep one, or name it with --config.',
    ],
    [
      'a file without the export',
      { files: { 'sallyport.config.ts': 'export const x = 1' } },
      1,
      'The config file sallyport.config.ts exports neither `config` nor a default.',
    ],
    [
      'no issuer',
      { env: { SALLYPORT_SECRET: SECRET } },
      1,
      'issuer is not set: give --issuer or SALLYPORT_ISSUER its public https URL.',
    ],
    [
      'no secret',
      { env: { SALLYPORT_ISSUER: 'https://h.example' } },
      1,
      'secret is not set: put at least 32 bytes into SALLYPORT_SECRET, e.g. from `openssl rand -base64 32`.',
    ],
    ['an issuer that is no URL', { argv: '--issuer h.example' }, 1, 'issuer must be an absolute URL.'],
    ['http elsewhere', { argv: '--issuer http://h.example' }, 1, 'issuer must be https (http on loopback only).'],
    [
      'another scheme on loopback',
      { argv: '--issuer ftp://localhost' },
      1,
      'issuer must be https (http on loopback only).',
    ],
    [
      'an issuer with a query',
      { argv: '--issuer https://h.example/?a' },
      1,
      'issuer must not have a query or a fragment.',
    ],
    [
      'an issuer with a fragment',
      { argv: '--issuer https://h.example/#' },
      1,
      'issuer must not have a query or a fragment.',
    ],
    ['an issuer with a user', { argv: '--issuer https://u@h.example' }, 1, 'issuer must not hold a user name.'],
    ['an odd spelling', { argv: '--issuer https://H.example:443' }, 1, 'issuer must be written as https://h.example.'],
    [
      '--dev in public',
      { argv: '--dev --issuer https://h.example' },
      1,
      'dev is refused: the issuer is not on loopback (http://localhost:PORT).',
    ],
    ['--dev-login in public', { argv: '--dev-login demo' }, 1, 'dev_login is refused: the issuer is not on loopback.'],
    [
      '--dev for the whole network',
      { argv: '--dev --issuer http://localhost:9100 --host 0.0.0.0' },
      1,
      'dev is refused: host 0.0.0.0 is not this machine alone. Leave --host out, or use localhost.',
    ],
    [
      '--dev-login for the whole network',
      { argv: '--dev-login demo --issuer http://localhost:9100 --host ::' },
      1,
      'dev_login is refused: host :: is not this machine alone. Leave --host out, or use localhost.',
    ],
    [
      'lifetimes that contradict',
      { argv: '--refresh-absolute-lifetime 60' },
      1,
      'refresh.idle_lifetime must not be longer than refresh.absolute_lifetime.',
    ],
    [
      'keys that change faster than they can be published',
      { env: { ...READY, SALLYPORT_KEYS_ROTATION_INTERVAL: '3599' } },
      1,
      'keys.rotation_interval must be 0 or at least 3600 seconds.',
    ],
    [
      'a resource twice',
      file('{ "resources": [{ "identifier": "https://h/a", "scopes": {}, "aliases": ["https://h/a"] }] }'),
      1,
      'resources: https://h/a is there twice, as identifier or alias.',
    ],
    [
      'a default scope that is none',
      file('{ "resources": [{ "identifier": "https://h/a", "scopes": {}, "default_scopes": ["x"] }] }'),
      1,
      'resources: https://h/a has no scope x for its default_scopes.',
    ],
    [
      'documentation that is no page',
      { argv: '--metadata-service-documentation javascript:alert(1)' },
      2,
      '--metadata-service-documentation: wanted an https or http URL.',
    ],
    [
      'ADR 0108 an implied scope that does not exist',
      file(
        '{ "resources": [{ "identifier": "https://h/a", "scopes": { "a": "A" }, "scope_hierarchy": { "a": ["b"] } }] }',
      ),
      1,
      'resources: https://h/a has no scope b for its scope_hierarchy.',
    ],
    [
      'ADR 0108 a scope that does not exist, implying one',
      file(
        '{ "resources": [{ "identifier": "https://h/a", "scopes": { "a": "A" }, "scope_hierarchy": { "b": ["a"] } }] }',
      ),
      1,
      'resources: https://h/a has no scope b for its scope_hierarchy.',
    ],
    [
      'ADR 0108 a scope that implies itself',
      file(
        '{ "resources": [{ "identifier": "https://h/a", "scopes": { "a": "A" }, "scope_hierarchy": { "a": ["a"] } }] }',
      ),
      1,
      'resources: The scope_hierarchy of https://h/a goes in a circle: a implies itself.',
    ],
    [
      'ADR 0108 scopes that imply one another',
      file(
        '{ "resources": [{ "identifier": "https://h/a", "scopes": { "a": "A", "b": "B", "c": "C" }, "scope_hierarchy": { "a": ["b"], "b": ["c"], "c": ["b"] } }] }',
      ),
      1,
      'resources: The scope_hierarchy of https://h/a goes in a circle: b implies itself.',
    ],
    ...['*', 'notes:*'].map((scope): (typeof cases)[number] => [
      `SEC-044 the wildcard ${scope}`,
      file(`{ "resources": [{ "identifier": "https://h/a", "scopes": { "${scope}": "A" } }] }`),
      1,
      `resources: https://h/a has the scope ${scope}: there are no wildcards. Name a broad scope, and in scope_hierarchy what it implies.`,
    ]),
    ...['0', '86401', '1.5', '"900"'].map((lifetime): (typeof cases)[number] => [
      `ADR 0109 an access token lifetime of ${lifetime}`,
      file(`{ "resources": [{ "identifier": "https://h/a", "scopes": {}, "access_token_lifetime": ${lifetime} }] }`),
      1,
      'sallyport.config.json: resources.0.access_token_lifetime is not right: resources wants a list of { identifier, name?, scopes, scope_hierarchy?, aliases?, default_scopes?, access_token_lifetime?, dpop? }.',
    ]),
  ]
  test.each(cases)('%s', async (_, given, exitCode, message) =>
    expect(await load(given)).toEqual({ exitCode, message }),
  )

  test('a file that does not load', async () => {
    const problem = await load({ files: { 'sallyport.config.ts': `throw new Error('one\\ntwo')` } })
    expect(problem).toEqual({ exitCode: 1, message: 'The config file sallyport.config.ts cannot be read: one' })
  })
})

describe('--help', () => {
  test('names every flag, and is no fault', async () => {
    const help = await load({ argv: '--help' })
    const flags = LEAVES.flatMap(({ flag, kind, defaultValue }) => {
      return flag === null ? [] : kind === 'boolean' && defaultValue === true ? [`--no-${flag.slice(2)}`] : [flag]
    })
    expect(help).toHaveProperty('exitCode', 0)
    expect(flags.length).toBeGreaterThan(20)
    for (const flag of flags) expect(help).toHaveProperty('message', expect.stringContaining(`  ${flag} `))
  })
  test('offers no flag for the secret', async () => {
    expect(await load({ argv: '--help' })).toHaveProperty('message', expect.not.stringContaining('--secret'))
  })
})

test('the page of settings explains each member of a resource, as does what is said to those who got one wrong', () => {
  const [, section = ''] = settingsPage().split('## A resource')
  const explained = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, member]) => member)
  expect(explained).toEqual(Object.keys(ResourceConfig.entries))
  expect([...RESOURCE_SHAPE.matchAll(/\w+/g)].map(([member]) => member)).toEqual(Object.keys(ResourceConfig.entries))
})
