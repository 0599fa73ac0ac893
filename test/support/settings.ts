/**
 * Settings as a program finds them that starts in a folder of its own.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadSettings } from '../../server/config/load.ts'
import type { Problem } from '../../server/config/problem.ts'
import type { Settings } from '../../server/config.ts'

const folders: string[] = []

/** For `afterAll`. */
export const removeFolders = async (): Promise<void> =>
  void (await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true }))))

export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-settings-'))
  folders.push(folder)
  return folder
}

export const SECRET = 'x'.repeat(32)
export const READY = { SALLYPORT_ISSUER: 'https://auth.example.com', SALLYPORT_SECRET: SECRET }

/** What surrounds the program, said briefly. */
export interface Given {
  argv?: string
  env?: Record<string, string>
  /** File name -> content. */
  files?: Record<string, string>
}

export async function load({ argv = '', env = READY, files = {} }: Given): Promise<Settings | Problem> {
  const cwd = await emptyFolder()
  await Promise.all(Object.entries(files).map(([name, content]) => Bun.write(join(cwd, name), content)))
  const loaded = await loadSettings({ argv: argv.split(' ').filter(Boolean), env, cwd })
  return loaded.ok ? loaded.value : loaded.error
}

export async function settings(given: Given): Promise<Settings> {
  const loaded = await load(given)
  if ('exitCode' in loaded) throw new Error(loaded.message)
  return loaded
}
