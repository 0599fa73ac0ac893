/**
 * What a refused request says of itself, for the records: whose it is, and for which resource. Nobody has verified it, and people and programs
 * send secrets in the wrong place, so it is written down only in a form that cannot be one.
 *
 * @see docs/adr/0123-what-a-refused-request-says.md
 * @module
 */
import { claimedClient } from './client-auth/claimed-client.ts'

export interface Claimed {
  readonly clientId?: string
  readonly resource?: string
}

/** Of a form or a query as it came, well-formed or not. `authorization`: the header. */
export function claimsOf(form: Readonly<Record<string, unknown>>, authorization: string | null): Claimed {
  const clientId = claimedClient({
    client_id: text(form['client_id']),
    client_assertion: text(form['client_assertion']),
    authorization,
  })
  const [resource] = [form['resource']].flat()
  return {
    ...(clientId === '' ? {} : { clientId }),
    ...(typeof resource === 'string' && resource !== '' ? { resource } : {}),
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** SHA-256, in base64url. */
export type Digest = (text: string) => string

/** As it may be written down. */
export const recordedClaims = ({ clientId, resource }: Claimed, digest: Digest): Claimed => ({
  ...(clientId === undefined ? {} : { clientId: recordedName(clientId, digest) }),
  ...(resource === undefined ? {} : { resource: recordedName(resource, digest) }),
})

/**
 * An id of the form that this server makes, or the URL of a client or a resource without its query, as it was sent. Of anything else a mark: the same
 * text has the same mark, and 36 bits of a hash give no secret away.
 */
export function recordedName(claimed: string, digest: Digest): string {
  if (/^[\w-]{22}$/.test(claimed)) return claimed
  const [url = ''] = claimed.split(/[?#]/, 1)
  if (!/^https?:\/\/[\w.~:/%[\]-]{1,200}$/.test(url) || url.includes('eyJ'))
    return `unknown:${digest(claimed).slice(0, 6)}`
  return url === claimed ? url : `${url}...`
}

/** Stands in the records before what was only claimed. */
export const CLAIMED = 'claimed:'
