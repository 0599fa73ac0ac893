/**
 * The project's source files and what each of them imports, for the rules of `test/architecture.test.ts`.
 *
 * @module
 */
import { posix } from 'node:path'

export const ROOT = new URL('../../', import.meta.url).pathname

export interface SourceFile {
  /** From the root of the project: `server/core/ports.ts`. */
  readonly path: string
  readonly text: string
}

export interface Import {
  /** A file's path from the root of the project, or a package's name (`kysely`, `node:fs`). */
  readonly target: string
  readonly isFile: boolean
  /** Nothing of it remains at run time. */
  readonly typeOnly: boolean
  /** Loaded when that line is reached, and no earlier. */
  readonly dynamic: boolean
}

/** The TypeScript files below the given folders. */
export async function sourceFiles(...folders: string[]): Promise<readonly SourceFile[]> {
  const paths = folders.flatMap((folder) => [...new Bun.Glob(`${folder}/**/*.ts`).scanSync({ cwd: ROOT })])
  return await Promise.all(paths.sort().map(async (path) => ({ path, text: await Bun.file(ROOT + path).text() })))
}

const transpiler = new Bun.Transpiler({ loader: 'ts', trimUnusedImports: false })

/** What a file imports, types included: the parser drops those, so it reads the file a second time with the word `type` taken out. */
export function importsOf({ path, text }: SourceFile): readonly Import[] {
  const scanned = scan(text)
  const values = new Set(scanned.map((one) => one.path))
  const atOnce = new Set(scanned.filter(({ kind }) => kind !== 'dynamic-import').map((one) => one.path))
  const withTypes = text.replace(/^(import|export) type(?= [{*\w])(?! \w+ ?[=<])|(?<=^import \{\s*)type /gm, '$1')
  const all = new Set(scan(withTypes).map((one) => one.path))
  const typeQueries = [...text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)].flatMap(([, target]) => target ?? [])
  return [...new Set([...all, ...typeQueries])].map((specifier) => {
    const isFile = specifier.startsWith('.')
    return {
      target: isFile
        ? posix.join(posix.dirname(path), specifier)
        : specifier.replace(/^(@[^/]+\/[^/]+|(?!@)[^/]+)\/.*$/, '$1'),
      isFile,
      typeOnly: !values.has(specifier),
      dynamic: values.has(specifier) && !atOnce.has(specifier),
    }
  })
}

const scan = (text: string) => transpiler.scanImports(text.replace(/^#!.*/, ''))

/** What is left of a file at run time: no types, no comments. */
export const runtimeCode = ({ text }: SourceFile): string => transpiler.transformSync(text.replace(/^#!.*/, ''))
