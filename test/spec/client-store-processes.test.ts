/**
 * The file store's lock between real processes.
 *
 * @module
 */
import { afterAll, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { fileStore } from '../../client/node/index.ts'

const directory = await mkdtemp(join(tmpdir(), 'client-store-processes-'))
afterAll(() => rm(directory, { recursive: true }))

test('R1 four processes count to a hundred: nothing is counted twice or lost', async () => {
  const script = fileURLToPath(new URL('../support/lease-holder.ts', import.meta.url))
  const ends = [1, 2, 3, 4].map(() =>
    once(spawn(process.execPath, [script, directory, '25'], { stdio: 'inherit' }), 'exit'),
  )
  expect((await Promise.all(ends)).map(([code]) => code)).toEqual([0, 0, 0, 0])
  expect((await fileStore({ directory }).get('credential:counter'))?.['count']).toBe(100)
}, 60_000)
