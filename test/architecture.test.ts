/**
 * The house keeps its shape: which layer may import which, what the core must not touch, how long a file may be.
 * Every rule is first shown a file that breaks it, so that none can pass by looking at nothing.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importsOf, ROOT, runtimeCode, type SourceFile, sourceFiles } from './support/source-tree.ts'

/** Layer -> the layers it may import besides itself. The longest prefix of a path names its layer. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  'shared/': [],
  'server/core/': ['shared/'],
  'server/http/': ['shared/', 'server/core/'],
  'server/pages/': ['shared/', 'server/core/'],
  'server/store/': ['shared/', 'server/core/'],
  'server/login/': ['shared/', 'server/core/'],
  'server/outbound/': ['shared/', 'server/core/'],
  'server/admin/': ['shared/', 'server/core/', 'server/config'],
  'server/resource/': ['shared/'],
  'server/config': ['shared/'],
  'server/': ['shared/', 'server/'],
  'client/': ['shared/'],
  'conformance/': ['shared/'],
  'examples/': ['shared/', 'server/', 'client/', 'conformance/'],
}

/** The edges beyond the layers: the type of the application for the typed client, and in the CLI the client's commands and the checks. */
const EXTRA_EDGES: readonly { from: string; to: string; typeOnly: boolean }[] = [
  { from: 'client/rpc.ts', to: 'server/app.ts', typeOnly: true },
  { from: 'server/cli.ts', to: 'client/cli/commands.ts', typeOnly: false },
  { from: 'server/bin.ts', to: 'client/cli/names.ts', typeOnly: false },
  { from: 'server/bin.ts', to: 'client/cli/main.ts', typeOnly: false },
  { from: 'server/cli/conformance-write.ts', to: 'conformance/index.ts', typeOnly: false },
  { from: 'server/cli/conformance-run.ts', to: 'conformance/', typeOnly: false },
  { from: 'server/cli/doctor-run.ts', to: 'conformance/index.ts', typeOnly: false },
  // The person's browser, for servers where somebody must sign in.
  { from: 'server/cli/visit-in-browser.ts', to: 'client/node/loopback.ts', typeOnly: false },
  { from: 'server/cli/visit-in-browser.ts', to: 'conformance/index.ts', typeOnly: false },
]

/** Package -> the only places that may import it. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  elysia: ['server/http/', 'server/pages/', 'server/resource/', 'server/admin/', 'server/app.ts', 'examples/'],
  '@elysiajs/openapi': ['server/app.ts', 'server/http/'],
  '@elysiajs/eden': ['client/rpc.ts'],
  kysely: ['server/store/'],
  postgres: ['server/store/'],
  commander: ['server/cli', 'server/config', 'server/admin/', 'client/cli/'],
  '@modelcontextprotocol/client': ['client/bridge/', 'client/cli/', 'examples/'],
  srvx: ['server/serve.ts'],
}

/** Programs, on which only other programs build. */
const PROGRAMS = ['client/cli/main.ts', 'server/bin.ts', 'server/cli.ts', 'server/main.ts']

