/**
 * The one line that says what is wrong with a setting.
 *
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { type Given, load, READY, removeFolders, SECRET } from '../support/settings.ts'

afterAll(removeFolders)

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
