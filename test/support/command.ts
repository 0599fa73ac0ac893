/**
 * The command as it is installed: bundled anew from the source as it is.
 *
 * @module
 */
import { RUNTIMES, run } from './spawn.ts'

/** Bundles it into the folder `path`. */
export async function bundleCommand(path: string): Promise<void> {
  const { code, out, error } = await run([...RUNTIMES.bun, '.ci/bundle-command.ts', path])
  if (code !== 0) throw new Error(`The command could not be bundled (${code}):\n${out}${error}`)
}
