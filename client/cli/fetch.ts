/**
 * `sallyport fetch`: one request with authorization.
 *
 * @module
 */
import { Buffer } from 'node:buffer'
import { open, readFile } from 'node:fs/promises'
import process from 'node:process'
import { Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { EXIT, type ExitCode, Stop } from './explain.ts'
import type { SessionFlags } from './flags.ts'
import { resourceOf } from './known.ts'
import { openStore } from './open.ts'
import { type Output, printableLines } from './output.ts'
import { openAttended, type Surroundings, signingIn } from './perform.ts'

export interface FetchFlags extends SessionFlags {
  readonly request?: string
  readonly data?: string
  readonly include?: true
  readonly output?: string
  readonly fail?: true
  readonly resource?: string
}

/** Sends it, and writes the answer. */
export async function fetchUrl(url: string, flags: FetchFlags, around: Surroundings): Promise<ExitCode> {
  const { protocol = '', username, password } = URL.parse(url) ?? {}
  if (!/^https?:$/.test(protocol)) throw new Stop(EXIT.usage, 'usage', `${url} is no http or https URL.`)
  // Runtimes refuse it, or send it in place of the token; and it is a password, not to be repeated.
  if (username || password) throw new Stop(EXIT.usage, 'usage', 'The URL has a user name or password in it.')
  const body = await bodyOf(flags.data)
  const method = flags.request ?? (body === undefined ? 'GET' : 'POST')
  if (body !== undefined && /^(?:GET|HEAD)$/.test(method))
    throw new Stop(EXIT.usage, 'usage', `A ${method} request has no body: leave -d or -X ${method} out.`)
  const resource = flags.resource ?? (await resourceOf(await openStore(flags), url))
  const opened = await openAttended(resource, flags, around)
  const headers = new Headers(flags.header)
  if (body !== undefined && !headers.has('content-type')) headers.set('content-type', typeOf(body))
  const init: RequestInit = { method, headers, redirect: 'manual', signal: around.signal, ...(body && { body }) }
  const response = await signingIn(opened, around, () => opened.session.fetch(url, init))
  if (flags.json === true) await writeJson(response, flags.output, around)
  else await writeAnswer(response, flags.include === true ? headOf(response) : '', flags.output, around)
  const isSaid = flags.fail === true || flags.include === true || flags.json === true
  if (!response.ok && !isSaid && around.output.isAttended) around.output.note(statusLine(response))
  if (response.ok || flags.fail !== true) return EXIT.done
  throw new Stop(
    EXIT.answeredError,
    `http_${response.status}`,
    `The server answered with HTTP status ${response.status}.`,
  )
}

/** As with curl: `@file`, `@-` for standard input, or the data themselves. */
async function bodyOf(data: string | undefined): Promise<Uint8Array<ArrayBuffer> | string | undefined> {
  if (data === undefined || !data.startsWith('@')) return data
  return new Uint8Array(data === '@-' ? await buffer(process.stdin) : await readBody(data.slice(1)))
}

const readBody = (path: string): Promise<Uint8Array> =>
  readFile(path).catch(() => {
    throw new Stop(EXIT.usage, 'usage', `${path} cannot be read.`)
  })

function typeOf(body: Uint8Array | string): string {
  try {
    JSON.parse(typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body))
    return 'application/json'
  } catch {
    return typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/octet-stream'
  }
}

const statusLine = ({ status, statusText }: Pick<Response, 'status' | 'statusText'>): string =>
  `HTTP ${status} ${statusText}`.trim()

function headOf({ status, statusText, headers }: Response): string {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}`)
  return `${[statusLine({ status, statusText }), ...lines].join('\n')}\n\n`
}

/** To a terminal go text and line feeds: nothing that a stranger sent may steer it, and the prompt begins a line of its own. */
async function show(body: Response['body'], head: string, { raw }: Output): Promise<void> {
  await raw(printableLines(head))
  const decoder = new TextDecoder()
  let last = '\n'
  for await (const chunk of body ?? []) {
    const text = printableLines(decoder.decode(chunk, { stream: true }).replaceAll('\r\n', '\n'))
    await raw(text)
    last = text.at(-1) ?? last
  }
  if (last !== '\n') await raw('\n')
}

/** What an answer is, on one line. Text is text, what is JSON is JSON, anything else is in base64; with `-o` it is in the file. */
async function writeJson(response: Response, file: string | undefined, around: Surroundings): Promise<void> {
  const { status, headers } = response
  const about = { status, headers: Object.fromEntries(headers) }
  if (file !== undefined) {
    await writeAnswer(response, '', file, around)
    await around.output.data(JSON.stringify({ ...about, output: file }))
    return
  }
  const bytes = new Uint8Array(await response.arrayBuffer())
  await around.output.data(JSON.stringify({ ...about, ...inJson(bytes, headers.get('content-type') ?? '') }))
}

function inJson(bytes: Uint8Array, type: string): { readonly body: unknown; readonly encoding: string } {
  try {
    const body = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const parsed = /\bjson\b/i.test(type) ? parseJson(body) : undefined
    return parsed === undefined ? { body, encoding: 'text' } : { body: parsed, encoding: 'json' }
  } catch {
    return { body: Buffer.from(bytes).toString('base64'), encoding: 'base64' }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function writeAnswer(
  { body }: Response,
  head: string,
  file: string | undefined,
  { output }: Surroundings,
): Promise<void> {
  if (file === undefined) {
    if (output.isTerminal) return show(body, head, output)
    await output.raw(head)
    for await (const chunk of body ?? []) await output.raw(chunk)
    return
  }
  const handle = await open(file, 'w').catch(() => {
    throw new Stop(EXIT.usage, 'usage', `${file} cannot be written.`)
  })
  const stream = handle.createWriteStream()
  if (head !== '') stream.write(head)
  const writable = Writable.toWeb(stream)
  if (body === null) await writable.close()
  else await body.pipeTo(writable)
}
