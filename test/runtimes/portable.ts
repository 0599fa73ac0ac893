/**
 * Which tests are for every runtime: those of client, shared code, resource module and the safe fetch, unless they use more of
 * Bun's than the part of `bun:test` that `bun-test.ts` has.
 *
 * @module
 */
import { importsOf, type SourceFile, sourceFiles } from '../support/source-tree.ts'
import * as standIn from './bun-test.ts'

export interface Portability {
  readonly portable: readonly string[]
  /** Each with the file that ties it to Bun. */
  readonly bound: readonly { readonly path: string; readonly because: string }[]
}

export async function findPortableTests(...folders: readonly string[]): Promise<Portability> {
  const files = await sourceFiles('shared', 'server', 'client', 'conformance', 'examples', 'test')
  const byPath = new Map(files.map((file) => [file.path, file]))
  const tests = files.filter(
    ({ path }) => path.endsWith('.test.ts') && folders.some((folder) => path.startsWith(folder)),
  )
  const judged = tests
    .map(({ path }) => ({ path, behind: filesBehind(path, byPath) }))
    .filter(
      ({ behind }) => behind.some(({ path }) => isForEveryRuntime(path)) && !behind.some(({ path }) => isServer(path)),
    )
    .map(({ path, behind }) => ({ path, because: behind.find(needsBun)?.path ?? null }))
  return {
    portable: judged.flatMap(({ path, because }) => (because === null ? [path] : [])),
    bound: judged.flatMap(({ path, because }) => (because === null ? [] : [{ path, because }])),
  }
}

const isForEveryRuntime = (path: string): boolean => /^(client|shared|server\/(resource|outbound))\//.test(path)

const isServer = (path: string): boolean => /^(server\/(?!resource\/|outbound\/)|examples\/)/.test(path)

const needsBun = ({ text }: SourceFile): boolean => /\bBun\.|\bHTMLRewriter\b/.test(text) || usesMore(text)

/** Whether it imports something of `bun:test` that the stand-in does not have. */
function usesMore(text: string): boolean {
  const names = /import \{([^}]*)\} from 'bun:test'/.exec(text)?.[1]?.split(',') ?? []
  return names.some((name) => name.trim() !== '' && !(name.trim() in standIn))
}

/** A file and everything that it loads. */
function filesBehind(path: string, files: ReadonlyMap<string, SourceFile>, seen = new Set<SourceFile>()): SourceFile[] {
  const file = files.get(path)
  if (file === undefined || seen.has(file)) return []
  seen.add(file)
  for (const { target, isFile, typeOnly } of importsOf(file)) if (isFile && !typeOnly) filesBehind(target, files, seen)
  return [...seen]
}
