/**
 * Everything that the checks send goes through here: no redirect is followed, no answer is waited for too long or read without end, and
 * what was sent and received is kept for the report.
 *
 * @module
 */
import { writeForm } from '../../shared/form.ts'
import { explainTrouble, Trouble } from './trouble.ts'

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** One request and its answer, as they were: secrets and all. Reports show them redacted. */
export interface Exchange {
  readonly method: string
  readonly url: string
  readonly requestHeaders: readonly (readonly [string, string])[]
  readonly requestBody: string | null
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

/** An answer, read to its end. */
export interface Answer {
  readonly exchange: Exchange
  readonly status: number
  readonly headers: Headers
  readonly body: string
  /** The body as a JSON object; empty where it is none. */
  readonly json: Readonly<Record<string, unknown>>
  /** A few words: status, type, and the error it names. */
  readonly summary: string
}

export type Form = Readonly<Record<string, string | readonly string[] | undefined>>
export type HeaderRecord = Readonly<Record<string, string>>

export interface Http {
  /** @throws {Trouble} where there is no answer that can be judged */
  send(method: string, url: string, init?: { headers?: HeaderRecord; body?: string }): Promise<Answer>
  get(url: string, headers?: HeaderRecord): Promise<Answer>
  postForm(url: string, form: Form, headers?: HeaderRecord): Promise<Answer>
  postJson(url: string, body: unknown, headers?: HeaderRecord): Promise<Answer>
}

export interface HttpOptions {
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined
  /** For one answer, in seconds. Default: 10. */
  readonly timeout?: number | undefined
  /** Told of every exchange. */
  readonly record?: ((exchange: Exchange) => void) | undefined
}

const MOST_BYTES = 1024 * 1024

export function createHttp({ fetch = globalThis.fetch, timeout = 10, record }: HttpOptions = {}): Http {
  const send: Http['send'] = async (method, url, { headers = {}, body } = {}) => {
    const signal = AbortSignal.timeout(timeout * 1000)
    try {
      const init = { method, headers, redirect: 'manual', signal, ...(body === undefined ? {} : { body }) } as const
      const response = await fetch(url, init)
      const answer = toAnswer(response, await readText(response, url), { method, url, headers, body: body ?? null })
      record?.(answer.exchange)
      return answer
    } catch (error) {
      throw error instanceof Trouble ? error : explainTrouble(error, url)
    }
  }
  return {
    send,
    get: (url, headers = {}) => send('GET', url, { headers: { accept: 'application/json', ...headers } }),
    postForm: (url, form, headers = {}) =>
      send('POST', url, {
        headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: String(writeForm(form)),
      }),
    postJson: (url, body, headers = {}) =>
      send('POST', url, {
        headers: { accept: 'application/json', 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  }
}

/** Streams of events never end by themselves: what came first is enough. */
async function readText(response: Response, url: string): Promise<string> {
  if (response.body === null) return ''
  if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
    await response.body.cancel()
    return ''
  }
  const decoder = new TextDecoder()
  let [text, size] = ['', 0]
  for await (const chunk of response.body) {
    size += chunk.byteLength
    if (size > MOST_BYTES) throw new Trouble(`${new URL(url).origin}: the answer is longer than 1 MB`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

interface Sent {
  readonly method: string
  readonly url: string
  readonly headers: HeaderRecord
  readonly body: string | null
}

function toAnswer(response: Response, body: string, sent: Sent): Answer {
  const { status, headers } = response
  const { method, url } = sent
  const requestHeaders = Object.entries(sent.headers)
  const exchange = { method, url, requestHeaders, requestBody: sent.body, status, headers: [...headers], body }
  const json = parseObject(body)
  return { exchange, status, headers, body, json, summary: summarize(response, body, json) }
}

/** A JSON object, or an empty one. */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
  } catch {
    return {}
  }
}

function summarize({ status, headers }: Response, body: string, json: Readonly<Record<string, unknown>>): string {
  const location = headers.get('location')
  if (location !== null) return `${status}, a redirect to ${whereTo(location)}`
  const type = headers.get('content-type')?.split(';')[0]?.trim() ?? ''
  if (typeof json['error'] === 'string') return `${status} with the error ${JSON.stringify(json['error'])}`
  if (type === 'text/html') return `${status} with an HTML page${titleOf(body)}`
  if (body === '') return `${status} without a body`
  const members = Object.keys(json)
  if (members.length > 0) return `${status} with the members ${members.slice(0, 6).join(', ')}`
  return `${status} with ${type === '' ? 'something of no type' : type}`
}

/** The place without what may be secret in it; the error that it tells. */
function whereTo(location: string): string {
  const url = URL.parse(location)
  if (url === null) return location.replace(/[?#].*/s, '')
  const error = url.searchParams.get('error')
  const place = `${url.protocol}//${url.host}${url.pathname}`
  if (error !== null) return `${place} with the error ${JSON.stringify(error)}`
  return url.searchParams.has('code') ? `${place} with a code` : place
}

const titleOf = (page: string): string => {
  const title = /<title[^>]*>([^<]{1,80})/i.exec(page)?.[1]?.trim()
  return title === undefined || title === '' ? '' : ` (${title})`
}
