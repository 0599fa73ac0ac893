/**
 * From a URL that someone else named to what will be asked, and where: the URL policy, and which ports.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 8.6: loopback in development only
 * @module
 */

import { isLoopbackHost } from '../../shared/loopback.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import { checkUrl } from '../../shared/url-policy.ts'
import type { OutboundFailure } from '../core/outbound.ts'

export interface Target {
  readonly tls: boolean
  /** The name without the dot at its end, or the address without its brackets. */
  readonly name: string
  readonly port: number
  /** Of the header `Host`. */
  readonly authority: string
  readonly path: string
  /** On this machine, which is admitted in development only. */
  readonly loopback: boolean
}

/** The policy admits http and loopback beside this, and not otherwise. */
const DEVELOPMENT = 'http://localhost'

/** And private addresses beside this one. */
const PRIVATE = 'https://10.0.0.1'

const HTTPS = 443

/** Lower ones are other protocols': nobody shall make us greet a mail server. */
const FIRST_UNPRIVILEGED = 1024

/** Judges the text alone; what the name resolves to is judged in `addresses.ts`. */
export function toTarget(url: string, development: boolean, privateNetworks = false): Result<Target, OutboundFailure> {
  const checked = checkUrl(url, development ? DEVELOPMENT : privateNetworks ? PRIVATE : undefined)
  if (!checked.ok) return checked
  const { protocol, hostname, port: written, pathname, search } = checked.value
  const tls = protocol === 'https:'
  const port = written === '' ? (tls ? HTTPS : 80) : Number(written)
  const host = hostname.replace(/\.$/, '')
  const loopback = isLoopbackHost(host)
  if (!loopback && port !== HTTPS && port < FIRST_UNPRIVILEGED) return err('forbidden_port')
  return ok({
    tls,
    name: host.replace(/^\[|\]$/g, ''),
    port,
    authority: written === '' ? host : `${host}:${written}`,
    path: pathname + search,
    loopback,
  })
}
