/**
 * The official conformance suite against the authorization server, each request approved by the development login. The suite checks
 * little, and nothing negative: `test/spec/` and `test/attacks/` do.
 *
 * @see https://github.com/modelcontextprotocol/conformance
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { registerClient } from '../support/authorization-server.ts'
import { listenTestDemo, USER } from '../support/demo.ts'
import { ROOT } from '../support/source-tree.ts'
import { freePort, RUNTIMES, start } from '../support/spawn.ts'

const Checks = v.array(v.object({ id: v.string(), status: v.string(), errorMessage: v.optional(v.string()) }))
type Check = v.InferOutput<typeof Checks>[number]

let out: string
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'sallyport-conformance-'))
})
afterEach(() => rm(out, { recursive: true }))

/** Every check of both scenarios. The exit code says too little, so the reports are read. */
async function run(requireScope: boolean): Promise<readonly Check[]> {
  const demo = await listenTestDemo({ dev_login: USER.username, oauth: { require_scope: requireScope } })
  const port = freePort()
  const { client_id } = await registerClient(demo, { redirect_uris: [`http://127.0.0.1:${port}/callback`] })
  const options = {
    url: demo.issuer,
    'client-id': client_id,
    resource: demo.mcpUrl,
    port: String(port),
    'output-dir': out,
  }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
  const suite = start([...RUNTIMES.node, `${ROOT}node_modules/.bin/conformance`, 'authorization', ...args])
  // In place of the browser that the suite asks for, once it listens.
  await suite.out.until(/Callback server started/)
  const [url] = await suite.out.until(/^http\S+\/oauth\/authorize\?\S+$/m)
  await fetch(url)
  await suite.exited
  await demo.close()
  const checks: Check[] = []
  for (const scenario of await readdir(out)) {
    checks.push(...v.parse(Checks, await Bun.file(join(out, scenario, 'checks.json')).json()))
  }
  return checks
}

const withStatus = (checks: readonly Check[], status: string): readonly string[] =>
  checks.filter((check) => check.status === status).map(({ id }) => id)

describe('@modelcontextprotocol/conformance authorization', () => {
  test('both scenarios succeed', async () => {
    // The suite names no scope, so this is a server that has default scopes, as in development.
    const checks = await run(false)
    expect(withStatus(checks, 'FAILURE')).toEqual([])
    expect([...withStatus(checks, 'SUCCESS')].sort()).toEqual([
      'authorization-code-grant',
      'authorization-server-metadata',
    ])
    // Client ID metadata documents are not supported yet.
    expect(withStatus(checks, 'WARNING')).toEqual(['authorization-server-metadata-cimd'])
  }, 30_000)

  test('a server that requires a scope fails it: the failures of this suite are seen', async () => {
    const checks = await run(true)
    expect(withStatus(checks, 'FAILURE')).toEqual(['authorization-code-grant'])
  }, 30_000)
})
