/**
 * `.ci/with-bun.mjs`: when it installs, and that it passes on arguments, streams, signals and exit codes. In a project of its own, with
 * a script in the place of Bun that writes down how it was called.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../support/source-tree.ts'
import { RUNTIMES, run, start } from '../support/spawn.ts'

setDefaultTimeout(60_000)

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-with-bun-'))
  await mkdir(join(folder, 'node_modules/.bin'), { recursive: true })
  await cp(`${ROOT}.ci/with-bun.mjs`, join(folder, '.ci/with-bun.mjs'))
  await write('package.json', '{ "devDependencies": { "bun": "1.2.3" } }')
  await write('bun.lock', 'one')
  await write('node_modules/bun/package.json', '{ "version": "1.2.3" }')
  await bunIs('exit 0')
})
afterEach(() => rm(folder, { recursive: true }))

const write = (path: string, text: string): Promise<number> => Bun.write(join(folder, path), text)

/** What "Bun" does, after it has written down its arguments. */
async function bunIs(script: string): Promise<void> {
  await write('node_modules/.bin/bun', `#!/bin/sh\necho "$@" >> calls\n${script}\n`)
  await chmod(join(folder, 'node_modules/.bin/bun'), 0o755)
}

const command = (...args: readonly string[]): string[] => [...RUNTIMES.node, join(folder, '.ci/with-bun.mjs'), ...args]

/** The calls since the last look. */
async function calls(): Promise<readonly string[]> {
  const file = Bun.file(join(folder, 'calls'))
  const lines = (await file.exists()) ? (await file.text()).trim().split('\n') : []
  await rm(join(folder, 'calls'), { force: true })
  return lines
}

const INSTALL = 'install --frozen-lockfile'

describe('installing', () => {
  test('once, and again only when the lock file or the manifest changed', async () => {
    await run(command('run', 'dev'))
    expect(await calls()).toEqual([INSTALL, 'run dev'])
    const second = await run(command('run', 'dev'))
    expect(await calls()).toEqual(['run dev'])
    expect(second).toEqual({ out: '', error: '', code: 0 })
    await write('bun.lock', 'two')
    await run(command('run', 'dev'))
    expect(await calls()).toEqual([INSTALL, 'run dev'])
    await write('package.json', '{ "devDependencies": { "bun": "1.2.3" }, "name": "x" }')
    await run(command('run', 'dev'))
    expect(await calls()).toEqual([INSTALL, 'run dev'])
  })

  test('a failure ends it with one line, and is tried again the next time', async () => {
    await bunIs('exit 7')
    const failed = await run(command('run', 'dev'))
    expect(failed.code).toBe(7)
    expect(failed.error).toContain('Installing the dependencies failed: see above.')
    expect(await calls()).toEqual([INSTALL])
    await bunIs('exit 0')
    await run(command('run', 'dev'))
    expect(await calls()).toEqual([INSTALL, 'run dev'])
  })

  test("what it says goes to stderr: stdout is the program's", async () => {
    await bunIs('echo "$1 out"')
    const { out, error } = await run(command('run'))
    expect(out).toBe('run out\n')
    expect(error).toContain('install out')
  })
})

describe('handing over', () => {
  beforeEach(async () => {
    await run(command('--version'))
    await calls()
  })

  test('flags arrive as they were given, and the exit code comes back', async () => {
    await bunIs('exit 42')
    expect(await run(command('run', 'dev', '--port', '9200', '--', '-x'))).toMatchObject({ code: 42 })
    expect(await calls()).toEqual(['run dev --port 9200 -- -x'])
  })

  test('the program ends when whoever started this is gone without a word', async () => {
    await bunIs(`trap 'echo ended; exit 0' TERM\necho up\nwhile :; do sleep 0.05; done`)
    const shell = start(['sh', '-c', `${command('run').join(' ')}; true`])
    await shell.out.until(/up/)
    shell.kill('SIGKILL')
    expect(await shell.out.end()).toBe('up\nended\n')
  })

  test('a signal is passed on once, and the program has its time to end', async () => {
    await bunIs(
      `trap 'n=$((n+1))' TERM\necho up\nwhile [ -z "$n" ]; do sleep 0.05; done\nsleep 0.3\necho "signals: $n"`,
    )
    const program = start(command('run'))
    await program.out.until(/up/)
    program.kill('SIGTERM')
    program.kill('SIGTERM')
    expect(await program.exited).toBe(0)
    expect(await program.out.end()).toBe('up\nsignals: 1\n')
  })
})
