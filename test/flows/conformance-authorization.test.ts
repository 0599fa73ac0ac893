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

/** The server that the suite gets to know, and what else it is told. */
interface Setting {
  readonly requireScope?: boolean
  /** Of the issuer. */
  readonly path?: string
  /** Of MCP. Default: all of them. */
  readonly revision?: string
}

/** Every check of both scenarios. The exit code says too little, so the reports are read. */
async function run({ requireScope = false, path = '', revision }: Setting): Promise<readonly Check[]> {
  // The suite names no scope, so this is a server that has default scopes, as in development.
  const demo = await listenTestDemo({ dev_login: USER.username, oauth: { require_scope: requireScope } }, path)
  const port = freePort()
  const { client_id } = await registerClient(demo, {
    redirect_uris: [`http://127.0.0.1:${port}/callback`],
  })
  const told = {
    url: demo.issuer,
    'client-id': client_id,
    resource: demo.mcpUrl,
    port: String(port),
    'output-dir': out,
    ...(revision === undefined ? {} : { 'spec-version': revision }),
  }
  const args = Object.entries(told).flatMap(([name, value]) => [`--${name}`, value])
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

const BOTH = ['authorization-code-grant', 'authorization-server-metadata']
/** Client ID metadata documents came with 2025-11-25. */
const ALL = [...BOTH, 'authorization-server-metadata-cimd']

describe('@modelcontextprotocol/conformance authorization', () => {
  // One option is left out: a client with a secret does not use it where the metadata lists `none`.
  const settings: readonly [string, Setting, readonly string[]][] = [
    ['an issuer without a path', {}, ALL],
    ['an issuer with a path', { path: '/tenant' }, ALL],
    ['revision 2025-03-26', { revision: '2025-03-26' }, BOTH],
    ['revision 2025-06-18', { revision: '2025-06-18' }, BOTH],
    ['revision 2025-11-25', { revision: '2025-11-25' }, ALL],
    ['revision 2026-07-28', { revision: '2026-07-28' }, ALL],
  ]
  test.each(settings)(
    'both scenarios succeed, without failure or warning: %s',
    async (_, setting, expected) => {
      const checks = await run(setting)
      expect(checks.filter(({ status }) => status !== 'SUCCESS' && status !== 'INFO')).toEqual([])
      expect([...withStatus(checks, 'SUCCESS')].sort()).toEqual([...expected])
    },
    30_000,
  )

  test('a server that requires a scope fails it: the failures of this suite are seen', async () => {
    const checks = await run({ requireScope: true })
    expect(withStatus(checks, 'FAILURE')).toEqual(['authorization-code-grant'])
  }, 60_000)
})
