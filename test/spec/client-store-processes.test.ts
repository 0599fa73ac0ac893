/**
 * The file store's lock between real processes.
 *
 * @module
 */
import { afterAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStore } from '../../client/node/index.ts'

const directory = await mkdtemp(join(tmpdir(), 'client-store-processes-'))
afterAll(() => rm(directory, { recursive: true }))

test('R1 four processes count to a hundred: nothing is counted twice or lost', async () => {
  const script = join(import.meta.dir, '../support/lease-holder.ts')
  const processes = [1, 2, 3, 4].map(() =>
    Bun.spawn([process.execPath, script, directory, '25'], { stderr: 'inherit' }),
  )
  expect(await Promise.all(processes.map(({ exited }) => exited))).toEqual([0, 0, 0, 0])
  expect((await fileStore({ directory }).get('credential:counter'))?.['count']).toBe(100)
}, 60_000)
