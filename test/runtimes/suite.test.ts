/**
 * The same specs on every runtime: those of client, shared code, resource module and the safe fetch. The server's flow is in `server.test.ts`.
 *
 * @module
 */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { ROOT } from '../support/source-tree.ts'
import { RUNTIMES, run } from '../support/spawn.ts'
import { findPortableTests } from './portable.ts'

setDefaultTimeout(300_000)

const { portable, bound } = await findPortableTests(
  'test/spec/',
  'test/attacks/',
  'test/core/',
  // The checks themselves run wherever the package does.
  'test/conformance/resource-server',
)

for (const { path, because } of bound) console.log(`on Bun only: ${path} (because of ${because})`)

/** It needs Bun's bundler. Whatever else is for client, shared code or resource module runs everywhere. */
const BUN_ONLY = ['test/spec/client-browser-safe.test.ts']

const COMMANDS: Readonly<Record<keyof typeof RUNTIMES, readonly string[]>> = {
  bun: [...RUNTIMES.bun, 'test', ...portable.map((path) => `./${path}`)],
  deno: [...RUNTIMES.deno, '--import-map=test/runtimes/import-map.json', 'test/runtimes/main.ts', ...portable],
  node: [...RUNTIMES.node, '--import=./test/runtimes/node-hooks.ts', 'test/runtimes/main.ts', ...portable],
}

const passed: number[] = []

describe('the specs', () => {
  test.each(Object.entries(COMMANDS))('pass on %s', async (_, command) => {
    const { out, error, code } = await run(command, { cwd: ROOT })
    const [, pass = '0'] = /^ (\d+) pass$/m.exec(out + error) ?? []
    const [, fail = ''] = /^ (\d+) fail$/m.exec(out + error) ?? []
    const failures = (out + error).split('\n').filter((line) => line.startsWith('(fail)'))
    expect({ failures, fail, code }).toEqual({ failures: [], fail: '0', code: 0 })
    passed.push(Number(pass))
  })

  test('are as many everywhere, and more than five hundred', () => {
    expect(passed).toHaveLength(Object.keys(COMMANDS).length)
    expect(new Set(passed).size).toBe(1)
    expect(passed[0]).toBeGreaterThan(500)
  })

  test('are of every part that must run everywhere', () => {
    for (const name of ['rfc6750-bearer-challenges', 'session-fetch', 'url-policy', 'rfc9110-challenges']) {
      expect(portable).toContain(`test/spec/${name}.test.ts`)
    }
    for (const name of ['addresses', 'rebinding', 'answers', 'floods']) {
      expect(portable).toContain(`test/attacks/ssrf-${name}.test.ts`)
    }
  })

  test('leave out what is named here, and nothing else', () => {
    expect(bound.map(({ path }) => path)).toEqual(BUN_ONLY)
  })
})
