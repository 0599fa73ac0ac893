/**
 * `dist/bin/`: the installed command, with most of what it needs of other packages in few files. A start loads those instead of nine hundred. Beside them lie
 * the licences of what is inside.
 *
 * @see docs/adr/0085-the-command-is-bundled.md
 * @module
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import manifest from '../package.json' with { type: 'json' }

const ROOT = join(import.meta.dir, '..')

/** The folder to write to. Default: `dist/bin`. */
const [outdir = join(ROOT, 'dist/bin')] = process.argv.slice(2)

const { metafile } = await Bun.build({
  entrypoints: [join(ROOT, 'server/bin.ts')],
  outdir,
  naming: { entry: 'sallyport.js', chunk: '[name]-[hash].js' },
  target: 'node',
  splitting: true,
  minify: { syntax: true, whitespace: true },
  external: [...Object.keys(manifest.peerDependencies), ...(await otherOnEachRuntime())],
  define: { SALLYPORT_VERSION: JSON.stringify(manifest.version) },
  metafile: true,
})

/** Of a file in a package, nested ones too. */
const PACKAGE_FOLDER = /^(?:\.\.\/)*((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)/

const folders = new Set(Object.keys(metafile?.inputs ?? {}).flatMap((path) => PACKAGE_FOLDER.exec(path)?.[1] ?? []))
await writeFile(join(outdir, 'LICENSES.txt'), (await Promise.all([...folders].sort().map(licenceOf))).join('\n\n'))

/**
 * Those of our dependencies that offer other code on each runtime: which one is seen only where they run. What a package keeps to itself may
 * differ too (`imports`): Node's is taken, for Bun and Deno have the modules of Node.
 */
async function otherOnEachRuntime(): Promise<readonly string[]> {
  const names = Object.keys(manifest.dependencies)
  const manifests = await Promise.all(
    names.map((name) => readFile(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')),
  )
  return names.filter((_, index) => {
    const { exports } = JSON.parse(manifests[index] ?? '')
    return /"(bun|deno)":/.test(JSON.stringify(exports ?? {}))
  })
}

/** What a package in `node_modules` says of its licence. */
async function licenceOf(folder: string): Promise<string> {
  const files = await readdir(join(ROOT, folder))
  const name = files.find((file) => /^licen[cs]e/i.test(file))
  const { name: title, version, license } = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8'))
  const text = name === undefined ? '' : await readFile(join(ROOT, folder, name), 'utf8')
  return `${title} ${version}: ${license}\n\n${text.trim()}\n`
}
