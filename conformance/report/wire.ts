/**
 * An exchange as HTTP looks, for people.
 *
 * @module
 */
import type { Exchange } from '../core/http.ts'

const LONGEST_BODY = 2000

/** What was sent, without what every request has. */
export function sentOf({ method, url, requestHeaders, requestBody }: Exchange): string {
  return compose(`${method} ${url}`, requestHeaders, requestBody ?? '')
}

/** What came back. */
export const receivedOf = ({ status, headers, body }: Exchange): string => compose(`HTTP ${status}`, headers, body)

function compose(line: string, headers: Exchange['headers'], body: string): string {
  const fields = headers.map(([name, value]) => `${name}: ${printable(value)}`)
  const shown = body.length > LONGEST_BODY ? `${body.slice(0, LONGEST_BODY)}\n[${body.length} characters]` : body
  return [printable(line), ...fields, ...(shown === '' ? [] : ['', printable(shown)])].join('\n')
}

/**
 * A server under test may send anything: control characters would act on the terminal that shows them, and halves of surrogate pairs and
 * U+FFFE, U+FFFF have no place in XML (1.0, section 2.2).
 */
export const printable = (text: string): string =>
  text
    .toWellFormed()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is taken out
    .replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069\uFFFE\uFFFF]/g, '\uFFFD')
