/**
 * The command line as an administrator runs it: a process of its own.
 *
 * @module
 */
import { ROOT } from './source-tree.ts'

export interface Run {
  readonly out: string
  readonly error: string
  readonly code: number
}

/** `cwd`: where its database is. */
export async function runSallyport(args: readonly string[], options: { cwd: string; stdin?: string }): Promise<Run> {
  const process = Bun.spawn([`${ROOT}node_modules/.bin/bun`, `${ROOT}server/bin.ts`, ...args], {
    cwd: options.cwd,
    env: { PATH: Bun.env['PATH'] ?? '' },
    stdin: new TextEncoder().encode(options.stdin ?? ''),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, error, code] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
    process.exited,
  ])
  return { out, error, code }
}

export const refused = (message: string, code: 1 | 2): Run => ({ out: '', error: `sallyport: ${message}\n`, code })
