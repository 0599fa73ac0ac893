/**
 * The lines of a stream of bytes.
 *
 * @see MCP 2025-11-25, transports, stdio: messages are delimited by newlines
 * @module
 */

/** Far above any message; a host that never ends its line must not fill the memory. */
const MAX_LINE = 256 * 1024 * 1024

/** Yields every line that is not empty, without its end, until the stream ends or `signal` aborts. */
export async function* linesOf(stream: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<string, void> {
  const decoder = new TextDecoder()
  const aborted = Promise.withResolvers<undefined>()
  signal.addEventListener('abort', () => aborted.resolve(undefined), { once: true })
  const chunks = stream[Symbol.asyncIterator]()
  let parts: string[] = []
  let size = 0
  while (!signal.aborted) {
    const next = await Promise.race([chunks.next(), aborted.promise])
    if (next === undefined || next.done === true) break
    const [head = '', ...rest] = decoder.decode(next.value, { stream: true }).split('\n')
    parts.push(head)
    size += head.length
    if (size > MAX_LINE) throw new Error('A line on standard input is too long.')
    for (const line of rest) {
      yield* nonEmpty(parts.join(''))
      parts = [line]
      size = line.length
    }
  }
  yield* nonEmpty(parts.join(''))
}

const nonEmpty = (line: string): readonly string[] => (line.trim() === '' ? [] : [line])
