/**
 * `sallyport fetch`: one request with authorization.
 *
 * @module
 */
import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { EXIT, type ExitCode, Stop } from './explain.ts'
import type { SessionFlags } from './flags.ts'
import { resourceOf } from './known.ts'
import { openStore } from './open.ts'
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
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw new Stop(EXIT.usage, 'usage', `${url} is no http or https URL.`)
  const resource = flags.resource ?? (await resourceOf(await openStore(flags), url))
  const opened = await openAttended(resource, flags, around)
  const body = await bodyOf(flags.data)
  const headers = new Headers(flags.header)
  if (body !== undefined && !headers.has('content-type')) headers.set('content-type', typeOf(body))
  const method = flags.request ?? (body === undefined ? 'GET' : 'POST')
  const init: RequestInit = { method, headers, redirect: 'manual', signal: around.signal, ...(body && { body }) }
  const response = await signingIn(opened, around, () => opened.session.fetch(url, init))
  const head = flags.include === true ? headOf(response) : ''
  await writeAnswer(response, head, flags.output, around)
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
  const bytes = data === '@-' ? await buffer(process.stdin) : await readFile(data.slice(1))
  return new Uint8Array(bytes)
}

function typeOf(body: Uint8Array | string): string {
  try {
    JSON.parse(typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body))
    return 'application/json'
  } catch {
    return typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/octet-stream'
  }
}

function headOf({ status, statusText, headers }: Response): string {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}`)
  return `${[`HTTP ${status} ${statusText}`.trim(), ...lines].join('\n')}\n\n`
}

async function writeAnswer(
  { body }: Response,
  head: string,
  file: string | undefined,
  { output }: Surroundings,
): Promise<void> {
  if (file === undefined) {
    await output.raw(head)
    for await (const chunk of body ?? []) await output.raw(chunk)
    return
  }
  const stream = createWriteStream(file)
  if (head !== '') stream.write(head)
  const writable = Writable.toWeb(stream)
  if (body === null) await writable.close()
  else await body.pipeTo(writable)
}
