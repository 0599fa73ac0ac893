/**
 * `bun run compile`: one file that needs nothing beside it. What differs inside of it (paths, starting itself, loading from the disk)
 * is tried here; everything else is the same source.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { compileExecutable } from '../support/executable.ts'
import { type Ended, freePort, run, start } from '../support/spawn.ts'

setDefaultTimeout(60_000)

const SECRET = 'a secret of these tests only, 32 bytes and more'

let parent = ''
let executable = ''
/** Where it runs: no package and no modules, here or above. */
let folder = ''

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'sallyport-executable-'))
  executable = join(parent, 'sallyport')
  folder = join(parent, 'empty')
  await mkdir(folder)
  await compileExecutable(executable)
})
afterAll(() => rm(parent, { recursive: true, force: true }))

const sallyport = (...args: readonly string[]): Promise<Ended> =>
  run([executable, ...args], { cwd: folder, env: { SALLYPORT_SECRET: SECRET } })

describe('bun run compile', () => {
  test('the executable knows its version', async () => {
    expect(await sallyport('--version')).toEqual({ out: `${manifest.version}\n`, error: '', code: 0 })
  })

  test('it manages a database', async () => {
    const database = `sqlite:${join(folder, 'managed.db')}`
    expect(await sallyport('migrate', '--database', database)).toMatchObject({ error: '', code: 0 })
    expect(await sallyport('keys', 'list', '--database', database)).toMatchObject({ code: 0 })
  })

  test('it serves with a config file in TypeScript, as several workers, and stops when told', async () => {
    const port = freePort()
    const issuer = `http://localhost:${port}`
    const config = { issuer, port, workers: 2, shutdown: { drain: 0 } }
    await Bun.write(join(folder, 'sallyport.config.ts'), `export const config: object = ${JSON.stringify(config)}\n`)
    const server = start([executable, 'server'], { cwd: folder, env: { SALLYPORT_SECRET: SECRET } })
    try {
      await server.error.until(/"message":"listening"/)
      expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200)
      const metadata = await fetch(`http://127.0.0.1:${port}/.well-known/oauth-authorization-server`)
      expect(await metadata.json()).toMatchObject({ issuer })
    } finally {
      server.kill('SIGTERM')
    }
    expect(await server.exited).toBe(0)
  })

  test('it serves for development, routes described', async () => {
    const port = freePort()
    const development = join(folder, 'development')
    await mkdir(development)
    const server = start([executable, 'server', '--dev', '--port', `${port}`], { cwd: development })
    try {
      await server.error.until(/listening/)
      expect(await (await fetch(`http://127.0.0.1:${port}/openapi`)).json()).toHaveProperty('paths')
    } finally {
      server.kill('SIGINT')
    }
    expect(await server.exited).toBe(0)
  })
})
