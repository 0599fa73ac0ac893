/**
 * The operating system's keychain, a real one: gnome-keyring on a message bus of its own.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type KeychainState, openDesktop, testWithKeychain } from '../support/desktop.ts'
import { RUNTIMES } from '../support/spawn.ts'

let desktop: Awaited<ReturnType<typeof openDesktop>>
beforeAll(async () => {
  desktop = await openDesktop()
})
afterAll(() => desktop.close())

const use = async (state: KeychainState, runtime: keyof typeof RUNTIMES, ...options: readonly string[]) => {
  const directory = join(desktop.home, 'records')
  const command = [...RUNTIMES[runtime], 'test/support/keychain-process.ts', directory, ...options]
  return JSON.parse(await desktop.output(state, command))
}

describe('unlocked', () => {
  testWithKeychain(
    'every promise of a store, on each runtime, and each reads what the one before has written',
    async () => {
      const runs = [await use('unlocked', 'bun'), await use('unlocked', 'deno'), await use('unlocked', 'node')]
      expect(runs).toEqual(['1', '2', '3'].map((generation) => ({ generation, failures: [] })))
      const folder = join(desktop.home, 'records')
      for (const name of await readdir(folder))
        expect(await readFile(join(folder, name), 'utf8')).not.toContain('generation')
    },
  )
})

describe('in trouble', () => {
  testWithKeychain(
    'locked, and a window that nobody answers: an error after the time limit, on each runtime',
    async () => {
      for (const runtime of ['bun', 'deno', 'node'] as const) {
        const { code, because } = await use('asking', runtime, '0.3')
        expect(code).toBe('store_failed')
        expect(because).toContain('has not answered for 0.3 s')
      }
    },
  )

  testWithKeychain('locked, and nobody there to ask, or not answering at all: an error that says so', async () => {
    expect(await use('locked', 'bun')).toEqual({ code: 'store_failed', because: expect.stringContaining('unlock') })
    expect(await use('stopped', 'bun')).toEqual({ code: 'store_failed', because: expect.stringContaining('reply') })
  })

  testWithKeychain(
    'there is none: an error, and no key in the kernel instead; a fallback where one was named',
    async () => {
      const { code, because } = await use('absent', 'node')
      expect(code).toBe('store_failed')
      expect(because).toMatch(/DBus|Secret Service/)
      expect(await use('absent', 'node', '30', 'fallback')).toEqual({ generation: '1', failures: [] })
    },
  )

  testWithKeychain('afterwards everything is there as before', async () => {
    expect(await use('unlocked', 'node')).toEqual({ generation: '4', failures: [] })
  })
})
