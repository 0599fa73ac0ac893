/**
 * Reads an answer to its end, or as far as is enough.
 *
 * @see WHATWG HTML, section 9.2.6: how a stream of events is read
 * @module
 */
import { originOf, Trouble } from './trouble.ts'

const MOST_BYTES = 1024 * 1024

/**
 * @throws {Trouble} where it is longer than anybody would wait for
 * @throws what `signal` was aborted for
 */
export async function readText(response: Response, url: string, signal: AbortSignal): Promise<string> {
  if (response.body === null) return ''
  const reader = response.body.getReader()
  // A function that stands in for `fetch` may have forgotten the signal.
  const stop = (): void => void reader.cancel().catch(() => {})
  signal.addEventListener('abort', stop)
  const decoder = new TextDecoder()
  let [text, size] = ['', 0]
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      size += part.value.byteLength
      if (size > MOST_BYTES) {
        throw new Trouble(`${originOf(url)}: the answer is longer than 1 MB`, {
          mend: 'Look at what is served there: no answer of these protocols is that long.',
        })
      }
      text += decoder.decode(part.value, { stream: true })
      // Streams of events never end by themselves: the first one that says something is enough.
      if (isEventStream(response) && firstData(text) !== undefined) return text
    }
    signal.throwIfAborted()
    return text + decoder.decode()
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

export const isEventStream = ({ headers }: Pick<Response, 'headers'>): boolean =>
  /^text\/event-stream\b/i.test(headers.get('content-type') ?? '')

/** The data of the first complete event that has any. Servers begin with an empty one, or with comments. */
export function firstData(text: string): string | undefined {
  const events = text.replaceAll(/\r\n?/g, '\n').split('\n\n').slice(0, -1)
  for (const event of events) {
    const lines = event.split('\n').flatMap((line) => /^data:? ?(.*)$/s.exec(line)?.[1] ?? [])
    const data = lines.join('\n')
    if (data !== '') return data
  }
  return undefined
}
