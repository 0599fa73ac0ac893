/**
 * Lists for the terminal.
 *
 * @module
 */

/** Columns of equal width, two spaces apart; `none` when there are no rows. */
export function table(header: readonly string[], rows: readonly (readonly string[])[], none: string): string {
  if (rows.length === 0) return none
  const lines = [header, ...rows.map((row) => row.map(printable))]
  const widths = header.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** `2026-07-28 12:00` in UTC. */
export const date = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')

/** `2026-07-28` in UTC. */
export const day = (seconds: number): string => date(seconds).slice(0, 10)

/** Names come from strangers: no character of theirs may move the cursor, colour the terminal or turn the reading direction. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD')
