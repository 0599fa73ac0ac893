/**
 * Takes secrets out of an exchange before it goes into a report: by the names of what carries them, and then, wherever they stand, by
 * their values.
 *
 * @module
 */
import { type Exchange, parseObject } from './http.ts'

const SECRET_MEMBERS = [
  'access_token',
  'refresh_token',
  'id_token',
  'registration_access_token',
  'client_secret',
  'client_assertion',
  'code',
  'code_verifier',
  'token',
]

/** Shorter values are found in too many harmless places. */
const SHORTEST = 8

/** The values of an exchange that nobody else may see, each with the name that stands for it. */
export function secretsOf(exchange: Exchange): ReadonlyMap<string, string> {
  const secrets = new Map<string, string>()
  const add = (name: string, value: unknown): void => {
    if (typeof value === 'string' && value.length >= SHORTEST) secrets.set(value, name)
  }
  const parameters = (text: string): void => {
    for (const [name, value] of new URLSearchParams(text)) if (SECRET_MEMBERS.includes(name)) add(name, value)
  }
  const members = (text: string): void => {
    for (const [name, value] of Object.entries(parseObject(text))) if (SECRET_MEMBERS.includes(name)) add(name, value)
  }
  const queryOf = (url: string): void => parameters(url.split('#')[0]?.split('?').slice(1).join('?') ?? '')

  queryOf(exchange.url)
  if (exchange.requestBody !== null) {
    parameters(exchange.requestBody)
    members(exchange.requestBody)
  }
  members(exchange.body)
  for (const [name, value] of exchange.requestHeaders) {
    if (name.toLowerCase() === 'authorization') add('credentials', value.replace(/^\S+ /, ''))
    if (name.toLowerCase() === 'cookie') add('cookies', value)
    if (name.toLowerCase() === 'dpop') for (const proof of value.split(', ')) add('signature', proof.split('.')[2])
  }
  for (const [name, value] of exchange.headers) {
    if (name === 'location') queryOf(value)
    if (name === 'set-cookie') add('cookie', value.replace(/^[^=]*=/, '').replace(/;.*/s, ''))
  }
  return secrets
}

/** `text` without any of `secrets`. Longer ones first, because one may hold another. */
export function redactText(text: string, secrets: ReadonlyMap<string, string>): string {
  const byLength = [...secrets].sort(([a], [b]) => b.length - a.length)
  return byLength.reduce((rest, [value, name]) => {
    // Forms and URLs do not encode alike.
    const inForm = String(new URLSearchParams({ value })).slice('value='.length)
    return [value, encodeURIComponent(value), inForm].reduce((one, form) => one.replaceAll(form, `<${name}>`), rest)
  }, text)
}

export function redactExchange(exchange: Exchange, secrets: ReadonlyMap<string, string>): Exchange {
  const redact = (text: string): string => redactText(text, secrets)
  const fields = (headers: Exchange['headers']): Exchange['headers'] =>
    headers.map(([name, value]) => [name, redact(value)])
  return {
    ...exchange,
    url: redact(exchange.url),
    requestHeaders: fields(exchange.requestHeaders),
    requestBody: exchange.requestBody === null ? null : redact(exchange.requestBody),
    headers: fields(exchange.headers),
    body: redact(exchange.body),
  }
}
