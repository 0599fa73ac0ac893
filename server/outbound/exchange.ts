/**
 * One question on an open connection: the header is judged before the body is read, and the body is whole or it is nothing.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 5: only 200 is success, redirects are not followed
 * @see RFC 9112 section 8: an answer that ends early is incomplete
 *
 * @standard RFC 9112: HTTP/1.1
 * @status used
 * @does bad requests, incomplete answers
 * @module
 */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { joinBytes } from '../../shared/join-bytes.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import type {
  OutboundAnswer,
  OutboundFailure,
  OutboundQuestion,
  OutboundReply,
  OutboundRequest,
} from '../core/outbound.ts'
import type { Target } from './target.ts'

type Outcome = Result<OutboundAnswer, OutboundFailure>

/** Of a header with all its fields, in bytes. */
const MAX_HEADER = 16 * 1024

/** The fields that caching and reading need. */
const KEPT = ['age', 'cache-control', 'content-type', 'date', 'etag', 'expires'] as const

/** RFC 9110 section 8.8.3, without octets beyond ASCII. */
const ENTITY_TAG = /^(?:W\/)?"[\x21\x23-\x7e]{0,256}"$/

/** Whoever calls it ends the connection. */
export async function exchange(socket: Socket, target: Target, request: OutboundRequest): Promise<Outcome> {
  const etag = request.etag !== undefined && ENTITY_TAG.test(request.etag) ? request.etag : null
  const headers: Record<string, string> = etag === null ? {} : { 'if-none-match': etag }
  const judge = (response: IncomingMessage) => judgeHeader(response, request.maxBytes, etag === null ? [] : [304])
  const answer = await converse(socket, target, { ...request, headers, judge })
  return answer.ok ? ok({ ...answer.value, status: answer.value.status === 304 ? 304 : 200 }) : answer
}

/** The same for what may bring a form and credentials, and may be refused in words. Whoever calls it ends the connection. */
export async function exchangeQuestion(
  socket: Socket,
  target: Target,
  { form, authorization, ...question }: OutboundQuestion,
): Promise<Result<OutboundReply, OutboundFailure>> {
  const body = form?.toString()
  const headers = {
    ...(authorization === undefined ? {} : { authorization }),
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(Buffer.byteLength(body)) }),
  }
  const judge = (response: IncomingMessage) => judgeHeader(response, question.maxBytes, REFUSALS)
  const answer = await converse(socket, target, {
    ...question,
    headers,
    judge,
    ...(body === undefined ? {} : { body }),
  })
  if (!answer.ok) return answer
  const status = REFUSALS.find((refusal) => refusal === answer.value.status) ?? 200
  return ok({ ...answer.value, status })
}

/** Statuses of OAuth errors. */
const REFUSALS = [400, 401, 403] as const

interface Conversation extends Pick<OutboundRequest, 'accept' | 'maxBytes'> {
  readonly headers: Readonly<Record<string, string>>
  /** Posted; left out: it is a GET. */
  readonly body?: string
  readonly judge: (response: IncomingMessage) => OutboundFailure | null
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer>
}

function converse(
  socket: Socket,
  target: Target,
  { accept, maxBytes, headers, body, judge }: Conversation,
): Promise<Result<Answer, OutboundFailure>> {
  const sent = httpRequest({
    createConnection: () => socket,
    method: body === undefined ? 'GET' : 'POST',
    path: target.path,
    maxHeaderSize: MAX_HEADER,
    headers: {
      host: target.authority,
      accept,
      'accept-encoding': 'identity',
      'user-agent': 'sallyport',
      connection: 'close',
      ...headers,
    },
  })
  return new Promise((resolve) => {
    const broken = (): void => resolve(err('broken_answer'))
    // An error is followed by the end, and must have a listener.
    sent.on('error', () => {})
    sent.once('close', broken)
    sent.once('response', (response) => {
      // From here on the body tells; the connection may be over before what it brought was read.
      sent.off('close', broken)
      const problem = judge(response)
      if (problem !== null) resolve(err(problem))
      else read(response, maxBytes).then(resolve, broken)
    })
    sent.end(body)
  })
}

/** `besides`: the statuses that are answers beside 200. */
function judgeHeader(response: IncomingMessage, maxBytes: number, besides: readonly number[]): OutboundFailure | null {
  const { statusCode = 0, headers } = response
  if (statusCode === 304 && besides.includes(304)) return null
  if (statusCode !== 200 && !besides.includes(statusCode)) return judgeStatus(statusCode)
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') return 'encoded'
  const transfer = headers['transfer-encoding']
  if (transfer !== undefined) return transfer.toLowerCase() === 'chunked' ? null : 'encoded'
  // Without a length the end of the connection would end the body, and nobody could tell a part from the whole.
  const length = headers['content-length']
  if (length === undefined) return 'broken_answer'
  return Number(length) > maxBytes ? 'too_large' : null
}

function judgeStatus(status: number): OutboundFailure {
  if (status >= 300 && status < 400 && status !== 304) return 'redirected'
  if (status >= 400 && status < 500) return NOT_NOW.includes(status) ? 'not_now' : 'client_error'
  return status >= 500 && status < 600 ? 'server_error' : 'unexpected_status'
}

/** RFC 9110 section 15.5.9, RFC 8470 section 5.2, RFC 6585 section 4. */
const NOT_NOW: readonly number[] = [408, 425, 429]

/** Throws when the connection ends before the body does. */
async function read(response: IncomingMessage, maxBytes: number): Promise<Result<Answer, OutboundFailure>> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response) {
    if (!(chunk instanceof Uint8Array)) return err('broken_answer')
    length += chunk.byteLength
    if (length > maxBytes) return err('too_large')
    chunks.push(chunk)
  }
  const body = joinBytes(chunks, length)
  return ok({ status: response.statusCode ?? 0, headers: kept(response), body })
}

function kept({ headers }: IncomingMessage): Headers {
  return new Headers(
    KEPT.flatMap((name): [string, string][] => {
      const value = headers[name]
      return value === undefined || (name === 'etag' && !ENTITY_TAG.test(value)) ? [] : [[name, value]]
    }),
  )
}
