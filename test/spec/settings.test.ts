/**
 * Settings: where they come from, and what comes first.
 *
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { LEAVES } from '../../server/config/leaves.ts'
import { loadSettings } from '../../server/config/load.ts'
import { settingsPage } from '../../server/config/markdown.ts'
import { RESOURCE_SHAPE, ResourceConfig } from '../../server/config/resource.ts'
import { emptyFolder, type Given, load, READY, removeFolders, SECRET, settings } from '../support/settings.ts'

afterAll(removeFolders)

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
        register: { per_address: 1000, per_client: 10_000, total: 7 },
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
