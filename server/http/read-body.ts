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
  if (excess !== null) {
    const [client_id, grant_type] = [parameters.get('client_id'), parameters.get('grant_type')]
    throw new UnreadableRequest(excess, {}, { client_id, grant_type })
  }
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
  if (given !== contentType) throw new UnreadableRequest('wrong_content_type')
  const length = announcedLength(request.headers)
  if (length !== null && length > MOST_BODY) throw tooLarge()
  if (length !== null) return request.text()
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength
    if (size > MOST_BODY) throw tooLarge()
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** The rest is not read, so nothing more can come over this connection. */
const tooLarge = (): UnreadableRequest => new UnreadableRequest('body_too_large', { connection: 'close' })

/**
 * In bytes; null: it is not known. A body that announces its length is no longer than that: the runtimes see to it. Reading it chunk by chunk
 * costs several times as much.
 */
function announcedLength(headers: Headers): number | null {
  const length = headers.get('content-length') ?? ''
  return /^\d{1,15}$/.test(length) && !headers.has('transfer-encoding') ? Number(length) : null
}
