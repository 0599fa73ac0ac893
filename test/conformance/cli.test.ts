/**
 * `sallyport conformance` and `sallyport doctor` as a person runs them, against a server behind a socket that signs everybody in.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import { listenTestDemo, type TestDemo, USER } from '../support/demo.ts'
import { ROOT } from '../support/source-tree.ts'
import { freePort, RUNTIMES, run } from '../support/spawn.ts'

setDefaultTimeout(60_000)

let demo: TestDemo
let folder: string
beforeAll(async () => {
  demo = await listenTestDemo({ dev_login: USER.username, refresh: { replay_window: 0 } })
  demo.clock.now = Math.floor(Date.now() / 1000)
  folder = await mkdtemp(join(tmpdir(), 'sallyport-conformance-'))
})
afterAll(async () => {
  await demo.close()
  await rm(folder, { recursive: true })
})

const sallyport = (...args: readonly string[]) =>
  run([...RUNTIMES.bun, `${ROOT}server/cli.ts`, ...args], { cwd: folder, env: {} })

describe('conformance', () => {
  test('checks both roles without a person, and writes every format', async () => {
    const files = ['--json', 'r.json', '--junit', 'r.xml', '--html', 'r.html']
    const { code, error, out } = await sallyport(
      'conformance',
      '--as',
      demo.issuer,
      '--resource',
      demo.mcpUrl,
      ...files,
    )
    expect({ code, error }).toEqual({ code: 0, error: '' })
    expect(out.match(/\d+ passed, 0 failed, 0 warnings, \d+ skipped/g)).toHaveLength(2)
    expect(await Bun.file(join(folder, 'r.json')).json()).toMatchObject({ succeeded: true })
    expect(await Bun.file(join(folder, 'r.xml')).text()).toContain('<testsuites>')
    expect(await Bun.file(join(folder, 'r.html')).text()).toContain('<!doctype html>')
  })

  test('makes tokens with the key of the authorization server', async () => {
    const key = await exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey)
    await Bun.write(join(folder, 'key.json'), JSON.stringify({ ...key, kid: 'not the one', alg: 'ES256' }))
    const only = ['--only', 'rs-token', 'rs-expired']
    const run = await sallyport('conformance', '--resource', demo.mcpUrl, '--signing-key', 'key.json', ...only)
    // It is not the key that this server believes.
    expect(run.code).toBe(1)
    expect(run.out).toContain('the good token is not accepted either')
  })

  test('prints a format in place of the text', async () => {
    const { out } = await sallyport('conformance', '--as', demo.issuer, '--only', 'as-metadata', 'as-jwks', '--json')
    expect(JSON.parse(out).reports[0].results.map(({ id }: { id: string }) => id)).toEqual(['as-metadata', 'as-jwks'])
  })

  test('a file that cannot be written: the report is printed all the same', async () => {
    const place = ['--junit', 'no-such-folder/report.xml']
    const run = await sallyport('conformance', '--as', demo.issuer, '--only', 'as-metadata', ...place)
    expect([run.code, run.out.includes('1 passed')]).toEqual([2, true])
    expect(run.error).toContain('no-such-folder')
  })

  test('a server that is down: one line says it, exit code 1', async () => {
    const { code, error, out } = await sallyport('conformance', '--as', `http://127.0.0.1:${freePort()}`)
    expect({ code, error }).toEqual({ code: 1, error: '' })
    expect(out).toContain('nothing listens there (connection refused)')
  })

  const wrong: readonly (readonly [string, readonly string[], string])[] = [
    ['nothing', [], 'Nothing to check. Say --as ISSUER or --resource URL. Try --help.'],
    ['no URL', ['--as', 'localhost:9100'], '--as: localhost:9100 is no http or https URL.'],
    [
      'an issuer with a fragment',
      ['--as', 'https://x/#y'],
      '--as: https://x/ is what a server sees of https://x/#y: leave out the fragment (# and what follows), here and where the URL is given to hosts.',
    ],
    [
      'a resource with a password',
      ['--resource', 'https://user:password@x/mcp'],
      '--resource: A URL with a user name or a password in it is sent by no host: leave them out.',
    ],
    ['a secret without its client', ['--as', 'http://x', '--client-secret', 'y'], '--client-secret needs --client-id.'],
    [
      'a way to show no secret',
      ['--as', 'http://x', '--client-auth', 'client_secret_post'],
      '--client-auth needs --client-secret.',
    ],
    ['a key for nothing', ['--as', 'http://x', '--signing-key', 'key.json'], '--signing-key needs --resource.'],
    ['more time than there is', ['--as', 'http://x', '--timeout', '1e99'], '--timeout: wanted a number of seconds.'],
    [
      'two formats in one place',
      ['--as', 'http://x', '--json', '--junit'],
      'Only one of --json, --junit and --html can be in place of the text: name files for the others.',
    ],
    ['no time', ['--as', 'http://x', '--timeout', 'soon'], '--timeout: wanted a number of seconds.'],
    [
      'a key that is none',
      ['--resource', 'http://x', '--signing-key', 'missing.json'],
      '--signing-key: that file holds no private key as a JWK with a kid.',
    ],
    ['an unknown check', ['--as', 'http://x', '--only', 'as-nothing'], '--only: there is no check as-nothing.'],
  ]
  test.each(wrong)('%s: exit code 2', async (_, args, message) => {
    expect(await sallyport('conformance', ...args)).toEqual({ code: 2, error: `sallyport: ${message}\n`, out: '' })
  })
})

describe('doctor', () => {
  test('goes the whole way', async () => {
    const { code, error, out } = await sallyport('doctor', demo.mcpUrl, '--connect')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    expect(out).toContain('ok   There is a token, and the server takes it')
    expect(out).toContain('Nothing is in the way of a host.')
  })

  test('leaves nothing behind unless it is told to', async () => {
    const before = demo.sent('POST', '/oauth/register').length
    expect((await sallyport('doctor', demo.mcpUrl)).code).toBe(0)
    expect(demo.sent('POST', '/oauth/register')).toHaveLength(before)
  })

  test('what is no URL: exit code 2', async () => {
    const message = 'sallyport: notes is no http or https URL.\n'
    expect(await sallyport('doctor', 'notes')).toEqual({ code: 2, error: message, out: '' })
  })

  test('a URL with a fragment: exit code 2, and nothing is asked', async () => {
    const run = await sallyport('doctor', `${demo.mcpUrl}#notes`)
    expect(run).toMatchObject({ code: 2, out: '' })
    expect(run.error).toContain(`${demo.mcpUrl} is what a server sees of ${demo.mcpUrl}#notes: leave out the fragment`)
  })
})
