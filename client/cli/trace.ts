/**
 * `--trace`: every HTTP step as it happens, and what it meant, with the time since the start. Secrets are shortened.
 *
 * @module
 */
import type { Fetch } from '../context.ts'
import type { SessionEvent } from '../events.ts'
import { printable } from './output.ts'
import { shortenForm, shortenHeader, shortenJson, shortenUrl } from './shorten.ts'

export interface Trace {
  readonly fetch: Fetch
  readonly onEvent: (event: SessionEvent) => void
}

const SHOWN_REQUEST_HEADERS = ['authorization', 'dpop', 'mcp-session-id', 'mcp-method', 'mcp-name', 'last-event-id']
const SHOWN_RESPONSE_HEADERS = ['www-authenticate', 'dpop-nonce', 'location', 'retry-after', 'mcp-session-id']

/** What an OAuth server says or is told in one message is a few kilobytes. */
const MAX_SHOWN = 64 * 1024
const MAX_LINE = 400

/** Prints to `note`, by the clock `now` (milliseconds). */
export function createTrace(note: (line: string) => void, now = (): number => performance.now()): Trace {
  const began = now()
  const stamp = (): string => `${((now() - began) / 1000).toFixed(3).padStart(8)}s`
  let count = 0
  return {
    async fetch(input, init) {
      count += 1
      const number = String(count).padStart(3)
      const method = init?.method ?? (input instanceof Request ? input.method : 'GET')
      const url = shortenUrl(input instanceof Request ? input.url : String(input))
      const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined))
      const asked = [...shown(headers, SHOWN_REQUEST_HEADERS), ...requestBody(init?.body, headers)]
      note(`${stamp()} ${number} ${method} ${url}`)
      for (const line of asked) note(`${' '.repeat(14)}> ${clip(line)}`)
      const sent = now()
      try {
        const response = await globalThis.fetch(input, init)
        note(`${stamp()} ${number} ${response.status} ${response.statusText} (${Math.round(now() - sent)} ms)`)
        const answered = [...shown(response.headers, SHOWN_RESPONSE_HEADERS), ...(await responseBody(response))]
        for (const line of answered) note(`${' '.repeat(14)}< ${clip(line)}`)
        return response
      } catch (error) {
        note(`${stamp()} ${number} failed: ${printable(error instanceof Error ? error.message : String(error))}`)
        throw error
      }
    },
    onEvent(event) {
      // Requests have been seen.
      if (event.type !== 'request' && event.type !== 'request_failed') note(`${stamp()}   * ${clip(inWords(event))}`)
    },
  }
}

const shown = (headers: Headers, names: readonly string[]): readonly string[] =>
  names.flatMap((name) => {
    const value = headers.get(name)
    return value === null ? [] : [`${name}: ${shortenHeader(name, value)}`]
  })

function requestBody(body: BodyInit | null | undefined, headers: Headers): readonly string[] {
  if (body instanceof URLSearchParams) return [shortenForm(String(body))]
  if (typeof body !== 'string' || body === '') return []
  const type = headers.get('content-type') ?? ''
  if (type.includes('urlencoded')) return [shortenForm(body)]
  return type.includes('json') ? [shortenJson(body)] : [`${body.length} characters`]
}

/** Only what is JSON and short: a stream must not be held up, nor a file be read into memory. */
async function responseBody(response: Response): Promise<readonly string[]> {
  const type = response.headers.get('content-type') ?? ''
  if (!/\bjson\b/.test(type) || Number(response.headers.get('content-length') ?? 0) > MAX_SHOWN) return []
  const text = await response.clone().text()
  return text === '' || text.length > MAX_SHOWN ? [] : [shortenJson(text)]
}

function inWords({ type, ...details }: SessionEvent): string {
  const words = Object.entries(details).map(([name, value]) => {
    const text = Array.isArray(value) ? value.join(' ') || 'none' : String(value)
    return `${name}=${text.includes(' ') ? JSON.stringify(text) : text}`
  })
  return [type.replaceAll('_', ' '), ...words].join(' ')
}

function clip(line: string): string {
  const safe = printable(line)
  return safe.length > MAX_LINE ? `${safe.slice(0, MAX_LINE - 1)}…` : safe
}
