/**
 * Who registers, as far as limits go: whoever was handed an initial access token, or else the software that many people register for
 * themselves. A name can be anybody's; it is enough to keep one program in a loop from using up what is everybody's.
 *
 * @see RFC 7591 section 2: `software_id` and `client_name`
 * @see docs/adr/0111-rate-limits.md
 * @module
 */
import { encode } from 'jose/base64url'
import type { ClientRegistrationRequest } from '../../shared/client-metadata.ts'
import { readInitialAccessToken } from '../core/registration/initial-access-token.ts'

/** The same for all registrations of one party, and no secret. */
export async function registrantOf(
  { software_id, client_name }: Pick<ClientRegistrationRequest, 'software_id' | 'client_name'>,
  authorization: string | null,
): Promise<string> {
  const token = readInitialAccessToken(authorization)
  if (token !== null) return `token:${await digest(token)}`
  if (software_id !== undefined) return named('software', software_id)
  return client_name === undefined ? 'unnamed' : named('name', client_name)
}

const named = (kind: string, name: string): string => `${kind}:${encodeURIComponent(name.toWellFormed())}`

async function digest(text: string): Promise<string> {
  return encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))))
}
