/**
 * What a page loads to have sessions: discovery, registration, the code flow, refresh, DPoP, step-up and sign-out, with everything that
 * validates what servers say. Bundled as an application's bundler does it, minified, gzipped.
 *
 * @see docs/adr/0172-what-a-browser-loads.md
 * @module
 */
import { gzipSync } from 'node:zlib'
import { ROOT } from '../support/source-tree.ts'

/** Bytes, gzipped. It may only go down. */
export const CLIENT_BUDGET = 18_000

export interface ClientSize {
  /** Bytes. */
  readonly minified: number
  readonly gzipped: number
  /** The bundle itself. */
  readonly text: string
  /** Bytes before gzip, by package or folder of ours, the largest first. */
  readonly parts: readonly (readonly [name: string, bytes: number])[]
}

/** What `imports` of `sallyport/client`, and others of `sallyport/client/browser`, cost a page. */
export async function measureClientSize(imports = 'createSession', browser = ''): Promise<ClientSize> {
  const entry = `${ROOT}client/measured.ts`
  const built = await Bun.build({
    entrypoints: [entry],
    files: { [entry]: `export { ${imports} } from './index.ts'; export { ${browser} } from './browser/index.ts'` },
    target: 'browser',
    minify: true,
    metafile: true,
  })
  const text = (await built.outputs[0]?.text()) ?? ''
  const parts = new Map<string, number>()
  for (const { inputs } of Object.values(built.metafile?.outputs ?? {})) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name =
        /node_modules\/([^/]+)/.exec(path)?.[1] ?? /(?:client|shared)\/(?:[^/]+(?=\/))?/.exec(path)?.[0] ?? path
      parts.set(name, (parts.get(name) ?? 0) + bytesInOutput)
    }
  }
  return {
    minified: text.length,
    gzipped: gzipSync(text, { level: 9 }).length,
    text,
    parts: [...parts].sort(([, a], [, b]) => b - a),
  }
}

/** One line. */
export const formatSize = ({ minified, gzipped }: ClientSize): string =>
  `- size of sallyport/client in a browser: ${kilo(gzipped)} gzipped, ${kilo(minified)} minified (at most ${kilo(CLIENT_BUDGET)})`

const kilo = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`
