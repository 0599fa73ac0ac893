/**
 * Secrets as a trace may show them: enough to tell one from another, not enough to use.
 *
 * @module
 */

/** Parameters and members whose values are secrets, or stand for one. */
const SECRET =
  /^(?:access_token|refresh_token|id_token|token|subject_token|actor_token|code|code_verifier|code_challenge|client_secret|client_assertion|assertion|device_code|user_code|state|nonce|password|request|request_uri|registration_access_token)$/

/** The first characters of a long value, none of a short one. */
export function shorten(secret: string): string {
  return secret.length < 24 ? '…' : `${secret.slice(0, 8)}…`
}

/** `a=b&c=d`, written as people read it. */
export function shortenForm(form: string): string {
  return [...new URLSearchParams(form)]
    .map(([name, value]) => `${name}=${SECRET.test(name) ? shorten(value) : value}`)
    .join(' ')
}

/** The query as `name=value`, and no user information. */
export function shortenUrl(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null) return '(not a URL)'
  const query = parsed.search === '' ? '' : `?${shortenForm(parsed.search).replaceAll(' ', '&')}`
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}${query}`
}

export function shortenHeader(name: string, value: string): string {
  if (name === 'authorization')
    return value.replace(/^(\S+)\s+(.*)$/s, (_, scheme, rest) => `${scheme} ${shorten(rest)}`)
  if (name === 'dpop' || name === 'dpop-nonce' || name === 'mcp-session-id') return shorten(value)
  return name === 'location' ? shortenUrl(value) : value
}

/** JSON on one line. What is no JSON is not shown: who knows what is in it. */
export function shortenJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text, (name, value) => (isSecret(name, value) ? shorten(String(value)) : value)))
  } catch {
    return `${text.length} characters that are no JSON`
  }
}

/** The `code` of a JSON-RPC error is a number. */
const isSecret = (name: string, value: unknown): boolean => SECRET.test(name) && typeof value === 'string'
