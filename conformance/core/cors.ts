/**
 * What a script of another origin is let do, as browsers read it: presence of a header is not enough.
 *
 * @see WHATWG Fetch, section 3.3 (CORS protocol)
 * @see RFC 9449 section 8: nonces are read from a header, which scripts must be let see
 * @module
 */
import { expectThat, problem, type Verdict } from './check.ts'
import type { Answer, HeaderRecord, Http } from './http.ts'

/** Where the script of a client in a browser comes from. */
export const ORIGIN = 'https://client.example'

/**
 * Whether a script may read the answer. Both `*` and the very origin let it; a list, another origin, or a value that came twice do not.
 * An origin that is echoed must not come with permission for cookies: every site is echoed alike.
 */
export function readable(answer: Answer, exposing: readonly string[] = [], origin = ORIGIN): Verdict {
  const allowed = answer.headers.get('access-control-allow-origin')
  const withCookies = answer.headers.get('access-control-allow-credentials')
  if (allowed !== '*' && allowed !== origin) {
    return expectThat(
      false,
      `Access-Control-Allow-Origin: * (or ${origin})`,
      answer,
      allowed === null ? 'no such header' : allowed,
    )
  }
  if (withCookies === 'true') {
    return expectThat(
      false,
      'no Access-Control-Allow-Credentials: nothing here needs cookies',
      answer,
      allowed === '*'
        ? 'Access-Control-Allow-Credentials: true, which browsers refuse beside *'
        : 'every origin may send cookies and read the answer (Access-Control-Allow-Credentials: true)',
    )
  }
  const exposed = listOf(answer, 'access-control-expose-headers')
  const hidden = exposing.filter((name) => !exposed.includes('*') && !exposed.includes(name.toLowerCase()))
  return expectThat(
    hidden.length === 0,
    `Access-Control-Expose-Headers: ${exposing.join(', ')}`,
    answer,
    exposed.length === 0 ? 'no exposed headers' : `exposed headers: ${exposed.join(', ')}`,
  )
}

/** The same for an answer that a script was given: it must be the one that others are given, which came before it. */
export function alsoReadable(plain: Answer, scripted: Answer, exposing?: readonly string[], origin?: string): Verdict {
  return plain.status === scripted.status && plain.summary === scripted.summary
    ? readable(scripted, exposing, origin)
    : problem(`the same answer as without an Origin: ${plain.summary}`, scripted)
}

/** Asks before a request, as a browser does where it has headers of its own. */
export async function preflight(
  http: Http,
  url: string,
  { method, headers, origin = ORIGIN }: { method: string; headers: readonly string[]; origin?: string },
): Promise<Verdict> {
  const asked: HeaderRecord = {
    origin,
    'access-control-request-method': method,
    'access-control-request-headers': headers.map((name) => name.toLowerCase()).join(','),
  }
  const answer = await http.send('OPTIONS', url, { headers: asked })
  const expected = `a 2xx that allows ${method} with ${headers.join(', ')} to every origin`
  if (answer.status < 200 || answer.status > 299)
    return expectThat(false, expected, answer, `${answer.status} to OPTIONS`)
  const open = readable(answer, [], origin)
  if (open.kind !== 'pass') return open
  const methods = listOf(answer, 'access-control-allow-methods')
  // Simple methods need no permission.
  const mayMethod =
    ['GET', 'HEAD', 'POST'].includes(method) || methods.includes('*') || methods.includes(method.toLowerCase())
  const allowed = listOf(answer, 'access-control-allow-headers')
  // The wildcard does not cover Authorization.
  const kept = headers
    .map((name) => name.toLowerCase())
    .filter((name) => !allowed.includes(name) && !(allowed.includes('*') && name !== 'authorization'))
  return expectThat(
    mayMethod && kept.length === 0,
    expected,
    answer,
    `allowed methods: ${methods.join(', ') || 'none'}; allowed headers: ${allowed.join(', ') || 'none'}`,
  )
}

const listOf = ({ headers }: Answer, name: string): readonly string[] =>
  (headers.get(name) ?? '')
    .toLowerCase()
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
