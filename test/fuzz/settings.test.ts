/**
 * Settings under anything that an operator may write: read, or refused in one line.
 *
 * @module
 */
import { describe, expect } from 'bun:test'
import fc from 'fast-check'
import { LEAVES } from '../../server/config/leaves.ts'
import { readConfig } from '../../server/config/read-config.ts'
import { fuzz } from './runs.ts'
import { noise } from './values.ts'

describe('settings', () => {
  const env = fc.dictionary(
    fc.constantFrom(...LEAVES.flatMap(({ env }) => env ?? [])),
    fc.oneof(noise, fc.constantFrom('0', '-1', '1e9', 'true', 'yes', '[]', '{}', 'https://auth.example')),
    { maxKeys: 4 },
  )
  const named = fc.constantFrom(...LEAVES.map(({ path }) => path))
  const content = fc.oneof(
    fc.json(),
    fc
      .tuple(named, fc.jsonValue())
      .map(([[first = '', second], value]) =>
        JSON.stringify({ [first]: second === undefined ? value : { [second]: value } }),
      ),
    noise,
  )

  fuzz('are read, or refused in one line', 10, fc.tuple(env, content), async ([env, text]) => {
    const files = {
      exists: async (path: string) => path.endsWith('.json'),
      read: async () => text,
      load: async () => ({}),
    }
    const { SALLYPORT_CONFIG: _, ...rest } = env
    const config = await readConfig({ flags: new Map(), env: rest, files })
    if (!config.ok) expect([config.error.exitCode, config.error.message.includes('\n')]).toEqual([1, false])
  })
})
