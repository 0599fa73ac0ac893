/**
 * Everything that the checks send goes through here: no redirect is followed, no answer is waited for too long or read without end, and
 * what was sent and received is kept for the report.
 *
 * @see RFC 9110 section 5.3: header lines of one name
 * @module
 */
import { writeForm } from '../../shared/form.ts'
import { skip } from './check.ts'
import { firstData, isEventStream, readText } from './read-body.ts'
import { explainTrouble, originOf, Trouble } from './trouble.ts'

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/**
 * Sends each header line as it is given. The Fetch standard joins those of one name with a comma, so that a request with two of them can
 * only be sent by other means: `sallyport/conformance/node` has one for Node, Bun and Deno.
 */
export type FetchLines = (
  url: string,
  init: {
    readonly method: string
    readonly headers: readonly (readonly [name: string, value: string])[]
    readonly body?: string
    readonly signal: AbortSignal
  },
) => Promise<Response>

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
  /** The body, or the first event of a stream, as a JSON object; empty where it is none. */
  readonly json: Readonly<Record<string, unknown>>
  /** A few words: status, type, and the error it names. */
  readonly summary: string
}

export type Form = Readonly<Record<string, string | readonly string[] | undefined>>
/** Several values of one name are sent as a line each. */
export type HeaderRecord = Readonly<Record<string, string | readonly string[]>>

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
  /** Default: what needs it is skipped. */
  readonly fetchLines?: FetchLines | undefined
  /** For one answer, in seconds. Default: 10. */
  readonly timeout?: number | undefined
  /** Told of every exchange. */
  readonly record?: ((exchange: Exchange) => void) | undefined
}

export function createHttp({ fetch = globalThis.fetch, fetchLines, timeout = 10, record }: HttpOptions = {}): Http {
  const send: Http['send'] = async (method, url, { headers = {}, body } = {}) => {
    const lines = linesOf(headers)
    const fields = Object.fromEntries(lines)
    const repeats = Object.keys(fields).length < lines.length
    if (repeats && fetchLines === undefined)
      skip('the same header cannot be sent twice from here: use the command line, or give `fetchLines`')
    refuseOtherSchemes(url)
    const signal = AbortSignal.timeout(timeout * 1000)
    const init = { method, signal, ...(body === undefined ? {} : { body }) }
    const sent = { method, url, lines, body: body ?? null }
    try {
      const response =
        repeats && fetchLines !== undefined
          ? await fetchLines(url, { ...init, headers: lines })
          : await fetch(url, { ...init, headers: fields, redirect: 'manual' })
      const answer = toAnswer(response, await readText(response, url, signal), sent)
      record?.(answer.exchange)
      return answer.status === 429 ? tooMany(answer) : answer
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

const linesOf = (headers: HeaderRecord): readonly (readonly [string, string])[] =>
  Object.entries(headers).flatMap(([name, values]) => [values].flat().map((value) => [name, value] as const))

/** URLs come from the server under test, and some runtimes fetch files of this machine, too: its content would stand in the report. */
function refuseOtherSchemes(url: string): void {
  if (!isHttpUrl(url)) {
    throw new Trouble(`${url.slice(0, MOST_SHOWN)} is no http or https URL`, {
      mend: 'Name the URL in full, with https.',
    })
  }
}

export const isHttpUrl = (url: string): boolean => /^https?:$/.test(URL.parse(url)?.protocol ?? '')

const MOST_SHOWN = 200

/** Whoever has had enough says nothing about what was asked: neither a refusal nor an acceptance. */
function tooMany(answer: Answer): never {
  const after = answer.headers.get('retry-after')
  const wait = after === null ? 'Wait' : `Wait ${/^\d+$/.test(after) ? `${after} seconds` : `until ${after}`}`
  throw new Trouble(`${originOf(answer.exchange.url)}: there were too many requests (429)`, {
    mend: `${wait}, or raise the limits of this server for the time of the checks.`,
    answer,
  })
}

interface Sent {
  readonly method: string
  readonly url: string
  readonly lines: readonly (readonly [string, string])[]
  readonly body: string | null
}

function toAnswer(response: Response, body: string, { method, url, lines, body: requestBody }: Sent): Answer {
  const { status, headers } = response
  const exchange = { method, url, requestHeaders: lines, requestBody, status, headers: [...headers], body }
  const json = parseObject(isEventStream(response) ? (firstData(body) ?? '') : body)
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
