/**
 * The package as it is published: what it holds, and that every export imports, with its types, on every runtime.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { ROOT } from '../support/source-tree.ts'
import { freePort, RUNTIMES, run, start } from '../support/spawn.ts'
import { installPacked, type PackedProject } from './packed.ts'

setDefaultTimeout(120_000)

const manifest: { version: string; exports: Record<string, string> } = await Bun.file(`${ROOT}package.json`).json()

/** Every path that can be imported, patterns written out, with the file that it stands for. */
const MODULES: readonly (readonly [string, string])[] = Object.entries(manifest.exports)
  .filter(([path]) => path !== './package.json')
  .flatMap(([path, target]) => {
    if (!path.includes('*')) return [[path, target] as const]
    const folder = path.slice('./'.length, -'*'.length)
    const names = [...new Bun.Glob('*.ts').scanSync({ cwd: ROOT + folder })].map((name) => name.replace(/\.ts$/, ''))
    return names.map((name) => [path.replace('*', name), target.replace('*', name)] as const)
  })

let project: PackedProject

beforeAll(async () => {
  project = await installPacked()
})
afterAll(() => project?.remove())

describe('the tarball', () => {
  test('holds compiled files, their types and the documents, and nothing else', () => {
    const documents = ['package.json', 'README.md', 'LICENSE', 'SECURITY.md', 'docs/errors.md', 'docs/settings.md']
    const compiled = /^dist\/((shared|server|client|conformance)\/.*\.(js|d\.ts)|bin\/[\w-]+\.js)$/
    const rest = project.files.filter((name) => !compiled.test(name))
    expect(rest.sort()).toEqual([...documents, 'dist/bin/LICENSES.txt'].sort())
  })
  test('export paths are file paths', () => {
    for (const [path, target] of MODULES) {
      expect([`./dist/${path.slice(2)}.js`, `./dist/${path.slice(2)}/index.js`]).toContain(target)
    }
  })
})

describe.each(Object.entries(RUNTIMES))('%s', (_, runtime) => {
  test('imports every export', async () => {
    const specifiers = MODULES.map(([path]) => path.replace('.', 'sallyport'))
    const source = `for (const name of ${JSON.stringify(specifiers)}) {
      const names = Object.keys(await import(name))
      if (names.length === 0 && !/authorization-server$|core\\/ports|core\\/records/.test(name)) throw new Error(name + ' exports nothing')
      console.log(name)
    }`
    await Bun.write(join(project.folder, 'import-all.js'), source)
    const { out, error, code } = await run([...runtime, 'import-all.js'], { cwd: project.folder })
    expect({ imported: out.trim().split('\n'), error, code }).toEqual({ imported: specifiers, error: '', code: 0 })
    expect(specifiers.length).toBeGreaterThan(30)
  })

  test('says what to install where a keychain is wanted', async () => {
    const source = `import { keychainStore } from 'sallyport/client/keychain'
    const failure = await keychainStore({ directory: 'nowhere' }).get('credential:x').catch((error) => error)
    console.log(failure.code, failure.cause.message)`
    await Bun.write(join(project.folder, 'keychain.js'), source)
    const { out, error, code } = await run([...runtime, 'keychain.js'], { cwd: project.folder })
    const expected = 'store_failed The keychain needs a package that is not there: npm install @napi-rs/keyring\n'
    expect({ out, error, code }).toEqual({ out: expected, error: '', code: 0 })
  })

  test('runs the command', async () => {
    const command = [...runtime, project.command, '--version']
    expect(await run(command, { cwd: project.folder })).toEqual({ out: `${manifest.version}\n`, error: '', code: 0 })
  })
})

// Deno does not share ports.
describe.each([RUNTIMES.bun, RUNTIMES.node])('the command on %s', (...runtime) => {
  test('starts itself again for its workers and stops when told', async () => {
    const port = freePort()
    const env = { SALLYPORT_SECRET: 'a secret of these tests only, 32 bytes and more', SALLYPORT_SHUTDOWN_DRAIN: '0' }
    const flags = ['--issuer', `http://localhost:${port}`, '--port', `${port}`, '--workers', '2']
    const server = start([...runtime, project.command, 'server', ...flags], { cwd: project.folder, env })
    try {
      await server.error.until(/"message":"listening"/)
      expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200)
    } finally {
      server.kill('SIGTERM')
    }
    expect(await server.exited).toBe(0)
  })
})

describe('types', () => {
  const check = async (source: string): Promise<string> => {
    const options = { module: 'nodenext', target: 'es2024', lib: ['es2024', 'dom', 'dom.iterable'], types: [] }
    const compilerOptions = { ...options, strict: true, noEmit: true, skipLibCheck: true }
    await Bun.write(
      join(project.folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['consumer.ts'] }),
    )
    await Bun.write(join(project.folder, 'consumer.ts'), source)
    return (await run([`${ROOT}node_modules/.bin/tsc`, '-p', project.folder])).out
  }

  test('every export has some', async () => {
    const imports = MODULES.map(([path], index) => `import * as m${index} from '${path.replace('.', 'sallyport')}'`)
    expect(await check([...imports, `export const all = [${MODULES.map((_, index) => `m${index}`)}]`].join('\n'))).toBe(
      '',
    )
  })

  const right = `
    import { createSession, type Session } from 'sallyport/client'
    import { createRpc } from 'sallyport/client/rpc'
    import { defineConfig } from 'sallyport/server/config'
    import { protectResource } from 'sallyport/server/resource'
    export const session: Session = createSession('https://h/mcp', { client: { name: 'x' } })
    export const config = defineConfig({ refresh: { replay_window: 0 } })
    export const notes = protectResource({ resource: 'https://h/mcp', authorizationServers: ['https://a'] })
    const { data, error } = await createRpc('https://a').oauth.register.post({ redirect_uris: ['http://127.0.0.1/cb'] })
    export const id: string | undefined = data?.client_id
    export const status: 400 | 403 | 422 | 500 | 503 | number | undefined = error?.status`
  test('right uses pass', async () => expect(await check(right)).toBe(''))

  const wrong: readonly [string, string][] = [
    ['an unknown setting', `import { defineConfig } from 'sallyport/server/config'; defineConfig({ prot: 1 })`],
    [
      'a session without its resource',
      `import { createSession } from 'sallyport/client'; createSession({ resource: 1 })`,
    ],
    [
      'an option that is missing',
      `import { protectResource } from 'sallyport/server/resource'; protectResource({ resource: '' })`,
    ],
    [
      'an answer of another type',
      `import { createRpc } from 'sallyport/client/rpc'
      const { data } = await createRpc('https://a').oauth.register.post({ redirect_uris: [] })
      export const id: number | undefined = data?.client_id`,
    ],
  ]
  test.each(wrong)('wrong ones do not: %s', async (_, source) => expect(await check(source)).toContain('consumer.ts'))
})
