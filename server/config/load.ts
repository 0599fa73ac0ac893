/**
 * Loads the settings of a program from its command line, the environment and the config file.
 *
 * @module
 */

import { randomBytes, randomUUID } from 'node:crypto'
import { access, link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { ok, type Result } from '../../shared/result.ts'
import type { Config, Settings } from '../config.ts'
import type { Files } from './file.ts'
import type { Problem } from './problem.ts'
import { readConfig } from './read-config.ts'
import type { Values } from './source.ts'
import { applyStartRules } from './start-rules.ts'

/** What surrounds a program. Left out: this process. */
export interface Surroundings {
  /** Without the program itself. */
  readonly argv?: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** Its name in the help text. */
  readonly program?: string
}

/** Settings that a server can start with, or why not. */
export async function loadSettings(surroundings: Surroundings = {}): Promise<Result<Settings, Problem>> {
  const { argv = process.argv.slice(2), cwd = process.cwd(), program = 'sallyport server' } = surroundings
  const flags = await readFlags(argv, program)
  if (!flags.ok) return flags
  const config = await loadConfig(flags.value, surroundings)
  return config.ok ? applyStartRules(config.value, () => devSecret(resolve(cwd, DEV_SECRET))) : config
}

/** What reads command lines is loaded where there is one to read: it takes a twentieth of the whole start. */
async function readFlags(argv: readonly string[], program: string): Promise<Result<Values, Problem>> {
  if (argv.length === 0) return ok(new Map())
  const { parseFlags } = await import('./flags.ts')
  return parseFlags(argv, program)
}

/** Settings as given: enough for a command that only needs the database. */
export async function loadConfig(flags: Values, surroundings: Surroundings = {}): Promise<Result<Config, Problem>> {
  const { env = process.env, cwd = process.cwd() } = surroundings
  return readConfig({ flags, env, files: filesIn(cwd) })
}

/** Prints a problem where it belongs and ends the process. */
export function exitWith(problem: Problem): never {
  if (problem.exitCode === 0) process.stdout.write(`${problem.message}\n`)
  else process.stderr.write(`sallyport: ${problem.message}\n`)
  process.exit(problem.exitCode)
}

function filesIn(cwd: string): Files {
  return {
    exists: (path) =>
      access(resolve(cwd, path)).then(
        () => true,
        () => false,
      ),
    read: (path) => readFile(resolve(cwd, path), 'utf8'),
    load: (path) => import(pathToFileURL(resolve(cwd, path)).href),
  }
}

const DEV_SECRET = '.sallyport/secret'

/** The secret that a development server has made in this folder; undefined where none has. */
export const existingDevSecret = (): Promise<string | undefined> =>
  readFile(resolve(process.cwd(), DEV_SECRET), 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  )

/**
 * The secret of a development server: kept, so that its keys and sessions outlive a restart; for its owner only.
 * Linked into place complete, so that of two servers that start at once neither reads half a secret.
 */
async function devSecret(path: string): Promise<string> {
  const draft = `${path}.${randomUUID()}`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await unlink(draft)
  return (await readFile(path, 'utf8')).trim()
}
