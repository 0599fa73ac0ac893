/**
 * Requests whose header lines are sent as they are given, also where a name comes twice.
 *
 * @see RFC 9110 section 5.3
 * @module
 */
import { type IncomingMessage, request as overHttp } from 'node:http'
import { request as overHttps } from 'node:https'
import type { FetchLines } from '../core/http.ts'

/** For `checkAuthorizationServer` and `checkResourceServer`: sends what `fetch` cannot. */
export const fetchLines: FetchLines = (url, { method, headers, body = '', signal }) =>
  new Promise((resolve, reject) => {
    const target = new URL(url)
    const bytes = new TextEncoder().encode(body)
    // A list is sent as it is: what Node adds to an object has to be said here.
    const lines = [['host', target.host], ...headers, ['content-length', String(bytes.length)], ['connection', 'close']]
    const open = target.protocol === 'https:' ? overHttps : overHttp
    const request = open(target, { method, headers: lines.flat(), signal }, (answer) => resolve(toResponse(answer)))
    request.on('error', reject)
    request.end(bytes)
  })

function toResponse(answer: IncomingMessage): Response {
  const { rawHeaders, statusCode: status = 0 } = answer
  const headers = new Headers()
  rawHeaders.forEach((name, at) => {
    if (at % 2 === 0) headers.append(name, rawHeaders[at + 1] ?? '')
  })
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      answer.on('data', (chunk: Uint8Array) => controller.enqueue(chunk))
      answer.on('end', () => controller.close())
      answer.on('error', (error) => controller.error(error))
    },
    cancel: () => void answer.destroy(),
  })
  const hasNone = status === 204 || status === 205 || status === 304
  return new Response(hasNone ? null : body, { status, headers })
}
