/**
 * The package's version, as servers are told it.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'

/** `bun run compile` puts it in: the executable has no package.json beside it. */
declare const SALLYPORT_VERSION: string | undefined

export function packageVersion(): string {
  if (typeof SALLYPORT_VERSION === 'string') return SALLYPORT_VERSION
  // Above the source, or above the compiled files.
  for (const place of ['../../package.json', '../../../package.json']) {
    const url = new URL(place, import.meta.url)
    if (existsSync(url)) return JSON.parse(readFileSync(url, 'utf8')).version
  }
  return 'unknown'
}
