/**
 * Where the reports of the checks go: files, the terminal, the exit code.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises'
import process from 'node:process'
import { type CheckResult, type Report, succeeded, toHtml, toJson, toJunit, toText } from '../../conformance/index.ts'

/** Formats that a file can have, or the terminal in place of the text. */
export interface Formats {
  readonly json?: string | true
  readonly junit?: string | true
  readonly html?: string | true
}

const WRITERS = { json: toJson, junit: toJunit, html: toHtml } as const

/** On a terminal, which check is under way. */
export function tellProgress(): (result: CheckResult) => void {
  if (!process.stderr.isTTY) return () => {}
  return ({ id }) => void process.stderr.write(`${CLEAR_LINE}${id}`)
}

const CLEAR_LINE = '\r\u001B[K'

/** Writes the reports, and gives the exit code. */
export async function write(
  reports: readonly Report[],
  { json, junit, html }: Formats,
  toTerminal: (reports: readonly Report[]) => string = toText,
): Promise<number> {
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE)
  const named = [['json', json] as const, ['junit', junit] as const, ['html', html] as const]
  const [inPlace] = named.find(([, where]) => where === true) ?? []
  const shown = inPlace === undefined ? toTerminal : WRITERS[inPlace]
  // First, for a file may fail, and nobody wants to sign in for all of it once more.
  process.stdout.write(shown(reports))
  for (const [name, where] of named) if (typeof where === 'string') await writeFile(where, WRITERS[name](reports))
  return succeeded(reports) ? 0 : 1
}
