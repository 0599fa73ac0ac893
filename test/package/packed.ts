/**
 * An empty project with the packed package in it, as someone who installs it has. The dependencies come from the
 * cache that installing this project has filled, in the versions of its lock file; what says which there are is asked of the registry the first time.
 *
 * @module
 */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../support/source-tree.ts'
import { RUNTIMES, run } from '../support/spawn.ts'

export interface PackedProject {
  readonly folder: string
  /** Where the command was installed. */
  readonly command: string
  /** What is in the tarball. */
  readonly files: readonly string[]
  remove(): Promise<void>
}

export async function installPacked(): Promise<PackedProject> {
  const [bun] = RUNTIMES.bun
  const parent = await mkdtemp(join(tmpdir(), 'sallyport-package-'))
  const folder = join(parent, 'project')
  await mkdir(folder)
  // In a folder of its own, because tests that run at the same time would write over each other's `dist/`.
  const source = join(parent, 'source')
  await must([`${ROOT}node_modules/.bin/tsc`, '-p', '.ci/tsconfig.build.json', '--outDir', join(source, 'dist')], ROOT)
  await must([bun, '.ci/bundle-command.ts', join(source, 'dist/bin')], ROOT)
  for (const path of ['package.json', 'README.md', 'LICENSE', 'SECURITY.md', 'docs', 'test/package']) {
    await cp(ROOT + path, join(source, path), { recursive: true })
  }
  await must([bun, 'pm', 'pack', '--ignore-scripts', '--quiet', '--filename', join(parent, 'sallyport.tgz')], source)
  const listing = await must(['tar', '-tzf', join(parent, 'sallyport.tgz')], parent)
  await cp(`${ROOT}bun.lock`, join(folder, 'bun.lock'))
  const manifest = {
    name: 'project',
    private: true,
    type: 'module',
    dependencies: { sallyport: 'file:../sallyport.tgz' },
  }
  await Bun.write(join(folder, 'package.json'), JSON.stringify(manifest))
  await must([bun, 'install', '--prefer-offline'], folder)
  return {
    folder,
    command: join(folder, 'node_modules/.bin/sallyport'),
    files: listing
      .trim()
      .split('\n')
      .map((name) => name.replace(/^package\//, '')),
    remove: () => rm(parent, { recursive: true }),
  }
}

async function must(command: readonly string[], cwd: string): Promise<string> {
  const { code, out, error } = await run(command, { cwd })
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${out}${error}`)
  return out
}
