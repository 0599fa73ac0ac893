/**
 * What a page loads with `sallyport/client`.
 *
 * @see docs/adr/0172-what-a-browser-loads.md
 * @module
 */
import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as client from '../../client/index.ts'
import { CLIENT_BUDGET, formatSize, measureClientSize } from '../bench/size.ts'
import { createDpopFlow } from '../support/dpop-flow.ts'
import { callTool } from '../support/mcp-call.ts'
import { ROOT } from '../support/source-tree.ts'

test('the client stays within its budget, and everything is in it', async () => {
  const size = await measureClientSize()
  expect(formatSize(size)).toContain(`${(size.gzipped / 1000).toFixed(1)} kB gzipped`)
  expect(size.gzipped).toBeLessThanOrEqual(CLIENT_BUDGET)
  // Nearly used up: whoever makes it smaller lowers the budget.
  expect(size.gzipped).toBeGreaterThan(CLIENT_BUDGET - 1000)
  for (const word of [
    'oauth-protected-resource',
    'application_type',
    'code_challenge_method',
    'refresh_token',
    'dpop+jwt',
  ]) {
    expect(size.text).toContain(word)
  }
})

test('what is measured does all of it: discovery, registration, the code flow, DPoP with nonces, refresh, sign-out', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-bundle-'))
  const flow = await createDpopFlow()
  try {
    const file = join(directory, 'client.js')
    await Bun.write(file, (await measureClientSize()).text)
    const bundle: Pick<typeof client, 'createSession'> = await import(file)
    expect(Object.keys(bundle)).toEqual(['createSession'])
    const { clock, fetch, resource } = flow
    const session = bundle.createSession(resource, { fetch, now: () => clock.now, dpop: 'required' })
    const begun = await session.begin({ redirectUri: 'http://localhost:9999/callback' })
    const callback = await flow.person.visit(begun.url)
    expect(await session.complete(begun, callback)).toMatchObject({ tokenType: 'DPoP', refreshable: true })
    expect((await callTool(session.fetch, resource, 'greet')).status).toBe(200)
    clock.now += 3600
    expect(await session.status()).toBe('refreshable')
    expect((await callTool(session.fetch, resource, 'greet')).status).toBe(200)
    const grants = flow.at(flow.tokenEndpoint).filter(({ status }) => status === 200)
    expect(grants.map(({ form }) => form.get('grant_type'))).toEqual(['authorization_code', 'refresh_token'])
    expect(await session.logout()).toEqual({ revoked: true, deleted: true })
  } finally {
    await flow.close()
    await rm(directory, { recursive: true })
  }
})

test.each([
  ['popup', 18.5],
  ['popup, indexedDbStore', 19.5],
])('with %s, what a page needs beside it, at most %d kB, as docs/client.md says', async (browser, most) => {
  const guide = await Bun.file(`${ROOT}docs/client.md`).text()
  expect(guide).toContain(`${most} kB with \`${browser.replace(', ', '` and `')}\``)
  const { gzipped } = await measureClientSize('createSession', browser)
  expect(gzipped).toBeLessThanOrEqual(most * 1000)
  expect(gzipped).toBeGreaterThan(most * 1000 - 1000)
})

test('nothing of Node, Bun or Deno is in it, and no package but what encodes', async () => {
  const { text, parts } = await measureClientSize(
    'createSession, memoryStore, prompt, clientCredentials, deviceCode, privateKeyJwt',
  )
  const platform = /["'`](?:node|bun):\w+|\b(?:Bun|Deno|process|Buffer)\.\w+|\brequire\(|\bimport\b/g
  expect('process.env import x from "node:fs"'.match(platform)).toHaveLength(3)
  expect(text.match(platform)).toBeNull()
  const packages = parts.map(([name]) => name).filter((name) => !/^(?:client|shared)\//.test(name))
  expect(packages.sort()).toEqual(['jose'])
})

test('what is not imported is not loaded', async () => {
  const { text } = await measureClientSize()
  // The document of a client, the device grant, keys of clients, prompts.
  for (const word of ['jwks_uri', 'device_code', 'private_key_jwt'])
    expect(text.split(word).length).toBeLessThanOrEqual(2)
  const all = await measureClientSize('createSession, clientDocument, deviceCode, privateKeyJwt')
  expect(all.minified).toBeGreaterThan(text.length + 2000)
})
