/**
 * A browser can load the client: nothing of a runtime's own is in it.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import * as client from '../../client/index.ts'
import * as node from '../../client/node/index.ts'

const CLIENT = join(import.meta.dir, '../../client')

async function bundle(entry: string) {
  const build = await Bun.build({ entrypoints: [join(CLIENT, entry)], target: 'browser', minify: true, metafile: true })
  return { code: (await build.outputs[0]?.text()) ?? '', inputs: Object.keys(build.metafile?.inputs ?? {}) }
}

describe('client/index.ts', () => {
  test('bundles for a browser, from our own files and two packages', async () => {
    const { code, inputs } = await bundle('index.ts')
    const packages = inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [])
    expect([...new Set(packages)].sort()).toEqual(['jose', 'valibot'])
    expect(inputs.some((path) => path.includes('client/node/') || path.includes('server/'))).toBe(false)
    expect(code).not.toMatch(/\bnode:|\brequire\(|\bprocess\.(?:env|platform|stdin)|\bBun\.|\bDeno\./)
  })

  test('is small: under 27 kB, minified and compressed', async () => {
    const { code } = await bundle('index.ts')
    expect(Bun.gzipSync(new TextEncoder().encode(code)).byteLength).toBeLessThan(27_000)
  })

  test('the check sees platform code where there is some', async () => {
    const { inputs } = await bundle('node/paste.ts')
    expect(inputs.some((path) => path.includes('client/node/'))).toBe(true)
  })

  test('exports what a host needs, and nothing of the machinery', () => {
    expect(Object.keys(client).sort()).toEqual([
      'AuthorizationRequiredError',
      'SallyportError',
      'clientCredentials',
      'clientDocument',
      'createSession',
      'defineGrant',
      'describeError',
      'deviceCode',
      'follow',
      'hasCode',
      'memoryStore',
      'privateKeyJwt',
      'prompt',
      'refreshToken',
      'showCode',
    ])
    expect(Object.keys(node).sort()).toEqual(['fileStore', 'loopback', 'openBrowser', 'paste', 'tokenFile'])
  })
})
