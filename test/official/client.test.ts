/**
 * The official conformance suite against the client: each scenario on authorization, on both wires. The suite's exit codes and its
 * green lines say too little (a client that crashed can pass), so the reports are read.
 *
 * @see https://github.com/modelcontextprotocol/conformance
 * @module
 */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { ROOT } from '../support/source-tree.ts'
import { RUNTIMES, run } from '../support/spawn.ts'

const Checks = v.array(v.object({ id: v.string(), status: v.string(), errorMessage: v.optional(v.string()) }))

const BOTH = [
  'basic-cimd',
  'metadata-default',
  'metadata-var1',
  'metadata-var2',
  'metadata-var3',
  'pre-registration',
  'scope-from-scopes-supported',
  'scope-from-www-authenticate',
  'scope-omitted-when-undefined',
  'scope-retry-limit',
  'scope-step-up',
  'token-endpoint-auth-basic',
  'token-endpoint-auth-none',
  'token-endpoint-auth-post',
]
const NEW = [
  'authorization-server-migration',
  'iss-normalized',
  'iss-not-advertised',
  'iss-supported',
  'iss-supported-missing',
  'iss-unexpected',
  'iss-wrong-issuer',
  'metadata-issuer-mismatch',
  'offline-access-not-supported',
  'offline-access-scope',
  'resource-mismatch',
]
const EXTENSIONS = [
  'client-credentials-basic',
  'client-credentials-jwt',
  'dpop',
  'dpop-nonce',
  'enterprise-managed-authorization',
  'wif-jwt-bearer',
]

let out: string
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'sallyport-official-'))
})
afterAll(() => rm(out, { recursive: true }))

const OURS = [...RUNTIMES.bun, `${ROOT}test/official/client.ts`]

/** Runs scenarios, and gives the counts of each on authorization, in the order of their names, with what is not green. */
async function report(options: readonly string[], command: readonly string[] = OURS) {
  const folder = await mkdtemp(join(out, 'run-'))
  const told = ['--command', command.join(' '), '--timeout', '120000', '--output-dir', folder, ...options]
  await run([...RUNTIMES.node, `${ROOT}node_modules/.bin/conformance`, 'client', ...told])
  const scenarios: Record<string, { succeeded: boolean; problems: readonly string[] }> = {}
  for (const result of (await readdir(join(folder, 'auth'))).sort()) {
    const checks = v.parse(Checks, await Bun.file(join(folder, 'auth', result, 'checks.json')).json())
    const problems = checks.filter(({ status }) => status !== 'SUCCESS' && status !== 'INFO')
    scenarios[result.replace(/-\d{4}-\d\d-\d\dT[\w-]+$/, '')] = {
      succeeded: checks.some(({ status }) => status === 'SUCCESS'),
      problems: problems.map(({ id, status, errorMessage = '' }) => `${status} ${id} ${errorMessage}`),
    }
  }
  return scenarios
}

const allGreen = (names: readonly string[]) =>
  Object.fromEntries([...names].sort().map((name) => [name, { succeeded: true, problems: [] }]))

test.each([
  ['2025-11-25, SDK 1.x', ['--requirements', '2025-11-25'], [...BOTH, ...EXTENSIONS]],
  ['2026-07-28, client 2.x', ['--requirements', '2026-07-28'], [...BOTH, ...NEW, ...EXTENSIONS]],
  [
    'the servers of 2025-03-26',
    ['--suite', 'backcompat'],
    ['2025-03-26-oauth-endpoint-fallback', '2025-03-26-oauth-metadata-backcompat'],
  ],
] as const)(
  '@modelcontextprotocol/conformance client, %s: every scenario succeeds, without failure or warning',
  async (_, options, expected) => {
    expect(await report(options)).toEqual(allGreen(expected))
  },
  180_000,
)

test('a client that does nothing fails it: the failures of this suite are seen', async () => {
  const { 'basic-cimd': seen } = await report(['--scenario', 'auth/basic-cimd'], ['true'])
  expect(seen?.succeeded).toBe(false)
  expect(seen?.problems[0]).toStartWith('FAILURE cimd-client-id-used')
}, 60_000)
