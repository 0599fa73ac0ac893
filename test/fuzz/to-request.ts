/**
 * A case as the request that it is in a world: known values are filled in, the browser adds its cookie and the form token.
 *
 * @module
 */
import type { Params } from './good-requests.ts'
import type { Body, Sent } from './requests.ts'
import { type Known, resolve } from './values.ts'

/** What a browser has after it was on a page of ours. */
export interface Browser {
  readonly cookie: string
  readonly csrf: string
}

/** Null: HTTP could not carry it. `browser`: null for one that was never here. */
export function toRequest(
  sent: Sent,
  known: Readonly<Record<Known, string>>,
  issuer: string,
  browser: Browser | null,
): Request | null {
  const query = String(toForm(sent.query, known))
  const hasBody = sent.method !== 'GET' && sent.method !== 'HEAD'
  try {
    const headers = new Headers(sent.headers.map(([name, value]): [string, string] => [name, resolve(value, known)]))
    if (sent.contentType !== null) headers.set('content-type', sent.contentType)
    const { authorization } = sent
    if (authorization === 'basic')
      headers.set('authorization', `Basic ${btoa(`${known.confidentialClient}:${known.clientSecret}`)}`)
    else if (authorization === 'bearer') headers.set('authorization', `Bearer ${known.accessToken}`)
    else if (authorization !== null) headers.set('authorization', resolve(authorization, known))
    if (browser !== null) headers.set('cookie', browser.cookie)
    return new Request(`${issuer}${sent.path}${query === '' ? '' : `?${query}`}`, {
      method: sent.method,
      headers,
      body: hasBody ? toBody(sent.body, known, browser?.csrf ?? null) : null,
    })
  } catch {
    return null
  }
}

const toForm = (params: Params, known: Readonly<Record<Known, string>>): URLSearchParams =>
  new URLSearchParams(params.map(([name, value]): [string, string] => [name, resolve(value, known)]))

function toBody(
  body: Body,
  known: Readonly<Record<Known, string>>,
  csrf: string | null,
): string | Uint8Array<ArrayBuffer> | null {
  switch (body.kind) {
    case 'none':
      return null
    case 'raw':
      return new Uint8Array(body.bytes)
    case 'long':
      return 'a'.repeat(body.size)
    case 'form': {
      const form = toForm(body.params, known)
      if (csrf !== null) form.append('csrf', csrf)
      return String(form)
    }
    case 'json': {
      if (body.extra !== undefined && (typeof body.extra !== 'object' || body.extra === null))
        return JSON.stringify(body.extra)
      return JSON.stringify({ ...toObject(body.params, known), ...body.extra })
    }
  }
}

/** Members that are lists in registrations. */
const LISTS = /^(?:redirect_uris|grant_types|response_types|contacts)$/

function toObject(params: Params, known: Readonly<Record<Known, string>>): Record<string, unknown> {
  const members = Object.groupBy(params, ([name]) => name)
  return Object.fromEntries(
    Object.entries(members).map(([name, values = []]) => {
      const texts = values.map(([, value]) => resolve(value, known))
      return [name, texts.length > 1 || LISTS.test(name) ? texts : texts[0]]
    }),
  )
}
