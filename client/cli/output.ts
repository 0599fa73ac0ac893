/**
 * Where words go: what a person reads to standard error, what a program reads to standard output, colours to terminals only.
 *
 * @see https://no-color.org
 * @module
 */
import process from 'node:process'

export interface Output {
  /** For people, on standard error. */
  readonly note: (text: string) => void
  /** The result, on standard output, with a line feed. Resolves when it has been taken. */
  readonly data: (text: string) => Promise<void>
  /** Part of a result, as it is. */
  readonly raw: (bytes: Uint8Array | string) => Promise<void>
  /** Whether a person sees standard error. */
  readonly isAttended: boolean
  /** Whether standard output is a terminal, which what strangers wrote must not steer. */
  readonly isTerminal: boolean
  readonly paint: Paint
}

export interface Paint {
  readonly dim: (text: string) => string
  readonly bold: (text: string) => string
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
}

/** Colours for `stream`, or none. */
export function paintFor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Paint {
  const coloured = stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  const style = (on: number, off: number) => (text: string) => (coloured ? `\u001b[${on}m${text}\u001b[${off}m` : text)
  return { dim: style(2, 22), bold: style(1, 22), good: style(32, 39), bad: style(31, 39) }
}

export function createOutput(): Output {
  const { stdout, stderr, env } = process
  // Whoever reads has gone, as `head` does: there is nothing more to do.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  const raw = (bytes: Uint8Array | string): Promise<void> =>
    new Promise((resolve) => {
      stdout.write(bytes, () => resolve())
    })
  return {
    note: (text) => void stderr.write(`${text}\n`),
    data: (text) => raw(`${text}\n`),
    raw,
    isAttended: stderr.isTTY === true,
    isTerminal: stdout.isTTY === true,
    paint: paintFor(stderr, env),
  }
}

/** Names come from strangers: no character of theirs may move the cursor, colour the terminal or turn the reading direction. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD')

/** The same for text of several lines. */
export const printableLines = (text: string): string => text.replace(/[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD')

/** `14 min`, `2 h`, `30 s`. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.max(0, Math.round(seconds))} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`
}
