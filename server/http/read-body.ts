/**
 * Reading request bodies: bounded, and of one content type.
 *
 * @see RFC 6749 section 3.2, appendix B: requests are forms
 * @see RFC 7591 section 3.1: registrations are JSON
 * @module
 */
import { type FormRecord, readForm } from '../../shared/form.ts'
import { excessOf, MOST_BODY } from '../core/bounds.ts'
import { UnreadableRequest } from './errors.ts'

/** A route's `parse` hook for forms. */
export const parseForm = async ({ request }: { request: Request }): Promise<FormRecord> => {
  const text = await readText(request, 'application/x-www-form-urlencoded')
  const parameters = new URLSearchParams(text)
  const excess = excessOf(parameters, text.length)
  if (excess !== null) throw new UnreadableRequest(excess)
  return readForm(parameters)
}

/** A route's `parse` hook for JSON. */
export const parseJson = async ({ request }: { request: Request }): Promise<unknown> => {
  const text = await readText(request, 'application/json')
  try {
    return JSON.parse(text)
  } catch {
    throw new UnreadableRequest('malformed_request')
  }
}

async function readText(request: Request, contentType: string): Promise<string> {
  const given = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (given !== contentType) throw new UnreadableRequest('malformed_request')
  if (isShort(request.headers)) return request.text()
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength
    // The rest is not read, so nothing more can come over this connection.
    if (size > MOST_BODY) throw new UnreadableRequest('body_too_large', { connection: 'close' })
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** A body that announces its length is no longer than that: the runtimes see to it. Reading it chunk by chunk costs several times as much. */
function isShort(headers: Headers): boolean {
  const length = headers.get('content-length') ?? ''
  return /^\d{1,5}$/.test(length) && Number(length) <= MOST_BODY && !headers.has('transfer-encoding')
}