const FORBIDDEN_IN_CORE =
  /\bfetch\(|\bDate\b|\bMath\.random\b|\bgetRandomValues\b|\brandomUUID\b|\bset(?:Timeout|Interval)\b|\bprocess\.|\bBun\.|\bDeno\./

const MAX_LINES = 400

type Rule = (file: SourceFile) => readonly string[]

const importEdges: Rule = (file) => {
  const from = layerOf(file.path)
  return importsOf(file)
    .filter(({ isFile }) => isFile)
    .filter(({ target, typeOnly }) => {
      const to = layerOf(target)
      const within = to === from || [...(LAYERS[from] ?? [])].some((allowed) => target.startsWith(allowed))
      const extra = EXTRA_EDGES.some(
        (edge) => edge.from === file.path && target.startsWith(edge.to) && (typeOnly || !edge.typeOnly),
      )
      const isProgram = PROGRAMS.includes(target) && !PROGRAMS.includes(file.path) && from !== 'examples/'
      return (!within && !extra) || isProgram
    })
    .map(({ target }) => `${file.path} imports ${target}`)
}

const packagesInTheirPlace: Rule = (file) =>
  importsOf(file)
    .filter(({ target, isFile }) => !isFile && PACKAGES[target]?.some((place) => file.path.startsWith(place)) === false)
    .map(({ target }) => `${file.path} imports the package ${target}`)

const pureCore: Rule = (file) => {
  if (!file.path.startsWith('server/core/')) return []
  const platform = importsOf(file).filter(({ target }) => target.startsWith('node:') || target === 'bun')
  const global = FORBIDDEN_IN_CORE.exec(runtimeCode(file))
  return [...platform.map(({ target }) => target), ...(global ?? [])].map((found) => `${file.path} uses ${found}`)
}

/** What the authorization server asks for, it asks for through `server/outbound/`. The store has a driver for its own connection. */
const oneDoor: Rule = (file) => {
  if (!file.path.startsWith('server/') || /^server\/(?:outbound|resource)\//.test(file.path)) return []
  const sockets = importsOf(file).filter(
    ({ target, typeOnly }) => !typeOnly && /^node:(?:dns|http|https|http2|net|tls)$/.test(target),
  )
  const global = /(?<![.\w])fetch\(/.exec(runtimeCode(file))
  return [...sockets.map(({ target }) => target), ...(global ?? [])].map((found) => `${file.path} uses ${found}`)
}

const notTooLong: Rule = ({ path, text }) =>
  /\/migrations\/|cases\.ts$/.test(path) || text.split('\n').length - 1 <= MAX_LINES
    ? []
    : [`${path} has more than ${MAX_LINES} lines`]

const hasHeader: Rule = ({ path, text }) =>
  /^(?:#!.*\n)?\/\*\*\n(?: \*.*\n)*? \* @module\n/.test(text) ? [] : [`${path} does not begin with a @module comment`]

/** What is loaded with `entry` and matches: packages and platform modules, by the files that import them. */
function loadedBehind(entry: string, files: readonly SourceFile[], what: RegExp, lazily = true): readonly string[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const seen = new Set<string>()
  const found: string[] = []
  const visit = (path: string): void => {
    const file = byPath.get(path)
    if (file === undefined || seen.has(path)) return
    seen.add(path)
    for (const { target, isFile, typeOnly, dynamic } of importsOf(file)) {
      if (typeOnly || (dynamic && !lazily)) continue
      if (isFile) visit(target)
      else if (what.test(target)) found.push(`${path} imports ${target}`)
    }
  }
  visit(entry)
  return found
}

/** Every file that a browser would load with `entry`, and the platform modules among what they import. */
const platformModulesBehind = (entry: string, files: readonly SourceFile[]): readonly string[] =>
  loadedBehind(entry, files, /^(node:|bun$|bun:|open$|srvx$|@modelcontextprotocol\/)/)

function layerOf(path: string): string {
  const layers = Object.keys(LAYERS).filter((prefix) => path.startsWith(prefix))
  return layers.sort((a, b) => b.length - a.length)[0] ?? path
}

const file = (path: string, ...lines: string[]): SourceFile => ({ path, text: lines.join('\n') })
const product = await sourceFiles('shared', 'server', 'client', 'conformance', 'examples')
const tests = await sourceFiles('test')

describe('imports point one way', () => {
  const allowed: readonly [string, string][] = [
    ['server/core/x.ts', `import { ok } from '../../shared/result.ts'`],
    ['server/http/x.ts', `import type { Store } from '../core/ports.ts'`],
    ['server/main.ts', `import { createApp } from './app.ts'`],
    ['server/bin.ts', `import { runServer } from './main.ts'`],
    ['client/rpc.ts', `import type { App } from '../server/app.ts'`],
    ['client/x.ts', `export type Import = { from: 'server' }`],
  ]
  test.each(allowed)('%s may: %s', (path, line) => expect(importEdges(file(path, line))).toEqual([]))

  const refused: readonly [string, string][] = [
    ['shared/x.ts', `import { x } from '../server/core/x.ts'`],
    ['server/core/x.ts', `import { x } from '../store/x.ts'`],
    ['server/core/x.ts', `import type { X } from '../http/x.ts'`],
    ['server/http/x.ts', `export * from '../store/x.ts'`],
    ['server/pages/x.ts', `import { type X } from '../login/x.ts'`],
    ['server/pages/x.ts', `const x = await import('../http/x.ts')`],
    ['server/outbound/x.ts', `import { x } from '../store/x.ts'`],
    ['server/http/x.ts', `import { x } from '../outbound/x.ts'`],
    ['server/resource/x.ts', `import type { X } from '../core/x.ts'`],
    ['server/resource/x.ts', `type X = import('../core/x.ts').X`],
    ['server/app.ts', `import { runServer } from './main.ts'`],
    ['client/x.ts', `import type { App } from '../server/app.ts'`],
    ['client/rpc.ts', `import { createApp } from '../server/app.ts'`],
    ['conformance/x.ts', `export type { X } from '../client/x.ts'`],
  ]
  test.each(refused)('%s must not: %s', (path, line) => expect(importEdges(file(path, line))).toHaveLength(1))

  test('the project', () => expect(product.flatMap(importEdges)).toEqual([]))
})

describe('packages stay where they belong', () => {
  test('a store that imports elysia, a route that imports kysely', () => {
    expect(packagesInTheirPlace(file('server/store/x.ts', `import { Elysia } from 'elysia'`))).toHaveLength(1)
    expect(packagesInTheirPlace(file('server/http/x.ts', `import type { Kysely } from 'kysely'`))).toHaveLength(1)
    expect(packagesInTheirPlace(file('server/http/x.ts', `import { Elysia } from 'elysia'`))).toEqual([])
  })
  test('the project', () => expect(product.flatMap(packagesInTheirPlace)).toEqual([]))
})

describe('the core decides and does nothing else', () => {
  const impure = [
    `export const x = fetch('https://example.com')`,
    'export const now = () => Date.now()',
    'export const now = () => new Date()',
    'export const id = () => Math.random()',
    'export const id = crypto.getRandomValues(new Uint8Array(8))',
    'export const id = crypto.randomUUID()',
    'setTimeout(() => {}, 1)',
    `import { readFile } from 'node:fs/promises'`,
  ]
  test.each(impure)('must not: %s', (line) => expect(pureCore(file('server/core/x.ts', line))).not.toEqual([]))
  test('a comment about Date.now() is no use of it', () => {
    expect(pureCore(file('server/core/x.ts', '/** Not Date.now(). */', 'export const x = 1'))).toEqual([])
  })
  test('the project', () => expect(product.flatMap(pureCore)).toEqual([]))
})

describe('untrusted URLs go through one door', () => {
  const beside = [
    `import { request } from 'node:https'`,
    `import { lookup } from 'node:dns/promises'`,
    `export const x = () => fetch('https://app.example/client.json')`,
  ]
  test.each(beside)('must not: %s', (line) => expect(oneDoor(file('server/http/x.ts', line))).toHaveLength(1))
  test('the door itself may', () => {
    for (const line of beside) expect(oneDoor(file('server/outbound/x.ts', line))).toEqual([])
  })
  test('the project', () => expect(product.flatMap(oneDoor)).toEqual([]))
})

describe('files', () => {
  test('a file of 401 lines, and of 400', () => {
    expect(notTooLong(file('server/x.ts', 'x\n'.repeat(401)))).toHaveLength(1)
    expect(notTooLong(file('server/x.ts', 'x\n'.repeat(400)))).toEqual([])
  })
  test('none is too long', () => expect([...product, ...tests].flatMap(notTooLong)).toEqual([]))

  test('a file without a header, and with one', () => {
    expect(hasHeader(file('x.ts', '/** Adds. */', 'export const x = 1'))).toHaveLength(1)
    expect(hasHeader(file('x.ts', '/**', ' * Adds.', ' *', ' * @module', ' */', 'export const x = 1'))).toEqual([])
  })
  test('each says what it is', () => expect(product.flatMap(hasHeader)).toEqual([]))
})

describe('a browser can load the client', () => {
  test('a platform module two files away is found', () => {
    const files = [
      file('client/index.ts', `export { a } from './a.ts'`),
      file('client/a.ts', `import { x } from 'node:http'`, 'export const a = x'),
    ]
    expect(platformModulesBehind('client/index.ts', files)).toEqual(['client/a.ts imports node:http'])
  })
  test('the project', () => {
    expect(product.some(({ path }) => path === 'client/index.ts')).toBe(true)
    expect(platformModulesBehind('client/index.ts', product)).toEqual([])
  })
})

describe('a command loads what it needs', () => {
  const HEAVY = /^(?:@modelcontextprotocol\/|kysely|postgres|elysia|@elysiajs\/|srvx|valibot|jose)/
  test('an import of a package is found, and one that waits is not', () => {
    const files = [
      file('a.ts', `import './b.ts'`, `export const x = () => import('./c.ts')`),
      file('b.ts', `import 'kysely'`),
      file('c.ts', `import 'elysia'`),
    ]
    expect(loadedBehind('a.ts', files, HEAVY, false)).toEqual(['b.ts imports kysely'])
    expect(loadedBehind('a.ts', files, HEAVY)).toHaveLength(2)
  })
  test('the words of the commands come without what they do', () => {
    for (const entry of ['server/bin.ts', 'client/cli/main.ts', 'client/cli/commands.ts']) {
      expect([entry, loadedBehind(entry, product, HEAVY, false)]).toEqual([entry, []])
    }
  })
  test('a token comes without a database, a web server or the SDK', () => {
    expect(loadedBehind('client/cli/token.ts', product, /^(?:valibot|jose)/)).not.toEqual([])
    for (const command of ['token', 'account', 'fetch']) {
      const heavy = /^(?:@modelcontextprotocol\/|kysely|postgres|elysia|@elysiajs\/|srvx)/
      expect(loadedBehind(`client/cli/${command}.ts`, product, heavy)).toEqual([])
    }
  })
})

describe('the linter refuses', () => {
  const refused: readonly [string, string][] = [
    ['lint/style/noDefaultExport', 'export default 1\n'],
    ['lint/suspicious/noExplicitAny', 'export const x: any = 1\n'],
    ['lint/style/noNonNullAssertion', `export const x = new Map<string, string>().get('a')!\n`],
    ['lint/style/useImportType', `import { Store } from './ports.ts'\n\nexport type X = Store\n`],
  ]
  test('each of them, and nothing else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-lint-'))
    const files = [...refused.map(([, text]) => text), 'export const x = 1\n']
    await Promise.all(files.map((text, index) => Bun.write(`${folder}/${index}.ts`, text)))
    const report = lint(folder)
    await rm(folder, { recursive: true })
    for (const [index, [rule]] of refused.entries())
      expect(report).toContain(`title=${rule},file=${folder}/${index}.ts`)
    expect(report.split('\n').filter((line) => line.startsWith('::'))).toHaveLength(refused.length)
  })
})

/** What Biome finds in a folder, with the project's settings. */
function lint(folder: string): string {
  const options = ['--config-path', ROOT, '--vcs-enabled=false', '--reporter=github']
  return Bun.spawnSync([`${ROOT}node_modules/.bin/biome`, 'lint', ...options, folder]).stdout.toString()
}
