/**
 * What a refused request says of itself, for the records: whose it is, and for which resource. Nobody has verified it, and people and programs
 * send secrets in the wrong place, so it is written down only in a form that cannot be one.
 *
 * @see docs/adr/0123-what-a-refused-request-says.md
 * @module
 */
import { JWT_BEARER_GRANT, TOKEN_EXCHANGE_GRANT } from '../../shared/grant-names.ts'
import { claimedClient } from './client-auth/claimed-client.ts'

export interface Claimed {
  readonly clientId?: string
  readonly resource?: string
  /** Of grants that no person is on the way to: which. */
  readonly grantType?: ProgramGrant
}

const PROGRAM_GRANTS = [TOKEN_EXCHANGE_GRANT, JWT_BEARER_GRANT] as const
export type ProgramGrant = (typeof PROGRAM_GRANTS)[number]

/** Of a form or a query as it came, well-formed or not. `authorization`: the header. */
export function claimsOf(form: Readonly<Record<string, unknown>>, authorization: string | null): Claimed {
  const clientId = claimedClient({
    client_id: text(form['client_id']),
    client_assertion: text(form['client_assertion']),
    authorization,
  })
  // Where a token is exchanged for one elsewhere, that may be all that is said of where.
  const [resource] = [form['resource'] ?? form['audience']].flat()
  const grantType = PROGRAM_GRANTS.find((type) => type === form['grant_type'])
  return {
    ...(clientId === '' ? {} : { clientId }),
    ...(typeof resource === 'string' && resource !== '' ? { resource } : {}),
    ...(grantType === undefined ? {} : { grantType }),
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** SHA-256, in base64url. */
export type Digest = (text: string) => string

/** As it may be written down. `isKnown`: of a resource, by its identifier. */
export const recordedClaims = (
  { clientId, resource, ...rest }: Claimed,
  { digest, isKnown }: { readonly digest: Digest; readonly isKnown: (resource: string) => boolean },
): Claimed => ({
  ...rest,
  ...(clientId === undefined ? {} : { clientId: recordedName(clientId, digest) }),
  ...(resource === undefined ? {} : { resource: isKnown(resource) ? resource : recordedName(resource, digest) }),
})

/**
 * An id of the form that this server makes, or the scheme and host of a URL with a mark of all of it: paths hold keys. Of anything else a mark
 * alone: the same text has the same mark, and 36 bits of a hash give no secret away.
 */
export function recordedName(claimed: string, digest: Digest): string {
  if (/^[\w-]{22}$/.test(claimed)) return claimed
  const mark = `unknown:${digest(claimed).slice(0, 6)}`
  const [, origin = '', rest = ''] = HTTP_URL.exec(claimed) ?? []
  if (origin === '' || origin.includes('eyJ')) return mark
  return rest === '' ? claimed : `${origin}/${mark}`
}

/** Origin, and what is behind it. No part of a name is so long that it could be a secret of ours. */
const HTTP_URL = /^(https?:\/\/(?:(?:[\w-]{1,32}\.){0,8}[\w-]{1,32}|\[[\da-f:.]{2,45}\])(?::\d{1,5})?)(?:$|\/)(.*)$/is

/** Whether a name in the records is of something that was not known. */
export const isMark = (name: string): boolean => /(?:^|\/)unknown:[\w-]{6}$/.test(name)

/** Stands in the records before what was only claimed. */
export const CLAIMED = 'claimed:'
