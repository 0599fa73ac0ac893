/**
 * Prints every HTTP exchange as it happens, secrets shortened.
 *
 * @module
 */

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** Values of these parameters, members and headers are secrets, or bound to one. */
const SECRETS =
  /\b(access_token|refresh_token|code|code_verifier|code_challenge|client_secret|state|token)("?\s*[:=]\s*"?)([\w.~-]{9})[\w.~-]+/g

/** `Bearer eyJhbGciOi...` -> `Bearer eyJhbGciO…`, `code=abcdefghijkl` -> `code=abcdefghi…`. */
export const shorten = (text: string): string =>
  text.replace(SECRETS, '$1$2$3…').replace(/\b(Bearer|Basic) ([\w.~+/-]{9})[\w.~+/=-]+/g, '$1 $2…')

/** Wraps a `fetch` so that each exchange is printed, numbered, before its answer is used. */
export function traced(send: Fetch, print: (line: string) => void = console.log): Fetch {
  let count = 0
  return async (input, init) => {
    const request = new Request(input, init)
    const { method, headers, redirect, signal } = request
    const body = await request.text()
    const response = await send(request.url, { method, headers, redirect, signal, ...(body === '' ? {} : { body }) })
    count += 1
    print(`\n${String(count).padStart(2)}  ${request.method} ${shorten(decodeURIComponent(request.url))}`)
    for (const line of describe(request.headers, ['authorization'], body)) print(`    > ${line}`)
    print(`    < ${response.status} ${response.statusText}`.trimEnd())
    const answer = response.headers.get('content-type')?.includes('json') ? await response.clone().text() : ''
    for (const line of describe(response.headers, ['www-authenticate', 'location'], answer)) print(`    < ${line}`)
    return response
  }
}

function describe(headers: Headers, shown: readonly string[], body: string): readonly string[] {
  const lines = shown.flatMap((name) => {
    const value = headers.get(name)
    return value === null ? [] : [`${name}: ${name === 'location' ? decodeURIComponent(value) : value}`]
  })
  const readable = headers.get('content-type')?.includes('urlencoded') ? decodeURIComponent(body) : body
  return [...lines, ...(readable === '' ? [] : [readable])].map(shorten).map((line) => clip(line))
}

const clip = (line: string): string => (line.length > 240 ? `${line.slice(0, 239)}…` : line)
