/**
 * The product as one executable, made anew from the source as it is.
 *
 * @module
 */
import { RUNTIMES, run } from './spawn.ts'

/** Compiles it to the file `path`. */
export async function compileExecutable(path: string): Promise<void> {
  const { code, out, error } = await run([...RUNTIMES.bun, 'run', 'compile', '--outfile', path])
  if (code !== 0) throw new Error(`bun run compile ended with ${code}:\n${out}${error}`)
}
